// The store as a node has it: calls to it, each within a time, and by what comes of them whether it is there.
import type { Logger } from 'pino'
import type { Clock, FleetInfo, FleetOptions, MonotonicMs } from '../core/index.ts'
import { policyScript } from './policy-script.ts'
import { storeAddress } from './redis-client.ts'
import { RedisStore } from './redis-store.ts'
import { fleetKey, type Reply, type Script, type Store, type StoreError } from './store.ts'
import { nextStoreState, type StoreEvent, type StoreState } from './store-state.ts'

/** Milliseconds for the first call. */
const firstCallWithinMs = 2000

export interface WatchedStoreDeps {
  options: FleetOptions
  /** Id of this node. */
  id: string
  /** Milliseconds that a call may take. */
  callMs: number
  /** Default: Redis, as the options say. */
  store?: Store | undefined
  /** It is there, perhaps anew: what this node has is to be said again. */
  onAnnounce: () => void
  /** A call has failed, and it counts as away. */
  onAway: () => void
  log: Logger
  clock: Clock
}

export class WatchedStore {
  readonly #deps: WatchedStoreDeps
  readonly #store: Store
  #state: StoreState
  /** Since when it has been there without a break; what was before this node's start is no break. */
  #presentSince: MonotonicMs | undefined
  #policy: string | undefined
  readonly #calls = { answered: 0, failed: 0, late: 0 }
  #stopped = false

  constructor(deps: WatchedStoreDeps) {
    const { options, clock, store } = deps
    this.#deps = deps
    this.#state = { is: 'connecting', since: clock.now() }
    this.#store =
      store ??
      new RedisStore({
        options,
        clock,
        onReconnected: () => this.#on({ what: 'reconnected', at: clock.now() }),
      })
  }

  get isPresent(): boolean {
    return this.#state.is === 'present'
  }

  /** For how many milliseconds it has been there without a break; undefined: it does not answer. */
  get presentForMs(): number | undefined {
    const since = this.#presentSince
    return since === undefined ? undefined : this.#deps.clock.now() - since
  }

  get info(): FleetInfo['store'] {
    const { options, clock } = this.#deps
    const { is, since } = this.#state
    return {
      address: storeAddress(options.store),
      state: is,
      forMs: clock.now() - since,
      ...(this.#state.is === 'away' && { error: this.#state.error }),
      ...(this.#policy !== undefined && { policy: this.#policy }),
      calls: { ...this.#calls },
    }
  }

  /**
   * `lateIsAway`: without an answer in time the store counts as away.
   *
   * @throws {StoreError} There is none; it may have been done.
   */
  async call(script: Script, keys: string[], args: (string | number)[], lateIsAway = true): Promise<Reply> {
    const { clock, callMs } = this.#deps
    try {
      // The first waits for the library and the connection; nobody waits for it.
      const withinMs = this.#state.is === 'connecting' ? firstCallWithinMs : callMs
      const reply = await this.#store.run(script, keys, args, withinMs)
      this.#calls.answered++
      this.#on({ what: 'answered', at: clock.now() })
      return reply
    } catch (error) {
      const { message, late } = error as StoreError
      this.#calls[late ? 'late' : 'failed']++
      if (!late || lateIsAway) this.#on({ what: 'failed', at: clock.now(), error: message })
      throw error
    }
  }

  /** Asks once whether it keeps what it is told, and says when it does not. */
  async checkPolicy(): Promise<void> {
    if (this.#policy !== undefined) return
    const { options, log } = this.#deps
    this.#policy = String(await this.call(policyScript, [fleetKey(options.name, 'members')], []))
    if (this.#policy === 'noeviction' || this.#policy === '') return
    log.warn(
      { policy: this.#policy },
      "the fleet's store forgets keys when its memory is full: set its maxmemory-policy to noeviction",
    )
  }

  /** What comes of calls says nothing any more. */
  stop(): void {
    this.#stopped = true
  }

  close(): void {
    this.#store.close()
  }

  #on(event: StoreEvent): void {
    if (this.#stopped) return
    const { onAnnounce, onAway } = this.#deps
    const before = this.#state
    const { state, actions } = nextStoreState(before, event)
    this.#state = state
    if (state.is !== 'present') this.#presentSince = undefined
    else if (actions.includes('announce'))
      this.#presentSince = before.is === 'connecting' ? Number.NEGATIVE_INFINITY : event.at
    for (const action of actions) {
      if (action === 'renew') this.#store.renew()
      if (action === 'tell') this.#tell(before)
      if (action === 'announce') onAnnounce()
    }
    if (state.is === 'away') onAway()
  }

  #tell(before: StoreState): void {
    const { log, options, id, clock } = this.#deps
    const store = storeAddress(options.store)
    if (this.#state.is === 'away')
      log.error(
        { store, error: this.#state.error },
        "the fleet's store is away: this gateway goes on by itself",
      )
    else if (before.is === 'away')
      log.info({ store, awayMs: Math.round(clock.now() - before.since) }, "the fleet's store is back")
    else log.info({ store, fleet: options.name, id }, "the fleet's store is there")
  }
}
