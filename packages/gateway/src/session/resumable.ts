// A connection whose client speaks `holdfast.v1`: its session, registered in its route before the client hears of it.
import type { Clock, ResumeOptions, RouteOptions } from '../core/index.ts'
import {
  type Entry,
  entryWith,
  hashOf,
  isDeflated,
  type Return,
  Session,
  type SessionEnd,
  type SessionHost,
  type SessionOptions,
  type SessionOwner,
  SessionTokens,
} from '../resume/index.ts'
import type { Wire } from '../wire/index.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import { type Connection, connectionInfo } from './connections.ts'
import { ListedConnection } from './listed-connection.ts'
import type { Resuming, TakenSession } from './opening.ts'
import type { RouteState } from './route-state.ts'

/** A message that is longer than the buffer could never be kept for the client. */
export function messageBytesOf({ limits, resume }: Pick<RouteOptions, 'limits' | 'resume'>): number {
  return limits.messageBytes ?? resume?.buffer ?? Number.POSITIVE_INFINITY
}

/** The session of a connection that begins; `welcome` says the first words to its client. */
export function beginSession(
  connection: Connection,
  { options, identity, over, listing, taken, given }: Resuming,
  client: Wire | undefined,
  state: RouteState,
  deps: ConnectionDeps,
): { session: Session; welcome: () => void } {
  const { options: route, sessions } = state
  const { protocol, extensions, address } = connection.opening
  const host = new Host(connection, state, deps)
  const its = sessionOptions(options, route, deps.clock)
  const before = taken && {
    ...{ received: taken.received, sent: taken.clientReceived },
    untold: { lost: taken.lost, doubled: taken.doubled },
  }
  const session = given ? Session.unpack(given.session, its, host) : new Session(its, host, before)
  const entry = { session, identity, protocol, extensions, address, listing, owner: host }
  const begin = () =>
    listing?.begun(new ListedConnection(connection, session, { listing, identity }, deps.clock))
  if (given) {
    // Its client has not been here, and has no place here yet.
    const tokens = SessionTokens.unpack(given.tokens, listing?.series)
    sessions.adopt(entryWith({ ...entry, address: '' }, tokens))
    begin()
    return { session, welcome() {} }
  }
  const token = taken ? goOn(entry, taken, sessions) : sessions.add(entry).token
  begin()
  const agreed = taken ? taken.agreed : extensions
  const inflates = isDeflated(extensions) && !agreed
  const resumed = { resumed: taken !== undefined, ...(over && { over }) }
  return {
    session,
    welcome: () =>
      session.connect(
        { stream: client!, deflate: isDeflated(agreed), inflates },
        { token, protocol: protocol ?? '', for: options.for, ...resumed },
      ),
  }
}

/** The last that were made of the options of a route: its sessions share them. */
const madeOf = new WeakMap<ResumeOptions, SessionOptions>()

function sessionOptions(options: ResumeOptions, route: RouteOptions, clock: Clock): SessionOptions {
  const known = madeOf.get(options)
  if (known?.closePolicy === route && known.clock === clock) return known
  const made: SessionOptions = {
    window: options.buffer,
    stallMs: options.stall,
    closeTimeoutMs: route.timeouts.close,
    keepalive: route.keepalive,
    closePolicy: route,
    messageBytes: messageBytesOf({ limits: route.limits, resume: options }),
    clock,
  }
  madeOf.set(options, made)
  return made
}

/** The next token of a session that another gateway has begun. */
function goOn(its: Omit<Entry, 'tokens'>, { token }: TakenSession, sessions: RouteState['sessions']): string {
  const hash = hashOf(token)
  const entry = entryWith(its, new SessionTokens(hash, undefined, its.listing?.series))
  sessions.enter(entry)
  return sessions.exchange(entry, hash)
}

/** What becomes of a session, for its connection and its route. */
class Host implements SessionHost, SessionOwner {
  readonly #connection: Connection
  readonly #state: RouteState
  readonly #deps: ConnectionDeps

  constructor(connection: Connection, state: RouteState, deps: ConnectionDeps) {
    this.#connection = connection
    this.#state = state
    this.#deps = deps
  }

  onUsed(session: Session): void {
    this.#state.sessions.used(session)
  }

  onOwesAck(session: Session): void {
    this.#state.sessions.owesAck(session)
  }

  onGrown(session: Session): void {
    this.#state.sessions.grown(session)
  }

  onParked(session: Session): void {
    this.#state.sessions.parked(session)
    this.#connection.clientAway()
    this.#deps.log.debug(connectionInfo(this.#connection), 'session parked')
  }

  onEnding(session: Session): void {
    this.#state.sessions.ending(session)
  }

  onOver(session: Session, why: SessionEnd): void {
    const { sessions } = this.#state
    this.#deps.connections.sessionOver(this.#connection)
    if (why !== 'elsewhere') sessions.over(session, why)
    else {
      // What another gateway was given stays in the store.
      if (session.isLeaving) sessions.entryOf(session)?.listing?.leave()
      sessions.take(session)
      sessions.count(session.isLeaving ? 'given' : 'given-up')
    }
    this.#deps.log.debug({ ...connectionInfo(this.#connection), why }, 'session over')
  }

  onBroken(): boolean {
    const { pipe } = this.#connection
    if (pipe.state === 'closed') return false
    pipe.end({ what: 'client-breaks-protocol' })
    return true
  }

  onFault(error: unknown): void {
    this.#connection.pipe.fault(error)
  }

  onReturned(how: Return): void {
    this.#connection.clientReturned(how)
  }
}
