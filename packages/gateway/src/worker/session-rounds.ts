// Four times a second all sessions of a worker are looked through: for what has changed since it was announced, and for those that are
// given up because this node could not announce itself.
import type { Logger } from 'pino'
import type { Clock, MonotonicMs } from '../core/index.ts'
import type { SessionAnnouncer } from './session-announcer.ts'
import type { SessionEntries } from './session-entries.ts'
import type { SessionsToForget } from './sessions-to-forget.ts'

/** Milliseconds between two looks at what has changed, and between two announcements of one session. */
const lookEveryMs = 250
const changedEveryMs = 1000
/** Milliseconds after which a group of sessions is announced again, so that the store keeps it. */
const keepEveryMs = 20_000
/**
 * Milliseconds after which a node that could not announce itself gives its parked sessions up: after ten seconds others may take them
 * over.
 */
const giveUpAfterMs = 8000

export interface SessionRoundsDeps {
  entries: SessionEntries
  toForget: SessionsToForget
  announcer: SessionAnnouncer
  clock: Clock
  log: Logger
}

export class SessionRounds {
  readonly #deps: SessionRoundsDeps
  /** When this node last said that it is there. */
  #renewedAt: MonotonicMs = Number.NEGATIVE_INFINITY
  #timer: unknown
  #stopped = false

  /** Begins at once. */
  constructor(deps: SessionRoundsDeps) {
    this.#deps = deps
    this.#look()
  }

  /** This node was announced, and for that call so many milliseconds ago. */
  renewed(agoMs: number): void {
    this.#renewedAt = this.#deps.clock.now() - agoMs
  }

  stop(): void {
    this.#stopped = true
    this.#deps.clock.clearTimeout(this.#timer)
  }

  #look(): void {
    const { clock, entries, toForget, announcer } = this.#deps
    if (this.#stopped) return
    this.#timer = clock.setTimeout(() => this.#look(), lookEveryMs)
    const now = clock.now()
    this.#findChanges(now)
    for (const entry of entries.unheard(now, keepEveryMs)) entries.change(entry, 'presence')
    this.#giveUp(now)
    toForget.follow(now)
    void announcer.send()
  }

  #findChanges(now: MonotonicMs): void {
    const { entries } = this.#deps
    for (const entry of entries.all()) {
      const { session } = entry
      if (now - entry.toldAt < changedEveryMs || !session) continue
      // Most have nothing to do, and there may be a hundred thousand.
      const stamp = session.stamp()
      if (stamp === entry.stamp) continue
      entry.stamp = stamp
      if (session.counters() === entry.counters) continue
      entries.change(entry, session.remembered() === entry.remembered ? 'counters' : 'all')
    }
  }

  /** Nobody may have two upstreams for long: what others may have taken over, and whose client is not here, is given up. */
  #giveUp(now: MonotonicMs): void {
    const { entries, toForget, log } = this.#deps
    const silentMs = now - this.#renewedAt
    if (silentMs < giveUpAfterMs || silentMs === Number.POSITIVE_INFINITY) return
    let count = 0
    for (const entry of [...entries.all()]) {
      const { session } = entry
      // Of one that is on its way to another node it is heard from whom it was given to.
      if (!session || entry.isGiven) continue
      const { parkedAt } = session
      // A client that has a connection here may have left it, and be with another node: one that is there answers.
      if (parkedAt === undefined ? session.checkClient(now) : now - parkedAt < giveUpAfterMs) continue
      entries.letGo(entry)
      toForget.addLater(entry, now + entry.forMs)
      count++
    }
    if (count > 0)
      log.warn(
        { sessions: count, silentMs: Math.round(silentMs) },
        'sessions without a client are given up: this node could not announce itself, and others may have them',
      )
  }
}
