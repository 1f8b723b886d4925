// The names of one configuration: obtains and renews their certificates, one at a time; what there is, is shown until something
// better is kept. Nothing here is on the path of a handshake, and nothing that fails ends the gateway.

import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { type AcmeInfo, type AcmeOptions, type AcmeShared, type Clock, nothingShared } from '../core/index.ts'
import { type AcmeError, asAcmeError } from './acme-error.ts'
import { Authority } from './authority.ts'
import type { Challenge, ChallengeType } from './client.ts'
import { failureLine } from './failure-line.ts'
import { Pause } from './pause.ts'
import { due, type NameState, next, type PlanEvent, unknownName } from './plan.ts'
import { challengeCertificate } from './requests.ts'
import { AcmeStore, type Kept } from './store.ts'

export interface AcmeDeps {
  log: Logger
  clock: Clock
  random: () => number
  /** Of this program, for the authority. */
  version: string
  /** Gives it to all workers; resolves when each of them has it. */
  publish(shared: AcmeShared): Promise<void>
}

/** A configuration's part that this is about. `challenges`: what the listeners allow, the best first. */
export interface AcmeWish {
  options: AcmeOptions
  challenges: ChallengeType[]
}

/** Milliseconds before the first order where nothing shows that the state directory survives a restart. */
const firstOrderAfterMs = 10_000

/** Milliseconds after which the plan is looked at again, because the wall clock may have jumped. */
const lookEveryMs = 3_600_000

/** The names of one configuration, with their store. A change of anything but the names makes another. */
export class Acme {
  readonly #deps: AcmeDeps
  readonly #wish: AcmeWish
  readonly #store: AcmeStore
  readonly #authority: Authority
  readonly #ended = new AbortController()
  readonly #names = new Map<string, NameState>()
  readonly #kept = new Map<string, Kept>()
  readonly #orders: Record<string, number>
  #challenges = nothingShared.challenges
  #busy = false
  #timer: unknown
  readonly #pause = new Pause()
  /** Whether the folder could be opened. */
  #opened = false

