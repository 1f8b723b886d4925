// A reload: all or nothing. What the new configuration needs is read, bound and loaded first, by every worker too, and
// then it takes effect everywhere. Each step has a time limit, and what came of it is always said.
import type { Logger } from 'pino'
import { type Clock, errorMessage, type GatewayOptions } from '../core/index.ts'
import type { AdminServer, Phase, ReloadResult } from '../operate/index.ts'
import type { Listening, Opened } from './listening.ts'
import { describeChanges, foreseen, sameAdminAddress } from './reload-changes.ts'
import type { WorkerPool } from './worker-pool.ts'

/** A configuration that was read again, or what is wrong with it, one line each. */
export type LoadResult = { ok: true; options: GatewayOptions } | { ok: false; problems: string[] }

/** Milliseconds that reading and checking may take; replay modules have their own limit within it. */
const loadWithinMs = 20_000
/** Milliseconds in which new listeners and the admin port must be bound: a name may have to be looked up. */
const bindWithinMs = 5000
/** Milliseconds in which every worker must have loaded what it needs. */
const prepareWithinMs = 5000

export interface ReloadDeps {
  phase: () => Phase
  load: () => LoadResult | Promise<LoadResult>
  options: () => GatewayOptions
  /** What is to be read before they take effect. Never rejects. */
  beforeReload: (options: GatewayOptions) => Promise<void>
  /** New workers start with these options from now on. Resolves when fronts have them, too. Never rejects. */
  replaceOptions: (options: GatewayOptions) => Promise<void>
  /** Why there can be no fronts, in words, where they are wanted. */
  whyNoFronts: (options: GatewayOptions) => string | undefined
  openAdmin: (options: GatewayOptions) => Promise<AdminServer | undefined>
  /** `opened`: the admin port in place of the one before, which is somewhere else or switched off. */
  replaceAdmin: (options: GatewayOptions, opened: { admin: AdminServer | undefined } | undefined) => void
  /** What the operator has drained, in words. */
  stillDrained: () => string[]
  pool: WorkerPool
  listening: Listening
  onReloaded: (changes: string[], drained: number) => void
  log: Logger
  clock: Clock
}

/** Bound, and not in use yet. */
interface Bound {
  opened: Opened
  admin: AdminServer | undefined
}

export class Reload {
  readonly #deps: ReloadDeps

  constructor(deps: ReloadDeps) {
    this.#deps = deps
  }

  /** Never rejects, and logs what it answers. */
  async run(): Promise<ReloadResult> {
    const prepared = await this.#prepared()
    if (Array.isArray(prepared)) return this.#refuse(prepared)
    try {
      return await this.#commit(prepared.options, prepared.bound)
    } catch (error) {
      return this.#refuse([errorMessage(error)])
    }
  }

  /** What a reload would do: all of its checks are made, nothing changes, and nothing is logged. Never rejects. */
  async preview(): Promise<ReloadResult> {
    const prepared = await this.#prepared()
    if (Array.isArray(prepared)) return { ok: false, problems: prepared }
    discard(prepared.bound)
    const { options, pool } = this.#deps
    await pool.refresh()
    const { changes, notes } = describeChanges(options(), prepared.options)
    const { routes } = pool.snapshot()
    return { ok: true, notes, ...foreseen(changes, options(), prepared.options, routes) }
  }

