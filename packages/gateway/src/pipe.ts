// In: the client's stream after its 101 and, unless there is only something to say, the upstream's. Out: frames both
// ways with back-pressure, until connection.ts says closed. Next: close-mapping.ts, close-handshake.ts.

import type { Duplex } from 'node:stream'
import { code } from '@holdfast/close-codes'
import type { Clock } from './clock.ts'
import { awaitTcpEnd, endTcp } from './close-handshake.ts'
import type { Happening, Manners } from './close-mapping.ts'
import {
  type ConnectionAction,
  type ConnectionEvent,
  type ConnectionState,
  next,
  type Verdict,
} from './connection.ts'
import { closeFrame } from './frames.ts'
import type { KeepaliveOptions } from './keepalive.ts'
import { Side } from './side.ts'
import type { Traffic } from './snapshot.ts'

export interface PipeOptions {
  client: Duplex
  upstream?: Duplex
  /** RSV bits that the agreed extensions use. */
  rsv: number
  manners: Manners
  /** Milliseconds that a side has to answer a Close. */
  closeTimeout: number
  keepalive: KeepaliveOptions | false
  /** Payload bytes in one message, either way. */
  messageBytes?: number
  /** Messages of the client in one second. */
  messagesPerSecond?: number
  clock: Clock
  /** The delay, in milliseconds, for a `retry=` that the gateway adds of its own. */
  retry: () => number
  /** A fault of the gateway's own; the connection is closed with 1011. */
  onError: (error: unknown) => void
  onClosed: (verdict: Verdict) => void
}

/** Towards the client a frame up to this size, header included, is sent on whole or not at all. */
const wholeFrames = 64 * 1024

/**
 * Joins the two streams of one connection. This file is where all wires meet: bytes go from Side to Side, what ends a
 * side becomes an event for the pure `next`, and what that returns is done here.
 */
export class Pipe {
  readonly client: Side
  readonly upstream: Side
  readonly #options: PipeOptions
  #state: ConnectionState = { name: 'open' }
  #closeTimer: unknown
  /** The Close frame that just came, for 'forward-close'. */
  #closeFrame: Buffer | undefined
  /** Milliseconds for the closing handshake that is under way. */
  #closeTimeout: number

  constructor(options: PipeOptions) {
    this.#options = options
    this.#closeTimeout = options.closeTimeout
    const messageBytes = options.messageBytes ?? Number.POSITIVE_INFINITY
    const { rsv, clock, keepalive } = options
    this.client = new Side(this, 'client', {
      rules: { masked: true, rsv, messageBytes, wholeFrames: 0 },
      messagesPerSecond: options.messagesPerSecond,
      keepalive,
      clock,
    })
    this.upstream = new Side(this, 'upstream', {
      rules: { masked: false, rsv, messageBytes, wholeFrames },
      keepalive,
      clock,
    })
    this.client.opposite = this.upstream
    this.upstream.opposite = this.client
    this.client.attach(options.client)
    if (options.upstream) this.upstream.attach(options.upstream)
  }

  get state(): ConnectionState['name'] {
    return this.#state.name
  }

  /** What has been handed on so far. */
  get traffic(): Traffic {
    const { client, upstream } = this
    return {
      messages: { 'to-upstream': client.reader.messages, 'to-client': upstream.reader.messages },
      bytes: { 'to-upstream': client.reader.bytes, 'to-client': upstream.reader.bytes },
    }
  }

  /** Something outside the two streams ends the connection: a drain, the operator, or what kept it from opening. */
  end(happening: Happening, closeTimeout = this.#options.closeTimeout): void {
    if (this.#state.name !== 'open') return
    this.#closeTimeout = closeTimeout
    this.step({ type: 'happened', happening })
  }

  /** Both streams go now. */
  cut(): void {
    this.step({ type: 'cut' })
  }

  /** Called at every sweep of the keepalive. */
  tick(now: number): void {
    if (this.#state.name === 'closed') return
    this.client.tick(now)
    if (this.upstream.stream) this.upstream.tick(now)
  }

  /** A Side saw a Close frame. */
  closeFrameCame(from: Side, frame: Buffer, closeCode: number | undefined, reason: string): void {
    this.#closeFrame = frame
    this.step({ type: 'close-frame', from: from.name, code: closeCode, reason })
    this.#closeFrame = undefined
  }

  /** A bug of ours must not end the process, and must not leave two peers waiting. */
  fault(error: unknown): void {
    this.#options.onError(error)
    this.step(
      this.#state.name === 'open'
        ? { type: 'happened', happening: { what: 'gateway-fault' } }
        : { type: 'cut' },
    )
  }

  step(event: ConnectionEvent): void {
    const was = this.#state
    if (was.name === 'closed') return
    const about = { manners: this.#options.manners, retry: this.#options.retry }
    const [state, actions] = next(was, event, about)
    this.#state = state
    for (const action of actions) this.#do(action)
    if (state.name === 'closed') {
      const { clock, closeTimeout, onClosed } = this.#options
      clock.clearTimeout(this.#closeTimer)
      // A last Close may still wait for the end of a frame that streams; that, too, has its limit.
      if (this.client.waits || this.upstream.waits) clock.setTimeout(() => this.#destroy(), closeTimeout)
      onClosed(state.verdict)
    }
  }

  #destroy(): void {
    this.client.destroy()
    this.upstream.destroy()
  }

  #do(action: ConnectionAction): void {
    switch (action.do) {
      case 'forward-close':
        this[action.to].say(
          this.#closeFrame ?? closeFrame(code.normalClosure, '', action.to === 'upstream'),
          true,
        )
        return
      case 'send-close':
        this[action.to].say(closeFrame(action.code, action.reason, action.to === 'upstream'), true)
        return
      case 'end':
        this[action.side].end(endTcp)
        return
      case 'await-end':
        this[action.side].end(awaitTcpEnd)
        return
      case 'destroy':
        this[action.side].destroy()
        return
      case 'wait': {
        const { clock } = this.#options
        clock.clearTimeout(this.#closeTimer)
        this.#closeTimer = clock.setTimeout(() => this.step({ type: 'too-late' }), this.#closeTimeout)
      }
    }
  }
}
