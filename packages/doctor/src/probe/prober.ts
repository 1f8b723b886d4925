import { readAccept } from './accept.ts'
import { type Answer, ask, type HttpAnswer } from './answer.ts'
import { words } from './connect.ts'
import { type DialTarget, openWire } from './dial-target.ts'
import { withLimit } from './limit.ts'
import { buildRequest, type UpgradeRequest, type Variation, type Wishes } from './request.ts'
import { Session } from './session.ts'
import type { Wire } from './wire.ts'

/** What became of one request. Only behind a 101 there is a wire, and it is the caller's to end. */
export interface Reply {
  request: UpgradeRequest
  answer: Answer | { is: 'unreachable'; code: string }
  wire?: Wire
  /** Milliseconds from the request to its answer. */
  ms: number
}

export interface Attempted extends Pick<Reply, 'answer'> {
  /** Whether it was answered with 101. */
  accepted: boolean
  /** The subprotocol that the server chose. */
  protocol?: string | undefined
}

/** Asks one endpoint for a WebSocket, again and again in other ways. */
export class Prober {
  readonly target: DialTarget
  readonly wishes: Wishes
  /** Milliseconds that each of its steps may take. */
  readonly timeout: number
  readonly signal: AbortSignal

  constructor(target: DialTarget, wishes: Wishes, timeout: number, signal: AbortSignal) {
    this.target = target
    this.wishes = wishes
    this.timeout = timeout
    this.signal = signal
  }

  /** Runs a step under its limit. */
  limited<T>(run: (limit: AbortSignal) => Promise<T>): Promise<T> {
    return withLimit(this.timeout, this.signal, run)
  }

  /** Runs further questions, all of them together under the limit of one step. */
  budgeted<T>(run: (prober: Prober) => Promise<T>): Promise<T> {
    return this.limited((limit) => run(new Prober(this.target, this.wishes, this.timeout, limit)))
  }

  /** Sends the handshake, or a variation of it, on a connection of its own. */
  async ask(variation: Variation = {}): Promise<Reply> {
    const request = buildRequest(this.target.endpoint, this.wishes, variation)
    const wire = await this.limited((limit) => openWire(this.target, limit))
    if (typeof wire === 'string') return { request, answer: { is: 'unreachable', code: wire }, ms: 0 }
    const begin = performance.now()
    const answer = await this.limited((limit) => ask(wire, request.text, limit))
    const ms = performance.now() - begin
    if (answer.is === 'answer' && answer.status === 101) return { request, answer, wire, ms }
    wire.destroy()
    return { request, answer, ms }
  }

  /** Only to see the answer to a variation: a WebSocket that it leads to is left at once. */
  async attempt(variation: Variation): Promise<Attempted> {
    const { request, answer, wire } = await this.ask(variation)
    if (!wire || answer.is !== 'answer') return { accepted: false, answer }
    const { agreed } = readAccept(answer, request.key, variation.protocols ?? this.wishes.protocols)
    await new Session(wire, agreed).leave(this.signal)
    return { accepted: true, answer, protocol: agreed.protocol }
  }

  /** A further WebSocket, like the first; a string says why there is none. */
  async open(behaviour: { answersClose?: boolean } = {}): Promise<Session | string> {
    const { answer, wire } = await this.ask()
    if (!wire || answer.is !== 'answer') return describe(answer)
    return this.sessionOf(wire, answer, behaviour)
  }

  /** The WebSocket behind a 101. */
  sessionOf(wire: Wire, answer: HttpAnswer, behaviour: { answersClose?: boolean } = {}): Session {
    return new Session(wire, readAccept(answer, '', this.wishes.protocols).agreed, behaviour)
  }

  /** The same with another limit for each step, in milliseconds. */
  within(timeout: number): Prober {
    return new Prober(this.target, this.wishes, timeout, this.signal)
  }
}

/** An answer that is no WebSocket, in a few words. */
export function describe(answer: Reply['answer']): string {
  switch (answer.is) {
    case 'answer':
      return `status ${answer.status}`
    case 'unreachable':
      return words(answer.code)
    case 'cut':
      return 'the connection was cut'
    case 'silence':
      return 'no answer'
    case 'not-http':
      return 'an answer that is not HTTP'
  }
}