  /** What a reload needs, in hand and not in use; or why there can be none. Never rejects. */
  async #prepared(): Promise<{ options: GatewayOptions; bound: Bound } | string[]> {
    try {
      return await this.#prepare()
    } catch (error) {
      return [errorMessage(error)]
    }
  }

  async #prepare(): Promise<{ options: GatewayOptions; bound: Bound } | string[]> {
    const { phase, load, pool } = this.#deps
    if (phase() !== 'serving') return [`the gateway is ${phase()}`]
    const loading = Promise.resolve().then(load)
    const loaded = await this.#withTimeout(
      loadWithinMs,
      'the configuration could not be read and checked',
      loading,
    )
    if (!loaded.ok) return loaded.problems
    const whyNoFronts = this.#deps.whyNoFronts(loaded.options)
    if (whyNoFronts !== undefined) return [whyNoFronts]
    const bound = await this.#bind(loaded.options)
    const problems = await pool.prepareReload(loaded.options, prepareWithinMs)
    // A signal may have come meanwhile.
    if (phase() !== 'serving') problems.push(`the gateway is ${phase()}`)
    if (problems.length > 0) {
      discard(bound)
      return problems
    }
    return { options: loaded.options, bound }
  }

  async #bind(options: GatewayOptions): Promise<Bound> {
    const { listening, openAdmin } = this.#deps
    const moves = !sameAdminAddress(this.#deps.options().admin, options.admin)
    const binding = listening.open(options.listen).then(async (opened): Promise<Bound> => {
      try {
        return { opened, admin: moves ? await openAdmin(options) : undefined }
      } catch (error) {
        opened.discard()
        throw error
      }
    })
    return this.#withTimeout(bindWithinMs, 'the listeners could not be bound', binding, discard)
  }

  /** From here on nothing can fail any more. */
  async #commit(options: GatewayOptions, { opened, admin }: Bound): Promise<ReloadResult> {
    const { pool, listening, replaceOptions, replaceAdmin, onReloaded, log } = this.#deps
    const before = this.#deps.options()
    const { changes, notes } = describeChanges(before, options)
    await this.#deps.beforeReload(options)
    await replaceOptions(options)
    for (const part of this.#deps.stillDrained())
      notes.push(`${part} is still drained; holdfast undrain takes it back in`)
    replaceAdmin(options, sameAdminAddress(before.admin, options.admin) ? undefined : { admin })
    await listening.closeOthers(options.listen, pool.ready)
    const asked = pool.workers.length
    const answers = await pool.askAtRest('reload', { options, drain: pool.newDrain() })
    // It has the message already, and acts on it as soon as it goes on; one that is started in its place begins with these options.
    const silent = Math.max(0, Math.min(asked, pool.workers.length) - answers.length)
    if (silent > 0)
      notes.push(
        silent === 1
          ? 'a worker has not answered yet: the new configuration counts there when it does'
          : `${silent} workers have not answered yet: the new configuration counts there when they do`,
      )
    try {
      await opened.keep(pool.ready)
    } catch (error) {
      notes.push(errorMessage(error))
      log.error({ error: errorMessage(error) }, 'a listener is bound, and a worker does not accept from it')
    }
    const drained = answers.reduce((sum, { answer }) => sum + answer.drained, 0)
    onReloaded(changes, drained)
    log.info({ changes, notes, drained }, 'configuration reloaded')
    return { ok: true, changes, notes, drained }
  }

  #refuse(problems: string[]): ReloadResult {
    for (const problem of problems) this.#deps.log.error(`configuration not reloaded: ${problem}`)
    return { ok: false, problems }
  }

  /** Rejects when the promise has not settled in `ms`. What it resolves to later goes to `late`. */
  #withTimeout<T>(
    ms: number,
    what: string,
    promise: Promise<T>,
    late: (value: T) => void = () => {},
  ): Promise<T> {
    const { clock } = this.#deps
    return new Promise((resolve, reject) => {
      let isLate = false
      const timer = clock.setTimeout(() => {
        isLate = true
        reject(new Error(`${what} in ${ms / 1000} s`))
      }, ms)
      promise.then(
        (value) => {
          clock.clearTimeout(timer)
          if (isLate) late(value)
          else resolve(value)
        },
        (error) => {
          clock.clearTimeout(timer)
          reject(error)
        },
      )
    })
  }
}

function discard({ opened, admin }: Bound): void {
  opened.discard()
  void admin?.close()
}
