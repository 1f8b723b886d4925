// What the store hears of a worker's sessions: some hundred in one call, one call at a time, and after no answer none for a while.
import type { Logger } from 'pino'
import { type Clock, type MonotonicMs, ThrottledLine } from '../core/index.ts'
import type { AnnouncedSession, Seal } from '../fleet/index.ts'
import type { SessionAsks } from './session-asks.ts'
import type { SessionEntries, SessionEntry } from './session-entries.ts'
import type { SessionsToForget } from './sessions-to-forget.ts'

/** Milliseconds that a session waits with its beginning until others can find it. */
const beginWithinMs = 300
/** Milliseconds until sessions are announced again after no answer; doubled each time, at most to the second. */
const pauseMs = 50
const longestPauseMs = 5000
/** Sessions of one announcement, and characters of it, about. */
const mostTogether = 250
const longestTogether = 512 * 1024
/** Bytes of a recipe, sealed; of a longer one others know only where the session is. */
const longestRecipe = 4096

/** What a recipe is sealed for. */
export const recipePurpose = (id: string) => `session ${id}`

export interface SessionAnnouncerDeps {
  entries: SessionEntries
  toForget: SessionsToForget
  asks: SessionAsks
  seal: Seal
  /** Other nodes have these, as of a later epoch. */
  onTaken: (sessions: readonly { id: string; epoch: number }[]) => void
  clock: Clock
  log: Logger
}

export class SessionAnnouncer {
  readonly #deps: SessionAnnouncerDeps
  #isSending = false
  /** Nothing is announced until then, after so many milliseconds without an answer. */
  #pausedUntil: MonotonicMs = Number.NEGATIVE_INFINITY
  #pauseMs = 0
  /** A client can cause it at will. */
  readonly #tooLong = new ThrottledLine((times, last) =>
    this.#deps.log.warn(
      { ...(last as object), times },
      'a session has too much to be taken over by another node: long cookies or fields, or what is replayed',
    ),
  )
  #stopped = false

  constructor(deps: SessionAnnouncerDeps) {
    this.#deps = deps
  }

  /** Resolves when others can find it, and soon if they cannot. */
  listed(entry: SessionEntry): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.clock.setTimeout(resolve, beginWithinMs)
      entry.onListed = () => {
        this.#deps.clock.clearTimeout(timer)
        resolve()
      }
      queueMicrotask(() => void this.send())
    })
  }

  /** Announces what is due, one call at a time, and then says what is over. */
  async send(): Promise<void> {
    if (this.#isSending || this.#stopped) return
    const { entries, toForget, asks, onTaken } = this.#deps
    const { due } = entries
    if (this.#isPaused) {
      for (const entry of due) entry.onListed?.()
      return
    }
    this.#isSending = true
    while (due.size > 0 && !this.#stopped) {
      const some = this.#some()
      const answer = await asks.ask({ what: 'announce', forMs: some.forMs, sessions: some.sessions })
      if (answer.what === 'away') {
        this.#pause()
        for (const entry of some.entries) this.#undone(entry)
        for (const entry of due) entry.onListed?.()
        break
      }
      this.goOn()
      for (const entry of some.entries) entry.onListed?.()
      onTaken(answer.taken)
    }
    while (toForget.areThere && !this.#isPaused && !this.#stopped) {
      const sessions = toForget.take(mostTogether)
      const answer = await asks.ask({ what: 'forget', sessions })
      if (answer.what !== 'away') this.goOn()
      else {
        this.#pause()
        toForget.putBack(sessions)
      }
    }
    this.#isSending = false
  }

  /** The store answers: nothing waits until it may be asked again. */
  goOn(): void {
    this.#pauseMs = 0
    this.#pausedUntil = Number.NEGATIVE_INFINITY
  }

  stop(): void {
    this.#stopped = true
  }

  get #isPaused(): boolean {
    return this.#deps.clock.now() < this.#pausedUntil
  }

  #pause(): void {
    this.#pauseMs = Math.min(longestPauseMs, Math.max(pauseMs, 2 * this.#pauseMs))
    this.#pausedUntil = this.#deps.clock.now() + this.#pauseMs
  }

  /** Some of what is due, of sessions that are kept equally long. */
  #some(): { forMs: number; entries: SessionEntry[]; sessions: AnnouncedSession[] } {
    const { due } = this.#deps.entries
    const [first] = due
    const { forMs } = first!
    const entries: SessionEntry[] = []
    const sessions: AnnouncedSession[] = []
    let length = 0
    for (const entry of due) {
      if (entry.forMs !== forMs) continue
      if (entries.length >= mostTogether || length >= longestTogether) break
      const session = this.#written(entry)
      length += (session.recipe?.length ?? 0) + (session.counters?.length ?? 0)
      entries.push(entry)
      sessions.push(session)
      due.delete(entry)
    }
    return { forMs, entries, sessions }
  }

  #written(entry: SessionEntry): AnnouncedSession {
    const { id, epoch, due, session } = entry
    delete entry.due
    entry.toldAt = this.#deps.clock.now()
    const counters = session?.counters()
    if (counters !== undefined) entry.counters = counters
    entry.remembered = session?.remembered()
    const recipe = due === 'all' ? this.#sealed(entry) : undefined
    return {
      ...{ id, epoch },
      ...(recipe !== undefined && { recipe }),
      ...(due !== 'presence' && counters !== undefined && { counters }),
    }
  }

  #sealed({ id, recipe }: SessionEntry): string | undefined {
    const sealed = this.#deps.seal.seal(recipePurpose(id), Buffer.from(recipe()))
    if (sealed.length <= longestRecipe) return sealed
    this.#tooLong.happened({ bytes: sealed.length, most: longestRecipe })
    return undefined
  }

  #undone(entry: SessionEntry): void {
    const { entries } = this.#deps
    if (!entries.has(entry)) return
    // What was heard of it nobody knows: the store may be another one when it is back.
    entries.change(entry, 'all')
    entry.onListed?.()
  }
}
