// In: a client that comes back to a session which another node keeps. Out: its bytes are that node's, both ways, or word that the node
// has no such session, or cannot be reached. No frame is read here. docs/decisions/0067.
import type net from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import {
  type Clock,
  type FleetNode,
  type FleetOptions,
  type MonotonicMs,
  type SessionElsewhere,
  ThrottledLine,
} from '../core/index.ts'
import type { ClientHandshake } from '../http/index.ts'
import { Joint, StreamWire } from '../wire/index.ts'
import { DialTurns } from './dial-turns.ts'
import { nextLine } from './line-stream.ts'
import { channelOf, dialNode, relayTls } from './relay-tls.ts'
import {
  askOf,
  givesSince,
  type Handover,
  type Hello,
  longestHello,
  longestLine,
  newNonce,
  type Offer,
  type RelayAnswer,
  readAnswer,
  readChallenge,
  readHandoverAnswer,
  readOfferAnswer,
  relayVersions,
} from './relay-words.ts'
import { type Line, readLine, relayKey, Transcript } from './transcript.ts'

/** Milliseconds in which the other node must have shown that it is there and knows the secret. */
const metWithinMs = 3_000
/** Milliseconds more for its answer: it may have to ask its authentication service. */
const answerWithinMs = 10_000
/** Milliseconds for a session that is given away: the other node asks the store. */
const handedWithinMs = 5_000
/** Clients for whom a node is asked at the same time; one more comes back later. */
const mostAsked = 1024
/** Dials of one node that has not shown yet who it is; one more waits, for as long as the others may take. */
const mostUnmet = 32
/** Milliseconds for which the address of a node is remembered that is not announced any more: it may be there, without its store. */
const rememberedForMs = 600_000
const mostRemembered = 1024
/** Milliseconds between two looks whether peers that are not read are still there. */
const lookEveryMs = 1_000

export interface RelayDialerDeps {
  fleet: Pick<FleetOptions, 'name' | 'secrets' | 'tls'>
  /** This node's id. */
  self: string
  /** Id of the node that keeps the session of this token, if any is known. */
  holderOf: (token: string) => string | undefined | Promise<string | undefined>
  clock: Clock
  random: () => number
  log: Logger
  /** For tests. Default: those that this code speaks. */
  versions?: readonly number[]
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

/** Why a node was not asked, in words for the log. */
class Unreachable extends Error {
  /** Whether nothing listens at its address: its port lives as long as it does, and upgrades keep it. */
  readonly isEmpty: boolean

  constructor(message: string, isEmpty = false) {
    super(message)
    this.isEmpty = isEmpty
  }
}

export class RelayDialer {
  readonly #deps: RelayDialerDeps
  readonly #tls: ReturnType<typeof relayTls>
  readonly #key: Buffer
  #known: Known[] = []
  readonly #joints = new Set<Joint>()
  readonly #lines = new Map<string, ThrottledLine>()
  #asked = 0
  /** Turns to dial, by id of the node, as long as somebody has one. */
  readonly #turns = new Map<string, DialTurns>()
  #looks = false
  /** It ends what it has joined, and joins nobody any more. */
  #leaves = false
  #onNone: (() => void)[] = []

