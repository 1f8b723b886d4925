// This worker's part in a fleet: clients of other nodes that come back to sessions of here, and clients of here whose sessions are on other
// nodes.
import type net from 'node:net'
import type { Logger } from 'pino'
import type {
  Clock,
  FleetNode,
  FleetOptions,
  GatewayOptions,
  RelayRefusal,
  SessionElsewhere,
} from '../core/index.ts'
import type { FoundSession } from '../fleet/index.ts'
import type { Gateway } from '../gateway.ts'
import type { ClientHandshake } from '../http/index.ts'
import { type Handover, type Offer, type OfferAnswer, RelayDialer, RelayPort } from '../relay/index.ts'
import { readHint, readOffer, readSeriesToken, type SessionGiver } from '../resume/index.ts'
import type { FleetSessions } from './fleet-sessions.ts'
import type { SessionExchange } from './session-exchange.ts'
import { FleetGiver } from './session-giver.ts'

export interface RelaysDeps {
  fleet: FleetOptions
  /** This node's id. */
  node: string
  gateway: Pick<Gateway, 'serveReturn' | 'noRoomFor' | 'receive'>
  exchange: () => SessionExchange | undefined
  sessions: FleetSessions | undefined
  onRefused: (reason: RelayRefusal) => void
  clock: Clock
  log: Logger
}

export class Relays {
  #isLeaving = false
  readonly #deps: RelaysDeps
  readonly #port: RelayPort
  readonly #dialer: RelayDialer
  /** Gives sessions to other nodes. */
  readonly giver: SessionGiver | undefined

  constructor(deps: RelaysDeps) {
    const { fleet, node, clock, log, onRefused } = deps
    this.#deps = deps
    const its = { fleet, self: node, clock, log }
    this.#port = new RelayPort({
      ...its,
      onRefused,
      serve: (handshake) => this.#serve(handshake),
      receive: {
        offered: (offer) => this.#offered(offer),
        handedOver: (session, from) => this.#handedOver(session, from),
      },
    })
    const holderOf = (token: string) => this.#holderOf(token)
    this.#dialer = new RelayDialer({ ...its, holderOf, random: Math.random })
    const { sessions } = deps
    if (sessions) this.giver = new FleetGiver({ dialer: this.#dialer, sessions, clock, random: Math.random })
  }

  /** Undefined: it is in no fleet. */
  static of({ fleet }: GatewayOptions, node: string | undefined, deps: Omit<RelaysDeps, 'fleet' | 'node'>) {
    return fleet && node !== undefined ? new Relays({ ...deps, fleet, node }) : undefined
  }

  /** How many clients of here are joined to other nodes. */
  get size(): number {
    return this.#dialer.size
  }

  /** Gives it an accepted socket of the port for other nodes. */
  accept(socket: net.Socket): void {
    this.#port.accept(socket)
  }

  /** The other nodes that there are. */
  follow(nodes: readonly FleetNode[]): void {
    this.#dialer.follow(nodes)
  }

  /** Has the node that keeps the session of this token serve the client. */
  elsewhere(handshake: ClientHandshake, token: string): Promise<SessionElsewhere> {
    return this.#dialer.elsewhere(handshake, token)
  }

  /** Where a session is the store says; while it does not answer, or has forgotten, the token hints. */
  async #holderOf(token: string): Promise<string | undefined> {
    return (await this.#find(token))?.node ?? readHint(token)?.node
  }

  async #find(token: string): Promise<FoundSession | undefined> {
    const id = readSeriesToken(token)?.id
    const answer = id === undefined ? undefined : await this.#deps.sessions?.find(id)
    return answer?.what === 'find' ? answer.found : undefined
  }

  async #offered({ route, bytes }: Offer['give']): Promise<OfferAnswer> {
    const { gateway, sessions } = this.#deps
    const why = this.#isLeaving ? 'it drains' : gateway.noRoomFor(route, bytes)
    if (why !== undefined) return { takes: false, why }
    return (await sessions?.isThere())
      ? { takes: true }
      : { takes: false, why: 'it has no store', later: true }
  }

  /** A session of a node that drains: it is this one's when the store says so. */
  async #handedOver({ id, epoch, session }: Handover, node: string): Promise<boolean> {
    const { sessions, gateway, log } = this.#deps
    const written = sessions?.unseal(id, session)
    if (!sessions || written === undefined || this.#isLeaving) return false
    try {
      return await gateway.receive(written, (series, forMs) =>
        series.id === id ? sessions.adopt(series, { epoch, node }, forMs) : Promise.resolve(undefined),
      )
    } catch (error) {
      log.warn({ node, error: String(error) }, 'a session of another node cannot go on here')
      return false
    }
  }

  /** A client that another node has: no third node is asked, so that no client goes round in circles. */
  async #serve(handshake: ClientHandshake): Promise<boolean> {
    const { gateway, exchange } = this.#deps
    if (gateway.serveReturn(handshake)) return true
    const token = readOffer(handshake.request.protocols)?.back?.token
    if (token === undefined) return false
    const here = await exchange()?.elsewhere(handshake, token)
    if (here === true) return true
    if (here === 'unknown') {
      // Nothing is said of the session, which may be in a worker that has not answered: the client comes back.
      handshake.fail()
      return true
    }
    // A worker of here has left it, which is dead: its sessions go on in any other one.
    return (await this.#find(token))?.isOwn === true && gateway.serveReturn(handshake, true)
  }

  /** Lets the clients go that it has joined to other nodes, spread over so many milliseconds. Resolves when none is left. */
  async leave(spreadMs = 0): Promise<void> {
    this.#isLeaving = true
    this.#port.stop()
    await this.#dialer.leave(spreadMs)
  }

  /** After `leave`: it stays after all, and joins clients to other nodes again. */
  stay(): void {
    this.#isLeaving = false
    this.#dialer.stay()
  }
}
