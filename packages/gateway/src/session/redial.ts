// Dials the next upstream of a held connection, and tells it whose session it is. Next: reattach.ts.
import type { HoldOptions } from '../core/index.ts'
import { type HoldDeps, reattach } from '../hold/index.ts'
import type { Upstream } from '../upstream/index.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import { type Connection, connectionInfo } from './connections.ts'
import type { Opening } from './opening.ts'
import type { RouteState } from './route-state.ts'
import type { Visits } from './visits.ts'

/** Names the client to every upstream that it has, so that a backend can find again what it knew of it. */
export const sessionHeader = 'Holdfast-Session'
/** How many times the client has been handed on, and the close code of the upstream before. */
const reattachHeader = 'Holdfast-Reattach'

/** What the next upstream is told, and the options of the route that are the connection's own. */
export type Held = NonNullable<Opening['held']> & { hold: HoldOptions }

export class Redial {
  readonly #connection: Connection
  readonly #held: Held
  readonly #state: RouteState
  readonly #visits: Visits
  readonly #deps: ConnectionDeps
  readonly #agreed: Pick<Opening, 'protocol' | 'extensions'>
  #upstream: Upstream | undefined
  #tries: number
  /** Something was lost with the upstream that has just gone. */
  hasLost = false

  constructor(connection: Connection, held: Held, state: RouteState, visits: Visits, deps: ConnectionDeps) {
    this.#connection = connection
    this.#held = held
    this.#state = state
    this.#visits = visits
    this.#deps = deps
    const { protocol, extensions, upstream } = connection.opening
    this.#agreed = { protocol, extensions }
    this.#upstream = upstream
    this.#tries = connection.reattached
  }

  /** The last one that was found; before, the one that the connection has come with. */
  get upstream(): Upstream | undefined {
    return this.#upstream
  }

  /** How many times the client has been handed on. */
  get tries(): number {
    return this.#tries
  }

  /** Finds the next upstream, which has the connection from then on. */
  async find(departed: number, within: number, signal: AbortSignal): ReturnType<HoldDeps['redial']> {
    this.#visits.over()
    const lost = this.hasLost
    this.hasLost = false
    if (this.#connection.onFree) {
      this.#connection.onFree(lost)
      return aborted(signal)
    }
    const result = await this.#dial(departed, within, signal)
    if (!result.ok) {
      if (!signal.aborted) {
        const { words, result: why } = result
        this.#deps.log.debug({ ...connectionInfo(this.#connection), why, words }, 'held client cannot go on')
      }
      return result
    }
    const { dialled } = result
    if (signal.aborted) {
      result.release()
      return { ok: true, stream: dialled.wire }
    }
    this.#upstream = result.upstream
    this.#visits.begin(result.upstream, result.release)
    return { ok: true, stream: dialled.wire, restored: dialled.restored }
  }

  /** What the next upstream says to the handshake of a client that has been let go. */
  async inquire(departed: number, signal: AbortSignal): Promise<boolean | undefined> {
    const result = await this.#dial(departed, this.#held.hold.for, signal)
    if (!result.ok) return undefined
    result.release()
    this.#connection.pipe.dismiss(result.dialled.wire)
    return result.dialled.restored ?? false
  }

  #dial(departed: number, within: number, signal: AbortSignal): ReturnType<typeof reattach> {
    const { request, session } = this.#held
    const [state, deps] = [this.#state, this.#deps]
    return reattach({
      route: () => state.options,
      pool: () => (deps.draining(state.options.name) ? undefined : state.pool),
      request,
      agreed: this.#agreed,
      headers: [
        [sessionHeader, session],
        [reattachHeader, `${++this.#tries}; code=${departed}`],
      ],
      departed: this.#upstream,
      search: state.search,
      within,
      signal,
      clock: deps.clock,
      random: deps.random,
    })
  }
}

/** Nothing is found, and nobody hears of it before the search ends. */
function aborted(signal: AbortSignal): Promise<{ ok: false; result: 'too-late' }> {
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve({ ok: false, result: 'too-late' }), { once: true }),
  )
}
