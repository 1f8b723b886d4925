// In: what a handshake, or another process, has brought about. Out: a running, registered connection. Next: pipe.ts.

import { adviceFor, code, delayFor } from '@holdfast/close-codes'
import { authorised, type Renewal } from '../auth/index.ts'
import { type Ends, Pipe, type Verdict } from '../connection/index.ts'
import type { RestoredBy, UnixMs } from '../core/index.ts'
import { rsvOf, type UpgradeRequest } from '../http/index.ts'
import type { Authorisation, Return, Session } from '../resume/index.ts'
import { type Wire, wireOf } from '../wire/index.ts'
import { accessEntry } from './access-entry.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import { type Connection, connectionInfo, type Giving } from './connections.ts'
import { departingHere, give, mayGive } from './giving.ts'
import { holdDeps, placeOf } from './held-connection.ts'
import type { Admission, Carried, Opening, Place } from './opening.ts'
import { renewalOf } from './renew.ts'
import { beginSession, messageBytesOf } from './resumable.ts'
import type { RouteState } from './route-state.ts'
import { giveThrough } from './split-giving.ts'
import { Visits } from './visits.ts'

/**
 * `ends`: without a client where a session goes on whose client is still to come.
 *
 * @throws {Error} A fault: then both ends are closed.
 */
export function openConnection(
  opening: Opening,
  ends: Partial<Ends>,
  state: RouteState,
  deps: ConnectionDeps,
): Connection {
  // A wire takes the handle out of its socket, so that whoever has the socket could not close the connection any more.
  const client = ends.client && wireOf(ends.client)
  const upstream = ends.upstream && wireOf(ends.upstream)
  try {
    return new OpenConnection(opening, { client, upstream }, state, deps)
  } catch (error) {
    client?.destroy()
    upstream?.destroy()
    throw error
  }
}

function nothing(): void {}

/** Absent: the client of a session that goes on, and the upstream while it is held. */
interface Wires {
  client: Wire | undefined
  upstream: Wire | undefined
}

/** Owns its Pipe and whatever it is counted by, until it ends or goes to another process. */
class OpenConnection implements Connection {
  readonly id: string
  readonly route: string
  readonly openedAt: UnixMs
  readonly opening: Opening
  readonly session: Session | undefined
  readonly pipe: Pipe
  renewal: Renewal<UpgradeRequest> | undefined
  onFree: ((hasLost: boolean) => void) | undefined
  drained?: true
  upstream: Place | undefined
  address: string
  http: '1.1' | '2'
  reattached: number
  restoredBy: RestoredBy | undefined
  admission: Admission
  carried: Carried | undefined
  readonly #state: RouteState
  readonly #deps: ConnectionDeps
  readonly #visits: Visits
  #unregister = nothing
  /** Its session is on its way to another gateway. */
  #giving: Promise<boolean> | undefined

  constructor(opening: Opening, ends: Wires, state: RouteState, deps: ConnectionDeps) {
    const { upstream, before } = opening
    this.#state = state
    this.#deps = deps
    this.opening = opening
    this.id = before?.id ?? deps.newId()
    this.route = state.options.name
    this.upstream = upstream ? placeOf(upstream) : before?.place
    this.address = opening.address
    this.openedAt = before?.openedAt ?? deps.clock.wall()
    this.http = opening.http
    this.reattached = before?.reattached ?? 0
    this.restoredBy = before?.restoredBy
    this.admission = opening.admission
    this.carried = opening.carried
    const member = {
      ask: (answerBy: number) => this.pipe.askUpstream(answerBy),
      check: (now: number) => this.pipe.tick(now),
    }
    this.#visits = new Visits(state.pool, member, upstream, opening.releaseUpstream)
    const begun = opening.resume && beginSession(this, opening.resume, ends.client, state, deps)
    this.session = begun?.session
    try {
      this.pipe = this.#openPipe(ends)
    } catch (error) {
      this.#visits.over()
      if (this.session) this.#leaveSession(this.session)
      throw error
    }
    try {
      this.#unregister = deps.connections.register(this)
      // A fault in the first moment may have ended it.
      if (this.pipe.state !== 'closed') this.renewal = renewalOf(this, opening.auth, state, deps)
      if (!before || opening.resume?.taken || opening.resume?.given) deps.onOpened?.(this.route)
      begun?.welcome()
    } catch (error) {
      this.pipe.cut()
      throw error
    }
  }

