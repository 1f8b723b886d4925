// Tells the story of a route's holds: a thousand connections that lose their upstream at once are one line of the log
// and one event, not a thousand.
import { code } from '@holdfast/close-codes'
import type { Logger } from 'pino'
import type { Clock, GatewayEvent, HoldResult, LetGo, RestoredBy } from '../core/index.ts'

export interface HoldNewsDeps {
  route: string
  clock: Clock
  log: Pick<Logger, 'info' | 'warn'>
  emit: (event: GatewayEvent) => void
}

/** Upstreams that a line of the log names. */
const mostCauses = 5
/** Milliseconds over which news is gathered. */
const every = 250

export class HoldEvents {
  readonly #deps: HoldNewsDeps
  #held = 0
  /** Upstreams that were lost, and how: how many connections had each. */
  readonly #causes = new Map<string, number>()
  #lost = 0
  /** Of those that lost their upstream, how many were not held. */
  #letGo: Partial<Record<LetGo, number>> = {}
  #restored: Partial<Record<RestoredBy, number>> = {}
  #ended: Partial<Record<HoldResult, number>> = {}
  /** The longest time without an upstream, in milliseconds, of those that ended since the last news. */
  #longest = 0
  #timer: unknown

  constructor(deps: HoldNewsDeps) {
    this.#deps = deps
  }

  /** A connection has lost its upstream, which went with this code, and is held. */
  held(upstream = 'not known', departed: number = code.abnormalClosure): void {
    this.#held++
    this.#lost++
    const how = departed === code.abnormalClosure ? 'connection lost' : `closed with ${departed}`
    const cause = `${upstream}: ${how}`
    if (this.#causes.has(cause) || this.#causes.size < mostCauses)
      this.#causes.set(cause, (this.#causes.get(cause) ?? 0) + 1)
    this.#later()
  }

  /** A client was not held, or not any longer, and was told 1012. */
  letGo(why: LetGo): void {
    this.#letGo[why] = (this.#letGo[why] ?? 0) + 1
    this.#later()
  }

  /** Somebody has restored the session of a held connection, which goes on. */
  restored(by: RestoredBy): void {
    this.#restored[by] = (this.#restored[by] ?? 0) + 1
  }

  /** How many clients have lost their upstream and are without one, or were let go just now. */
  get away(): number {
    const letGo = Object.values(this.#letGo).reduce((sum, count) => sum + count, 0)
    return this.#held + letGo + (this.#ended['not-restored'] ?? 0)
  }

  /** A held connection has come from another process, or has gone to one. */
  carried(by: 1 | -1): void {
    this.#held += by
  }

  /** A held connection goes on, or has ended. */
  ended(result: HoldResult, ms: number): void {
    this.#held--
    this.#ended[result] = (this.#ended[result] ?? 0) + 1
    this.#longest = Math.max(this.#longest, ms)
    this.#later()
  }

  #later(): void {
    this.#timer ??= this.#deps.clock.setTimeout(() => this.#tell(), every)
  }

  #tell(): void {
    const { route, clock, log, emit } = this.#deps
    const { attached = 0, 'not-restored': unproven = 0, ...others } = this.#ended
    const ended = sumOf(this.#ended, this.#letGo)
    const held = this.#held
    const letGo = sumOf({ 'not-restored': unproven }, this.#letGo)
    const restoredBy = this.#restored
    const lost = this.#lost
    const longest = Math.round(this.#longest)
    this.#timer = undefined
    this.#lost = 0
    this.#letGo = {}
    this.#restored = {}
    this.#ended = {}
    this.#longest = 0
    emit({ type: 'hold', at: clock.wall(), route, lost, ended, held })
    const upstreams = Object.fromEntries(this.#causes)
    this.#causes.clear()
    if (lost > 0) log.info({ route, upstreams, connections: lost }, 'upstream gone, clients are held')
    if (attached > 0) {
      const by = (Object.keys(restoredBy) as RestoredBy[]).map((one) => restoredByWords[one]).join(', ')
      const words = `held clients re-attached, restored by ${by}`
      log.info({ route, connections: attached, restoredBy, held, longest }, words)
    }
    for (const why of Object.keys(letGo) as LetGo[]) {
      if (letGo[why]) log.warn({ route, connections: letGo[why], held }, letGoWords[why])
    }
    if (Object.keys(others).length > 0) log.warn({ route, ...others, held }, 'held clients have ended')
  }
}

const restoredByWords: Record<RestoredBy, string> = {
  upstream: 'the upstream',
  replay: 'a replay',
  stateless: 'state: none',
}

const letGoWords: Record<LetGo, string> = {
  'not-restored': 'let go with 1012: no proof that the session was restored (docs/applications.md)',
  'lost-again': 'let go with 1012: lost again before the upstream said anything, or too often',
}

function sumOf(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sum = { ...a }
  for (const [key, count] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + count
  return sum
}
