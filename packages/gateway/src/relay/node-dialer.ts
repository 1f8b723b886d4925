// In: a node of the fleet. Out: a connection to it, once both ends have shown that they have the secret of the fleet.
import type net from 'node:net'
import type { Clock, FleetNode, FleetOptions } from '../core/index.ts'
import { DialTurns } from './dial-turns.ts'
import { nextLine } from './line-stream.ts'
import { channelOf, dialNode, relayTls } from './relay-tls.ts'
import {
  type Hello,
  longestHello,
  longestLine,
  newNonce,
  readChallenge,
  relayVersions,
} from './relay-words.ts'
import { type Line, readLine, relayKey, Transcript } from './transcript.ts'

/** Milliseconds in which the other node must have shown that it is there and knows the secret. */
export const metWithinMs = 3_000
/** Dials of one node that has not shown yet who it is; one more waits, for as long as the others may take. */
const mostUnmet = 32

export interface NodeDialerDeps {
  fleet: Pick<FleetOptions, 'name' | 'secrets' | 'tls'>
  /** This node's id. */
  self: string
  clock: Clock
  /** For tests. Default: those that this code speaks. */
  versions?: readonly number[]
}

/** A node that has shown who it is. */
export interface Met {
  socket: net.Socket
  transcript: Transcript
  /** Of what is spoken with it. */
  version: number
}

/** Why a node was not asked, in words for the log. */
export class Unreachable extends Error {
  /** Whether nothing listens at its address: its port lives as long as it does, and upgrades keep it. */
  readonly isEmpty: boolean

  constructor(message: string, isEmpty = false) {
    super(message)
    this.isEmpty = isEmpty
  }
}

export class NodeDialer {
  readonly #deps: NodeDialerDeps
  readonly #tls: ReturnType<typeof relayTls>
  readonly #key: Buffer
  /** Turns to dial, by id of the node, as long as somebody has one. */
  readonly #turns = new Map<string, DialTurns>()

  constructor(deps: NodeDialerDeps) {
    this.#deps = deps
    this.#tls = relayTls(deps.fleet)
    this.#key = relayKey(deps.fleet.name, deps.fleet.secrets[0]!)
  }

  /**
   * A connection to a node that has shown who it is. `left`: nobody wants it any more.
   *
   * @throws {Unreachable}
   */
  async reach(node: FleetNode, left?: AbortSignal): Promise<Met> {
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
  async #meet(socket: net.Socket, { id: to }: FleetNode): Promise<Omit<Met, 'socket'>> {
    const { fleet, self: from, versions = relayVersions } = this.#deps
    const transcript = new Transcript(this.#key, channelOf(socket))
    const hello: Hello = { relay: [...versions], fleet: fleet.name, from, to, nonce: newNonce() }
    socket.write(transcript.write(hello))
    const challenge = readChallenge(await hear(socket, transcript, longestHello))
    if (!challenge || !versions.includes(challenge.version))
      throw new Unreachable('it refuses this node: its log says why')
    return { transcript, version: challenge.version }
  }

  /**
   * Says something, and hears what is said to it. Undefined: nothing in so many milliseconds.
   *
   * @throws {Unreachable} It is nobody who has the secret.
   */
  async answer(
    { socket, transcript }: Pick<Met, 'socket' | 'transcript'>,
    words: object,
    withinMs: number,
  ): Promise<Line | undefined> {
    const { clock } = this.#deps
    const timer = clock.setTimeout(() => socket.destroy(), withinMs)
    try {
      socket.write(transcript.write(words))
      return await hear(socket, transcript, longestLine)
    } finally {
      clock.clearTimeout(timer)
    }
  }
}

/** @throws {Unreachable} It is nobody who has the secret. */
async function hear(socket: net.Socket, transcript: Transcript, longest: number): Promise<Line | undefined> {
  const line = readLine((await nextLine(socket, longest)) ?? '')
  if (line && !transcript.accepts(line)) throw new Unreachable('it does not have the secret of the fleet')
  return line
}
