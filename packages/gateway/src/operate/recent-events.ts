// The latest closes and notable events, short enough to be read: closes that are the same for an operator are one line.
import { parseReason } from '@holdfast/close-codes'
import type { NotableEvent, RecentClose } from './dashboard-frame.ts'
import type { FeedEvent, NumberedEvent } from './events.ts'

/** Lines that are shown. */
const maxCloses = 30
const maxNotable = 20
/** Milliseconds after which the same close is a line of its own again. */
const sameWithinMs = 10_000
/** Milliseconds within which workers report the same drain: each ends it when its own connections have ended. */
const sameDrainWithinMs = 300_000

type Close = Extract<FeedEvent, { type: 'close' }>

export class RecentEvents {
  /** The newest line first. A line keeps its place while it goes on, so that it can be read. */
  #closes: RecentClose[] = []
  #news: NotableEvent[] = []
  /** Workers that have reported the drain of a line. */
  readonly #drainedBy = new WeakMap<NotableEvent, Set<number>>()
  #unlisted = 0

  /** Takes an event in; true when it should be shown at once. */
  add({ id, event }: NumberedEvent): boolean {
    switch (event.type) {
      case 'close':
        this.#addClose(event)
        return false
      case 'dropped':
        this.#unlisted += event.events
        return false
      case 'hold':
        return true
      case 'drain':
        return event.drain.done && this.#addDrain(id, event)
      default:
        return this.#addNotable(id, event)
    }
  }

  get closes(): RecentClose[] {
    return this.#closes
  }

  get news(): NotableEvent[] {
    return this.#news
  }

  get unlisted(): number {
    return this.#unlisted
  }

  #addClose({ at, route, code, by, reason: whole }: Close): void {
    const { text: reason, retry } = parseReason(whole)
    const same = this.#closes.find(
      (line) =>
        line.code === code &&
        line.reason === reason &&
        line.by === by &&
        line.route === route &&
        at - line.at <= sameWithinMs,
    )
    if (!same) {
      const line = {
        since: at,
        at,
        route,
        code,
        by,
        reason,
        closes: 1,
        ...(retry !== undefined && widen(retry)),
      }
      this.#closes = [line, ...this.#closes].slice(0, maxCloses)
      return
    }
    same.at = at
    same.closes++
    if (retry !== undefined) Object.assign(same, widen(retry, same.retry))
  }

  /** Each worker drains its own connections; for the operator it is one drain. */
  #addDrain(id: number, event: Extract<FeedEvent, { type: 'drain' }>): boolean {
    const { at, drain, worker } = event
    // The latest of this scope; what was taken back since was drained anew.
    const line = this.#news.find(
      (each) =>
        (each.type === 'drain' && each.drain.scope === drain.scope) ||
        (each.type === 'undrain' && each.parts.includes(drain.scope)),
    )
    const workers = line && this.#drainedBy.get(line)
    if (line?.type !== 'drain' || !workers || workers.has(worker) || at - line.at > sameDrainWithinMs) {
      this.#addNotable(id, event)
      this.#drainedBy.set(this.#news[0]!, new Set([worker]))
      return true
    }
    workers.add(worker)
    const { total, closed, moved = 0, cut } = line.drain
    line.drain = {
      ...drain,
      total: total + drain.total,
      closed: closed + drain.closed,
      moved: moved + (drain.moved ?? 0),
      cut: cut + drain.cut,
    }
    Object.assign(line, { id, at })
    return true
  }

  #addNotable(id: number, event: Exclude<FeedEvent, { type: 'close' | 'dropped' | 'hold' }>): boolean {
    const first = this.#news.findIndex((each) => event.type === 'upgrade' && sameUpgrade(each, event.upgrade))
    // An upgrade is one line, however often its progress is reported.
    if (first >= 0) this.#news.splice(first, 1)
    this.#news = [{ id, ...event } as NotableEvent, ...this.#news].slice(0, maxNotable)
    return true
  }
}

function sameUpgrade(event: NotableEvent, { startedAt }: { startedAt: number }): boolean {
  return event.type === 'upgrade' && event.upgrade.startedAt === startedAt
}

function widen(value: number, [least, greatest] = [value, value]): Required<Pick<RecentClose, 'retry'>> {
  return { retry: [Math.min(least, value), Math.max(greatest, value)] }
}
