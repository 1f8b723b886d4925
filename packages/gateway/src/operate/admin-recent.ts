// The latest closes and news, short enough to be read: closes that are the same for an operator are one line.
import { parseReason } from '@holdfast/close-codes'
import type { News, RecentClose } from './admin-frame.ts'
import type { FeedEvent, NumberedEvent } from './events.ts'

/** Lines that are shown. */
const closesAtMost = 30
const newsAtMost = 20
/** Milliseconds after which the same close is a line of its own again. */
const sameWithin = 10_000

type Close = Extract<FeedEvent, { type: 'close' }>

export class RecentEvents {
  /** The newest line first. A line keeps its place while it goes on, so that it can be read. */
  #closes: RecentClose[] = []
  #news: News[] = []
  #unlisted = 0

  /** Takes an event in; true when it is news that should not wait. */
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
        return event.drain.done && this.#addNews(id, event)
      default:
        return this.#addNews(id, event)
    }
  }

  get closes(): RecentClose[] {
    return this.#closes
  }

  get news(): News[] {
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
        at - line.at <= sameWithin,
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
      this.#closes = [line, ...this.#closes].slice(0, closesAtMost)
      return
    }
    same.at = at
    same.closes++
    if (retry !== undefined) Object.assign(same, widen(retry, same.retry))
  }

  #addNews(id: number, event: Exclude<FeedEvent, { type: 'close' | 'dropped' | 'hold' }>): boolean {
    const first = this.#news.findIndex((news) => event.type === 'upgrade' && sameUpgrade(news, event.upgrade))
    // An upgrade is one piece of news, however often its progress is told.
    if (first >= 0) this.#news.splice(first, 1)
    this.#news = [{ id, ...event } as News, ...this.#news].slice(0, newsAtMost)
    return true
  }
}

function sameUpgrade(news: News, { startedAt }: { startedAt: number }): boolean {
  return news.type === 'upgrade' && news.upgrade.startedAt === startedAt
}

function widen(value: number, [least, greatest] = [value, value]): Required<Pick<RecentClose, 'retry'>> {
  return { retry: [Math.min(least, value), Math.max(greatest, value)] }
}
