// The latest closes and notable events, short enough to be read: closes that are the same for an operator are one line.
import { parseReason } from '@holdfast/close-codes'
import type { NotableEvent, RecentClose } from './dashboard-frame.ts'
import type { FeedEvent, NumberedEvent } from './events.ts'

/** Lines that are shown. */
const maxCloses = 30
const maxNotable = 20
/** Milliseconds after which the same close is a line of its own again. */
const sameWithinMs = 10_000

type Close = Extract<FeedEvent, { type: 'close' }>

export class RecentEvents {
  /** The newest line first. A line keeps its place while it goes on, so that it can be read. */
  #closes: RecentClose[] = []
  #news: NotableEvent[] = []
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
    const { at, drain } = event
    const line = this.#news.find(
      (each) => each.type === 'drain' && each.drain.id === drain.id && each.drain.scope === drain.scope,
    )
    if (line?.type !== 'drain' || drain.id === undefined) return this.#addNotable(id, event)
    // A worker that was started since had nothing to do for it.
    if (drain.total === 0) return false
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