  constructor(deps: RelayDialerDeps) {
    this.#deps = deps
    this.#tls = relayTls(deps.fleet)
    this.#key = relayKey(deps.fleet.name, deps.fleet.secrets[0]!)
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
    const node = id === self ? undefined : this.#known.find((one) => one.id === id)
    if (!node) return false
    if (this.#leaves || this.#asked >= mostAsked) return { unreachableForMs: 0 }
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
    const { socket, transcript } = await this.#reach(node, signal)
    const onLeft = () => socket.destroy()
    signal.addEventListener('abort', onLeft, { once: true })
    try {
      if (signal.aborted) throw new Unreachable('the client has left')
      const answer = readAnswer(await this.#answer(socket, transcript, askOf(handshake), answerWithinMs))
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
    let socket: net.Socket | undefined
    try {
      const reached = await this.#reach(node)
      socket = reached.socket
      const { transcript, version } = reached
      if (version < givesSince) {
        socket.destroy()
        return { takes: false, why: 'its version takes none', later: false }
      }
      const its = socket
      const answer = readOfferAnswer(
        await this.#answer(its, transcript, { give } satisfies Offer, metWithinMs),
      )
      if (!answer?.takes) {
        its.destroy()
        return answer && { takes: false, why: answer.why ?? '', later: answer.later === true }
      }
      return {
        takes: true,
        cancel: () => its.destroy(),
        hand: async (session) => {
          const line = await this.#answer(its, transcript, session, handedWithinMs).catch(() => undefined)
          its.destroy()
          return readHandoverAnswer(line)?.taken
        },
      }
    } catch (error) {
      socket?.destroy()
      if (!(error instanceof Unreachable)) throw error
      this.#failed(node, error.message)
      return undefined
    }
  }

  /**
   * Says something, and hears what is said to it. Undefined: nothing in so many milliseconds.
   *
   * @throws {Unreachable} It is nobody who has the secret.
   */
  async #answer(socket: net.Socket, transcript: Transcript, words: object, withinMs: number) {
    const { clock } = this.#deps
    const timer = clock.setTimeout(() => socket.destroy(), withinMs)
    try {
      socket.write(transcript.write(words))
      return await this.#hear(socket, transcript, longestLine)
    } finally {
      clock.clearTimeout(timer)
    }
  }

  /**
   * A connection to a node that has shown who it is. `left`: nobody wants it any more.
   *
   * @throws {Unreachable}
   */
  async #reach(node: FleetNode, left?: AbortSignal) {
    const { clock } = this.#deps
    const endTurn = await this.#turn(node.id)
    const over = new AbortController()
    const end = () => over.abort()
    const timer = clock.setTimeout(end, metWithinMs)
    left?.addEventListener('abort', end)
    let socket: net.Socket | undefined
    try {
      if (left?.aborted) throw new Unreachable('the client has left')
      socket = await dialNode(node.listen, this.#tls, over.signal).catch((error: NodeJS.ErrnoException) => {
        if (over.signal.aborted) throw new Unreachable('no answer in time')
        throw new Unreachable(error.message, error.code === 'ECONNREFUSED')
      })
      const dialled = socket
      over.signal.addEventListener('abort', () => dialled.destroy(), { once: true })
      if (over.signal.aborted) throw new Unreachable('no answer in time')
      // What becomes of it later its user sees.
      dialled.on('error', () => {})
      return { socket: dialled, ...(await this.#meet(dialled, node)) }
    } catch (error) {
      socket?.destroy()
      throw error
    } finally {
      endTurn()
      left?.removeEventListener('abort', end)
      clock.clearTimeout(timer)
    }
  }

  /**
   * Resolves when this node may be dialled: its port lets few wait who have not said who they are. The result ends the turn.
   *
   * @throws {Unreachable} Others were waited for too long.
   */
  async #turn(node: string): Promise<() => void> {
    const turns = this.#turns.get(node) ?? new DialTurns(mostUnmet)
    this.#turns.set(node, turns)
    const hasTurn = await turns.take(metWithinMs, this.#deps.clock)
    const forget = () => turns.isUnused && this.#turns.get(node) === turns && this.#turns.delete(node)
    if (!hasTurn) {
      forget()
      throw new Unreachable('too many wait for its answer')
    }
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      turns.end()
      forget()
    }
  }

  /** Shows the other node that this one has the secret, and sees that it has it. */
  async #meet(
    socket: net.Socket,
    { id: to }: FleetNode,
  ): Promise<{ transcript: Transcript; version: number }> {
    const { fleet, self: from, versions = relayVersions } = this.#deps
    const transcript = new Transcript(this.#key, channelOf(socket))
    const hello: Hello = { relay: [...versions], fleet: fleet.name, from, to, nonce: newNonce() }
    socket.write(transcript.write(hello))
    const challenge = readChallenge(await this.#hear(socket, transcript, longestHello))
    if (!challenge || !versions.includes(challenge.version))
      throw new Unreachable('it refuses this node: its log says why')
    return { transcript, version: challenge.version }
  }

  /** @throws {Unreachable} It is nobody who has the secret. */
  async #hear(socket: net.Socket, transcript: Transcript, longest: number): Promise<Line | undefined> {
    const line = readLine((await nextLine(socket, longest)) ?? '')
    if (line && !transcript.accepts(line)) throw new Unreachable('it does not have the secret of the fleet')
    return line
  }

  #take(answer: RelayAnswer, handshake: ClientHandshake, socket: net.Socket): boolean {
    if ('accept' in answer) {
      this.#join(handshake.accept(answer.accept), socket)
      return true
    }
    socket.destroy()
    if ('refuse' in answer) handshake.refuse(answer.refuse)
    return 'refuse' in answer
  }

  #join(client: Duplex, socket: net.Socket): void {
    const { clock } = this.#deps
    // A byte stream that is reset tells so, and not that it has ended: Node's, whose errors say which of the two it was.
    client.once('error', () => reset(socket))
    socket.once('error', () => reset(client))
    const joint = new Joint(new StreamWire(client), new StreamWire(socket), clock, () => {
      this.#joints.delete(joint)
      if (this.#joints.size === 0) for (const none of this.#onNone.splice(0)) none()
    })
    this.#joints.add(joint)
    // Its node was asked before this one began to leave.
    if (this.#leaves) joint.destroy()
    this.#look()
  }

  #look(): void {
    if (this.#looks || this.#joints.size === 0) return
    this.#looks = true
    this.#deps.clock.setTimeout(() => {
      this.#looks = false
      for (const joint of this.#joints) joint.look()
      this.#look()
    }, lookEveryMs)
  }

  /** Ends what it has joined, spread over so many milliseconds: the clients come back to where their sessions are reached. Resolves when none is left. */
  async leave(spreadMs = 0): Promise<void> {
    const { clock, random } = this.#deps
    this.#leaves = true
    if (this.#joints.size === 0) return
    const none = new Promise<void>((resolve) => this.#onNone.push(resolve))
    for (const joint of [...this.#joints]) {
      if (spreadMs === 0) joint.destroy()
      else clock.setTimeout(() => joint.destroy(), random() * spreadMs)
    }
    await none
  }

  /** After `leave`: it joins clients to other nodes again. */
  stay(): void {
    this.#leaves = false
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

function reset(stream: Duplex): void {
  try {
    ;(stream as net.Socket).resetAndDestroy()
  } catch {
    // Over TLS and HTTP/2 there is nothing to reset: its end is as sudden.
    stream.destroy()
  }
}
