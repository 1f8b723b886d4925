// The sessions of a worker that others can find, and what of each they have not been told yet.
import { randomBytes } from 'node:crypto'
import type { MonotonicMs } from '../core/index.ts'
import { type ListedSession, TokenSeries } from '../resume/index.ts'
import { SessionGroups } from './session-groups.ts'

export interface SessionEntry {
  id: string
  forMs: number
  epoch: number
  series: TokenSeries
  recipe: () => string
  session?: ListedSession
  /** What is to be announced of it: all, what it has counted, or only that it is there. */
  due?: 'all' | 'counters' | 'presence'
  /** What was last announced. */
  counters: string
  stamp?: number
  remembered?: string | undefined
  toldAt: MonotonicMs
  /** It is on its way to another node. */
  isGiven?: boolean
  /** That node has it as far as the store goes, and has said that it does not go on with it. */
  refusedBy?: string | undefined
  /** Called when others can find it, or when that cannot be said. */
  onListed?: () => void
}

export class SessionEntries {
  readonly #entries = new Map<string, SessionEntry>()
  readonly #groups = new SessionGroups()
  /** Those with something to be announced. */
  readonly due = new Set<SessionEntry>()

  get(id: string): SessionEntry | undefined {
    return this.#entries.get(id)
  }

  /** It is this one that is there, and not a later one of the same session. */
  has(entry: SessionEntry): boolean {
    return this.#entries.get(entry.id) === entry
  }

  all(): Iterable<SessionEntry> {
    return this.#entries.values()
  }

  /** A session that is about to begin. */
  begin(forMs: number, recipe: (series: TokenSeries) => string): SessionEntry {
    const id = this.#groups.next(forMs)
    const series = new TokenSeries(id, randomBytes(32))
    const make = () => recipe(series)
    const entry: SessionEntry = { id, forMs, epoch: 0, series, recipe: make, counters: '', toldAt: 0 }
    this.#entries.set(id, entry)
    this.change(entry, 'all')
    return entry
  }

  /** A session that was taken over; the store knows of it. */
  adopt(taken: Pick<SessionEntry, 'series' | 'forMs' | 'epoch' | 'counters' | 'recipe'>): SessionEntry {
    const { id } = taken.series
    const before = this.#entries.get(id)
    if (before) this.letGo(before)
    const entry: SessionEntry = { ...taken, id, toldAt: 0 }
    this.#entries.set(id, entry)
    this.#groups.adopt(id, entry.forMs)
    return entry
  }

  change(entry: SessionEntry, due: NonNullable<SessionEntry['due']>): void {
    if (entry.due !== 'all') entry.due = due
    this.due.add(entry)
  }

  /** False: it is not there, and perhaps a later one of the same session is. */
  remove(entry: SessionEntry): boolean {
    if (!this.has(entry)) return false
    this.#entries.delete(entry.id)
    this.due.delete(entry)
    this.#groups.release(entry.id)
    return true
  }

  /** Another node has it, or may have by now. */
  letGo(entry: SessionEntry): void {
    this.remove(entry)
    entry.session?.takenOver()
  }

  /** One of each group that was not asked for so long. */
  *unheard(now: MonotonicMs, everyMs: number): Iterable<SessionEntry> {
    for (const id of this.#groups.unheard(now, everyMs)) {
      const entry = this.#entries.get(id)
      if (entry) yield entry
    }
  }
}
