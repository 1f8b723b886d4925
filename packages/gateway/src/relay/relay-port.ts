// In: sockets of the port at which the other nodes of a fleet find this one. Out: clients that come back there to sessions of here, or a
// refusal that says nothing. docs/decisions/0067.
import type net from 'node:net'
import type { Logger } from 'pino'
import { attempt, type Clock, type FleetOptions, type RelayRefusal, ThrottledLine } from '../core/index.ts'
import type { ClientHandshake } from '../http/index.ts'
import { nextLine } from './line-stream.ts'
import { channelOf, relayTls, serveTls } from './relay-tls.ts'
import {
  type Ask,
  givesSince,
  type Handover,
  type HandoverAnswer,
  longestGiven,
  longestHello,
  longestLine,
  newNonce,
  type Offer,
  type OfferAnswer,
  type RelayAnswer,
  readAsk,
  readHandover,
  readHello,
  readOffer,
  relayVersions,
} from './relay-words.ts'
import { readLine, relayKey, Transcript } from './transcript.ts'

/** Milliseconds that a node has to say who it is and what it asks for, TLS included. */
const saidWithinMs = 5_000
/** Sockets that have not said so yet; one more, and the oldest has to go. */
const mostUnknown = 64
/** Sessions of nodes that drain, on their way to here at the same time; and milliseconds that each has to come, its upstream being let go first. */
const mostComing = 64
const comesWithinMs = 30_000
/** Milliseconds between two lines about refusals for one reason: strangers can cause them at will. */
const lineEveryMs = 60_000

export interface RelayPortDeps {
  fleet: Pick<FleetOptions, 'name' | 'secrets' | 'tls'>
  /** This node's id. */
  self: string
  /** Serves the handshake of a client if its session is, or was, here. False: it was not touched. */
  serve: (handshake: ClientHandshake) => boolean | Promise<boolean>
  /** Takes sessions of nodes that drain. Absent: none. */
  receive?: {
    /** Whether one of this route would be taken; if not, why. */
    offered: (offer: Offer['give']) => Promise<OfferAnswer>
    /** Goes on with one of that node. False: it does not. */
    handedOver: (session: Handover, from: string) => Promise<boolean>
  }
  onRefused: (reason: RelayRefusal) => void
  clock: Clock
  log: Logger
  /** For tests. Default: those that this code speaks. */
  versions?: readonly number[]
}

/** What is wrong with who has connected. */
class Refused extends Error {
  readonly reason: RelayRefusal

  constructor(reason: RelayRefusal, words: string) {
    super(words)
    this.reason = reason
  }
}

export class RelayPort {
  readonly #deps: RelayPortDeps
  readonly #tls: ReturnType<typeof relayTls>
  readonly #keys: readonly Buffer[]
  readonly #versions: readonly number[]
  /** Each with how to refuse it, the oldest first. */
  readonly #unknown = new Map<net.Socket, (reason: RelayRefusal, words: string) => void>()
  readonly #lines = new Map<RelayRefusal, ThrottledLine>()
  /** Sessions of other nodes that are on their way to here. */
  #coming = 0

  constructor(deps: RelayPortDeps) {
    this.#deps = deps
    const { name, secrets } = deps.fleet
    this.#tls = relayTls(deps.fleet)
    this.#keys = secrets.map((secret) => relayKey(name, secret))
    this.#versions = deps.versions ?? relayVersions
  }

