// In: a client that comes back to a session which another node keeps. Out: its bytes are that node's, both ways, or word that the node
// has no such session, or cannot be reached. No frame is read here. docs/decisions/0067.
import type net from 'node:net'
import type { Logger } from 'pino'
import { type FleetNode, type MonotonicMs, type SessionElsewhere, ThrottledLine } from '../core/index.ts'
import type { ClientHandshake } from '../http/index.ts'
import { streamOf } from '../wire/index.ts'
import { Joints } from './joints.ts'
import { type Met, metWithinMs, NodeDialer, type NodeDialerDeps, Unreachable } from './node-dialer.ts'
import {
  askOf,
  givesSince,
  type Handover,
  type Offer,
  type RelayAnswer,
  readAnswer,
  readHandoverAnswer,
  readOfferAnswer,
} from './relay-words.ts'

/** Milliseconds more for its answer: it may have to ask its authentication service. */
const answerWithinMs = 10_000
/** Milliseconds for a session that is given away: the other node asks the store. */
const handedWithinMs = 5_000
/** Clients for whom a node is asked at the same time; one more comes back later. */
const mostAsked = 1024
/** Milliseconds for which the address of a node is remembered that is not announced any more: it may be there, without its store. */
const rememberedForMs = 600_000
const mostRemembered = 1024

export interface RelayDialerDeps extends NodeDialerDeps {
  /** Id of the node that keeps the session of this token, if any is known. */
  holderOf: (token: string) => string | undefined | Promise<string | undefined>
  random: () => number
  log: Logger
}

interface Known extends FleetNode {
  /** Since when it is not announced any more. */
  goneAt?: MonotonicMs
  /** Since when it could not be reached. */
  failsSince?: MonotonicMs
}

/** What another node says to the offer of a session. */
export type Offered =
  | {
      takes: false
      why: string
      /** It may take one in a moment. */
      later: boolean
    }
  | {
      takes: true
      /** Gives it. Undefined: it is not known whether the other node has it now. */
      hand(session: Handover): Promise<boolean | undefined>
      /** It is not given. */
      cancel(): void
    }

export class RelayDialer {
  readonly #deps: RelayDialerDeps
  readonly #nodes: NodeDialer
  readonly #joints: Joints
  #known: Known[] = []
  readonly #lines = new Map<string, ThrottledLine>()
  #asked = 0

  constructor(deps: RelayDialerDeps) {
    this.#deps = deps
    this.#nodes = new NodeDialer(deps)
    this.#joints = new Joints(deps)
  }

  /** How many clients are joined to other nodes. */
  get size(): number {
    return this.#joints.size
  }

  /** The other nodes, as they were announced last. */
  follow(nodes: readonly FleetNode[]): void {
    const now = this.#deps.clock.now()
    const before = new Map(this.#known.map((known) => [known.id, known]))
    const there = nodes.map((node): Known => {
      const { failsSince } = before.get(node.id) ?? {}
      before.delete(node.id)
      return { ...node, ...(failsSince !== undefined && { failsSince }) }
    })
    const gone = [...before.values()].map((known) => ({ goneAt: now, ...known }))
    const remembered = gone.filter(({ goneAt }) => now - goneAt < rememberedForMs)
    this.#known = [...there, ...remembered].slice(0, Math.max(there.length, mostRemembered))
  }

  /** Has the node that keeps the session of this token serve the client. */
  async elsewhere(handshake: ClientHandshake, token: string): Promise<SessionElsewhere> {
    const { holderOf, self, clock } = this.#deps
    const id = await holderOf(token)
    // All workers of here have been asked.
    if (id === self) return { without: self }
    const node = this.#known.find((one) => one.id === id)
    if (!node) return false
    if (this.#joints.leaves || this.#asked >= mostAsked) return { unreachableForMs: 0 }
    this.#asked++
    try {
      const served = await this.#ask(node, handshake)
      delete node.failsSince
      return served ? 'relayed' : { without: node.id }
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      if (handshake.signal.aborted) return false
      this.#failed(node, error.message)
      const now = clock.now()
      node.failsSince ??= now
      // The store says that it is gone, and it is.
      if (node.goneAt !== undefined) return false
      const unreachableForMs = now - node.failsSince
      return { unreachableForMs, ...(error.isEmpty && { without: node.id }) }
    } finally {
      this.#asked--
    }
  }

  /** @throws {Unreachable} */
  async #ask(node: FleetNode, handshake: ClientHandshake): Promise<boolean> {
    const { signal } = handshake
    const met = await this.#nodes.reach(node, signal)
    const { socket } = met
    const onLeft = () => socket.destroy()
    signal.addEventListener('abort', onLeft, { once: true })
    try {
      if (signal.aborted) throw new Unreachable('the client has left')
      const answer = readAnswer(await this.#nodes.answer(met, askOf(handshake), answerWithinMs))
      if (!answer) throw new Unreachable('it gave no answer')
      signal.removeEventListener('abort', onLeft)
      return this.#take(answer, handshake, socket)
    } catch (error) {
      socket.destroy()
      throw error
    } finally {
      signal.removeEventListener('abort', onLeft)
    }
  }

  /** The nodes that are announced. */
  get others(): string[] {
    return this.#known.filter(({ goneAt }) => goneAt === undefined).map(({ id }) => id)
  }

  /**
   * Offers a session to a node. Undefined: it cannot be reached, or does not say so in time.
   */
  async offer(id: string, give: Offer['give']): Promise<Offered | undefined> {
    const node = this.#known.find((one) => one.id === id)
    if (!node) return undefined
    let met: Met | undefined
    try {
      const its = await this.#nodes.reach(node)
      met = its
      const { socket, version } = its
      if (version < givesSince) {
        socket.destroy()
        return { takes: false, why: 'its version takes none', later: false }
      }
      const answer = readOfferAnswer(await this.#nodes.answer(its, { give } satisfies Offer, metWithinMs))
      if (!answer?.takes) {
        socket.destroy()
        return answer && { takes: false, why: answer.why ?? '', later: answer.later === true }
      }
      return {
        takes: true,
        cancel: () => socket.destroy(),
        hand: async (session) => {
          const line = await this.#nodes.answer(its, session, handedWithinMs).catch(() => undefined)
          socket.destroy()
          return readHandoverAnswer(line)?.taken
        },
      }
    } catch (error) {
      met?.socket.destroy()
      if (!(error instanceof Unreachable)) throw error
      this.#failed(node, error.message)
      return undefined
    }
  }

  #take(answer: RelayAnswer, handshake: ClientHandshake, socket: net.Socket): boolean {
    if ('accept' in answer) {
      this.#joints.join(streamOf(handshake.accept(answer.accept)), socket)
      return true
    }
    socket.destroy()
    if ('refuse' in answer) handshake.refuse(answer.refuse)
    return 'refuse' in answer
  }

  /** Ends what it has joined, spread over so many milliseconds: the clients come back to where their sessions are reached. Resolves when none is left. */
  leave(spreadMs = 0): Promise<void> {
    return this.#joints.leave(spreadMs)
  }

  /** After `leave`: it joins clients to other nodes again. */
  stay(): void {
    this.#joints.stay()
  }

  #failed({ id, listen: { host, port } }: FleetNode, error: string): void {
    const line =
      this.#lines.get(id) ??
      new ThrottledLine((times, last) =>
        this.#deps.log.warn({ node: id, ...(last as object), times }, 'another node cannot be reached'),
      )
    this.#lines.set(id, line)
    if (this.#lines.size > mostRemembered) this.#lines.delete([...this.#lines.keys()][0]!)
    line.happened({ address: `${host}:${port}`, error })
  }
}