  /** `orders`: where outcomes are counted. */
  constructor(wish: AcmeWish, orders: Record<string, number>, deps: AcmeDeps) {
    this.#wish = wish
    this.#deps = deps
    this.#orders = orders
    const { stateDirectory, directory } = wish.options
    this.#store = new AcmeStore(stateDirectory, directory, randomUUID())
    const { clock, version } = deps
    this.#authority = new Authority({
      clock,
      version,
      options: wish.options,
      store: this.#store,
      signal: this.#ended.signal,
    })
  }

  get wish(): AcmeWish {
    return this.#wish
  }

  /** What workers need. */
  get shared(): AcmeShared {
    const certificates = this.#wish.options.names.flatMap((name) => this.#kept.get(name)?.tls ?? [])
    return { certificates, challenges: this.#challenges }
  }

  get infos(): AcmeInfo[] {
    return [...this.#names].map(([name, { life, failures, notBefore, last }]) => ({
      name,
      ...(life && { expiresAt: life.to, serial: this.#kept.get(name)?.certificate.serialNumber }),
      orderAt: Math.max(life?.renewAt ?? 0, notBefore, this.#pause.until),
      failures,
      ...(last && { error: last.words }),
    }))
  }

  /** Reads what was kept. Never rejects. */
  async load(): Promise<void> {
    const { clock, random } = this.#deps
    const attempts = await this.#store.attempts().catch(() => undefined)
    for (const name of this.#wish.options.names) {
      const kept = await this.#store.certificate(name)
      if (kept) this.#kept.set(name, kept)
      const life = kept && next(unknownName, obtained(kept, false, random(), clock.wall())).life
      this.#names.set(name, { ...unknownName, ...attempts?.[name], ...(life && { life }) })
    }
    await this.#open()
  }

  /** Begins to order. */
  start(): void {
    this.#schedule()
  }

  /** Ends what is under way; what was obtained stays in its file. */
  stop(): void {
    this.#ended.abort()
    this.#deps.clock.clearTimeout(this.#timer)
    if (this.#busy) void this.#store.release()
  }

  /** Orders nothing where nothing can be kept: the authority counts every certificate. */
  async #open(): Promise<void> {
    const { log, clock } = this.#deps
    const { stateDirectory } = this.#wish.options
    try {
      const { survived } = await this.#store.open()
      this.#opened = true
      if (!survived) this.#pause.until = clock.wall() + firstOrderAfterMs
    } catch (error) {
      this.#pause.troubled(clock.wall())
      log.error(
        { stateDirectory, error: (error as Error).message },
        'certificates cannot be kept, so none is ordered',
      )
    }
  }

  #schedule(): void {
    const { clock } = this.#deps
    clock.clearTimeout(this.#timer)
    if (this.#ended.signal.aborted || this.#names.size === 0) return
    const now = clock.wall()
    const at = Math.min(...[...this.#names.values()].map((state) => this.#dueAt(state)))
    const ms = Math.min(Math.max(at - now, 0), lookEveryMs)
    this.#timer = clock.setTimeout(() => void this.#act(), ms)
  }

  #dueAt(state: NameState): number {
    return Math.max(due(state).at, this.#pause.until)
  }

  /** One step for the name that has waited longest. */
  async #act(): Promise<void> {
    const { clock, log } = this.#deps
    this.#busy = true
    try {
      const now = clock.wall()
      const waiting = [...this.#names].filter(([, state]) => this.#dueAt(state) <= now)
      const [first] = waiting.sort(([, a], [, b]) => due(a).at - due(b).at)
      if (!first) return
      if (!this.#opened) await this.#open()
      if (!this.#opened) return
      const [name, state] = first
      if (due(state).what === 'ask') await this.#ask(name)
      else await this.#order(name)
    } catch (err) {
      this.#pause.troubled(clock.wall())
      log.error({ err }, 'fault while certificates are looked after')
    } finally {
      this.#busy = false
      this.#schedule()
    }
  }

  #advance(name: string, event: PlanEvent): NameState {
    const state = next(this.#names.get(name) ?? unknownName, event)
    this.#names.set(name, state)
    return state
  }

  async #ask(name: string): Promise<void> {
    const { clock, random, log } = this.#deps
    try {
      const window = await this.#authority.renewalWindow(this.#kept.get(name)?.certificate)
      const at = clock.wall()
      if (!window) return void this.#advance(name, { what: 'no-window', supported: false, at })
      const { explanation, ...times } = window
      const before = this.#names.get(name)?.life?.renewAt
      const { life } = this.#advance(name, { what: 'window', ...times, spread: random(), at })
      if (life && life.renewAt !== before) {
        const renewAt = new Date(life.renewAt).toISOString()
        log.info({ name, renewAt, explanation }, 'the authority says when a certificate is to be renewed')
      }
    } catch (error) {
      this.#advance(name, { what: 'no-window', supported: true, at: clock.wall() })
      log.debug({ name, error: (error as Error).message }, 'the authority does not say when to renew')
    }
  }

  async #order(name: string): Promise<void> {
    const { clock, random } = this.#deps
    let stopLease = () => {}
    try {
      const busyUntil = await this.#store.lease(clock.wall())
      if (busyUntil !== undefined) {
        this.#pause.until = busyUntil + random() * 5_000
        return
      }
      stopLease = this.#store.keepLease(clock)
      if (await this.#takeNewer(name)) return
      this.#advance(name, { what: 'begun', spread: random(), at: clock.wall() })
      // On the disk before anything is asked for: who dies during the order has tried.
      await this.#saveAttempts()
      const had = this.#kept.has(name)
      const kept = await this.#obtain(name)
      this.#pause.succeeded()
      await this.#show(name, kept, true)
      await this.#saveAttempts()
      this.#count('issued')
      const { life } = this.#names.get(name)!
      const until = kept.certificate.validTo
      const renewAt = new Date(life!.renewAt).toISOString()
      this.#deps.log.info({ name, until, renewAt }, had ? 'certificate renewed' : 'certificate obtained')
    } catch (error) {
      if (!this.#ended.signal.aborted) await this.#failed(name, asAcmeError(error, 'storage'))
    } finally {
      stopLease()
      await this.#store.release()
    }
  }

  /** Another process with this folder may have ordered meanwhile. */
  async #takeNewer(name: string): Promise<boolean> {
    const stored = await this.#store.certificate(name)
    const life = this.#names.get(name)?.life
    if (!stored || Date.parse(stored.certificate.validTo) <= (life?.to ?? this.#deps.clock.wall()))
      return false
    await this.#show(name, stored, false)
    return true
  }

  async #obtain(name: string): Promise<Kept> {
    const { challenges } = this.#wish
    // The count is that of this order already.
    const tries = this.#names.get(name)!.failures - 1
    const challenge = challenges[tries % challenges.length]!
    const before = this.#kept.get(name)?.certificate
    return this.#authority.obtain(name, challenge, before, (shown) => this.#answer(shown))
  }

  async #show(name: string, kept: Kept, ordered: boolean): Promise<void> {
    const { random, clock } = this.#deps
    this.#kept.set(name, kept)
    this.#advance(name, obtained(kept, ordered, random(), clock.wall()))
    await this.#publish()
  }

  /** What has ended must not take the place of what came after it. */
  async #publish(): Promise<void> {
    if (!this.#ended.signal.aborted) await this.#deps.publish(this.shared)
  }

  /** Has every worker answer; whichever the authority reaches must. */
  async #answer({ type, name, token, keyAuthorization }: Challenge): Promise<() => Promise<void>> {
    const certificate = challengeCertificate(name, keyAuthorization, this.#deps.clock.wall())
    this.#challenges =
      type === 'http-01'
        ? { http: { [token]: keyAuthorization }, tls: [] }
        : { http: {}, tls: [{ name, ...certificate }] }
    await this.#publish()
    return async () => {
      this.#challenges = nothingShared.challenges
      await this.#publish()
    }
  }

  async #failed(name: string, error: AcmeError): Promise<void> {
    const { clock, random, log } = this.#deps
    const { failure, message: words, retryAfterMs } = error
    const at = clock.wall()
    const state = this.#advance(name, { what: 'failed', failure, words, retryAfterMs, spread: random(), at })
    this.#count(failure)
    this.#pause.failed(failure, state.notBefore, clock.wall(), random)
    await this.#saveAttempts().catch(() => {})
    const line = failureLine(name, state, error, this.#pause.until, at)
    log[line.level](line.fields, line.words)
  }

  async #saveAttempts(): Promise<void> {
    const kept = [...this.#names]
      .filter(([, { failures }]) => failures > 0)
      .map(([name, { failures, notBefore, last }]) => [name, { failures, notBefore, last }])
    await this.#store.saveAttempts(Object.fromEntries(kept))
  }

  #count(outcome: string): void {
    this.#orders[outcome] = (this.#orders[outcome] ?? 0) + 1
  }
}

function obtained({ certificate }: Kept, ordered: boolean, spread: number, at: number): PlanEvent {
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]
  return { what: 'obtained', from, to, ordered, spread, at }
}