  #openPipe({ client, upstream }: Wires): Pipe {
    const { opening, session } = this
    const { clock, random, log } = this.#deps
    const { options: route } = this.#state
    const ends = { client: session?.stream ?? client!, upstream }
    return new Pipe(ends, {
      rsv: rsvOf(opening.extensions),
      closePolicy: route,
      closeTimeout: route.timeouts.close,
      keepalive: route.keepalive,
      watchesClient: session !== undefined,
      messageBytes: session ? messageBytesOf(route) : route.limits.messageBytes,
      messagesPerSecond: route.limits.messagesPerSecond,
      // Nobody here hears when a client is back whose session stayed elsewhere: its silence says for how long it was away.
      savesMs: opening.resumes ? route.resume?.for : undefined,
      clock,
      retry: () => Math.round(delayFor(adviceFor(code.serviceRestart), { attempt: 0, random }) ?? 0),
      hold: this.#holdDeps(),
      onUpstreamEnded: () => this.#visits.endedByUpstream(),
      onUnanswered: (gone) => this.#visits.unanswered(gone),
      packed: opening.before?.pipe,
      onError: (error) => log.error({ err: error, route: route.name, id: this.id }, 'fault in a connection'),
      onClosed: (verdict) => this.#closed(verdict),
    })
  }

  /** Nothing goes on here with the session that has just begun, and nobody looks after it. */
  #leaveSession(session: Session): void {
    const { given, listing } = this.opening.resume!
    // Whoever has given it goes on with it, and finds it in the store.
    if (given) listing?.leave()
    session.discard()
    this.#state.sessions.take(session)
  }

  /** Undefined where it ends with its upstream. */
  #holdDeps() {
    const { held } = this.opening
    const hold = held?.hold ?? this.#state.options.hold
    return hold && held && holdDeps(this, { ...held, hold }, this.#state, this.#visits, this.#deps)
  }

  get protocol(): string | undefined {
    return this.opening.protocol
  }

  wentOn(upstream: Place | undefined, reattached: number, by: RestoredBy): void {
    this.upstream = upstream
    this.reattached = reattached
    this.restoredBy = by
    if (this.carried) {
      const { upstream: _, ...client } = this.carried
      this.carried = client
    }
    this.#deps.connections.moved(this)
  }

  clientAway(): void {
    const { upstream } = this.carried ?? {}
    this.carried = upstream === undefined ? undefined : { upstream }
  }

  clientReturned({ address, http, front, awayMs, admission, authorisation }: Return): void {
    // Its upstream is gone, and with it what it counted as.
    if (this.pipe.state === 'closed') return admission.release()
    this.admission.release()
    this.admission = admission
    this.address = address
    this.http = http
    this.clientAway()
    if (front !== undefined) this.carried = { ...this.carried, client: front }
    if (authorisation) this.#authoriseAnew(authorisation)
    // It may send what it would have sent meanwhile.
    this.pipe.client.allow(awayMs)
  }

  /** What let it in the first time may be void by now: from here on the handshake counts that it came back with. */
  #authoriseAnew({ names, headers, renewal }: Authorisation): void {
    this.renewal?.stop()
    this.renewal = renewalOf(this, renewal, this.#state, this.#deps)
    const { held } = this.opening
    if (held) held.request.headers = authorised(held.request, names, headers).headers
  }

  get isBeingGiven(): boolean {
    return this.#giving !== undefined
  }

  give(giving: Giving): Promise<boolean> | undefined {
    const { clock } = this.#deps
    const until = clock.now() + giving.withinMs
    const how = this.#howToGive()
    if (!how) return undefined
    const begin = () => how({ ...giving, withinMs: until - clock.now() })
    // A drain may have begun while one is on its way for another reason.
    const its = this.#giving ? this.#giving.then((isGiven) => isGiven || begin()) : begin()
    this.#giving = its
    void its.then(() => {
      if (this.#giving === its) this.#giving = undefined
    })
    return its
  }

  /** Undefined: it has no session that could be given. */
  #howToGive(): ((giving: Giving) => Promise<boolean>) | undefined {
    const { session, opening, carried } = this
    const state = this.#state
    const deps = this.#deps
    if (session) {
      if (!mayGive(session, state)) return undefined
      return ({ departing, onStays, ...giving }) => {
        const its = departing ?? departingHere(this, session, onStays, state, deps)
        return give(this, session, its, giving, state, deps)
      }
    }
    const worker = opening.resumes && carried?.client
    const { lineTo } = deps
    if (worker === undefined || worker === false || !lineTo) return undefined
    return (giving) => giveThrough(this, worker, lineTo, giving, state, deps)
  }

  leave(): void {
    this.renewal?.stop()
    this.#unregister()
    this.#visits.over()
    this.#state.counts.traffic(this.pipe.traffic.here)
  }

  #closed({ code, reason, by }: Verdict): void {
    const { clock, log, accessLog, emit, onClosed } = this.#deps
    this.leave()
    this.admission.release()
    const as = this.#state.counts.close(code, by)
    onClosed?.(this.route, as)
    log.debug({ ...connectionInfo(this), code, reason, by }, 'connection closed')
    if (accessLog.isOn) accessLog.write(accessEntry(this, { code, reason, by }, clock))
    emit({ type: 'close', at: clock.wall(), route: this.route, code, reason, by })
  }
}