  /** Gives it an accepted socket. */
  accept(socket: net.Socket): void {
    const { clock, log } = this.#deps
    const address = socket.remoteAddress ?? ''
    const settle = () => {
      clock.clearTimeout(timer)
      return this.#unknown.delete(socket)
    }
    const refuse = (reason: RelayRefusal, words: string) => {
      if (!settle()) return
      socket.destroy()
      this.#refused(reason, words, address)
    }
    const timer = clock.setTimeout(() => refuse('relay-late', 'it has not said who it is'), saidWithinMs)
    const serve = (secure: net.Socket) => {
      secure.on('error', () => {})
      attempt(
        () => this.#serve(secure, settle),
        (error) => {
          if (error instanceof Refused) return refuse(error.reason, error.message)
          settle()
          secure.destroy()
          log.error({ err: error }, 'fault while serving another node')
        },
      )
    }
    socket.on('error', () => {})
    this.#unknown.set(socket, refuse)
    const [oldest] = this.#unknown.values()
    if (this.#unknown.size > mostUnknown) oldest?.('relay-full', 'too many have not said who they are')
    if (this.#tls) serveTls(this.#tls, socket, serve, (code) => refuse('relay-tls', code))
    else serve(socket)
  }

  /** Ends who has not said yet who it is. */
  stop(): void {
    for (const socket of [...this.#unknown.keys()]) socket.destroy()
  }

  /** @throws {Refused} */
  async #serve(socket: net.Socket, settle: () => unknown): Promise<void> {
    const { transcript, version, from } = await this.#meet(socket)
    socket.write(transcript.write({ version, nonce: newNonce() }))
    const said = await nextLine(socket, longestLine)
    if (said === undefined) throw new Refused('relay-late', 'it has left before it said what it wants')
    const line = readLine(said)
    if (!line) throw new Refused('relay-stranger', 'it does not go on as a node of a fleet')
    // Its first line was good, so that this is somebody who has heard one.
    if (!transcript.accepts(line)) throw new Refused('relay-replayed', 'it repeats what it has heard')
    const offer = version >= givesSince ? readOffer(line) : undefined
    if (offer) {
      settle()
      return this.#receive(offer, from, socket, transcript)
    }
    const ask = readAsk(line)
    if (!ask) throw new Refused('relay-version', 'what it asks for cannot be read')
    settle()
    const served = await this.#deps.serve(joining(ask, socket, transcript))
    if (!served) socket.end(transcript.write({ has: false } satisfies RelayAnswer))
  }

  /** A node that drains offers a session, and gives it when it hears that this node takes it. */
  async #receive({ give }: Offer, from: string, socket: net.Socket, transcript: Transcript): Promise<void> {
    const { receive, clock } = this.#deps
    const isFull = this.#coming >= mostComing
    if (isFull || !receive) {
      const why = isFull ? 'too many are on their way' : 'it takes none'
      return void socket.end(transcript.write({ takes: false, why, later: isFull } satisfies OfferAnswer))
    }
    this.#coming++
    const timer = clock.setTimeout(() => socket.destroy(), comesWithinMs)
    try {
      const answer = await receive.offered(give)
      if (!answer.takes) return void socket.end(transcript.write(answer))
      socket.write(transcript.write(answer))
      const line = readLine((await nextLine(socket, longestGiven)) ?? '')
      // It has given it to nobody, or has ended.
      if (!line || !transcript.accepts(line)) return void socket.destroy()
      const session = readHandover(line)
      const taken = session !== undefined && (await receive.handedOver(session, from))
      socket.end(transcript.write({ taken } satisfies HandoverAnswer))
    } finally {
      clock.clearTimeout(timer)
      this.#coming--
    }
  }

  /** Reads the first line, whose key it has. */
  async #meet(socket: net.Socket): Promise<{ transcript: Transcript; version: number; from: string }> {
    const { fleet, self } = this.#deps
    const line = readLine((await nextLine(socket, longestHello)) ?? '')
    const hello = readHello(line)
    if (!line || !hello) throw new Refused('relay-stranger', 'it does not speak as a node of a fleet')
    const version = this.#versions.find((one) => hello.relay.includes(one))
    if (version === undefined)
      throw new Refused('relay-version', `it speaks ${hello.relay.join(', ')}, and this node does not`)
    if (hello.fleet !== fleet.name) throw new Refused('relay-fleet', 'it is a node of another fleet')
    const channel = channelOf(socket)
    const transcript = this.#keys.map((key) => new Transcript(key, channel)).find((its) => its.accepts(line))
    if (!transcript) throw new Refused('relay-secret', 'it has another secret, or none')
    if (hello.to !== self) throw new Refused('relay-node', 'it looks for another node at this address')
    return { transcript, version, from: hello.from }
  }

  #refused(reason: RelayRefusal, words: string, address: string): void {
    this.#deps.onRefused(reason)
    const line =
      this.#lines.get(reason) ??
      new ThrottledLine(
        (times, last) =>
          this.#deps.log.warn({ reason, ...(last as object), times }, 'the relay port refused a connection'),
        lineEveryMs,
      )
    this.#lines.set(reason, line)
    line.happened({ words, address })
  }
}

/** The client's handshake, whose answers go to the node that it is at. */
function joining({ request, ours }: Ask, socket: net.Socket, transcript: Transcript): ClientHandshake {
  const left = new AbortController()
  socket.once('close', () => left.abort())
  return {
    request,
    ours,
    signal: left.signal,
    onEarly() {},
    accept(answer) {
      socket.write(transcript.write({ accept: answer } satisfies RelayAnswer))
      return socket
    },
    refuse(answer) {
      const { body, ...others } = answer
      if (typeof body === 'object') body.destroy()
      const said = { ...others, ...(typeof body === 'string' && { body }) }
      socket.end(transcript.write({ refuse: said } satisfies RelayAnswer))
    },
    fail: () => void socket.destroy(),
  }
}
