// The events, and the frames of the operator's page, as Server-Sent Events (WHATWG HTML, section 9.2).
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../core/index.ts'
import type { DashboardFeed } from './dashboard-feed.ts'
import type { EventFeed, NumberedEvent } from './events.ts'

/** Bytes that may wait for a slow watcher; then its connection is cut, and it comes back where it was. */
const maxBacklogBytes = 256 * 1024
/** Milliseconds between comments that keep the stream alive through proxies. */
const heartbeatEveryMs = 15_000
/** Milliseconds in which a watcher must have taken the rest of a stream that has ended. */
const flushWithinMs = 2_000
/** Watchers at the same time. */
export const maxWatchers = 32

/** Whether the watcher may still see what it was let in for. */
export type StillAllowed = () => boolean

export class EventStreams {
  readonly #feed: EventFeed
  readonly #frames: DashboardFeed
  readonly #clock: Clock
  readonly #open = new Set<() => void>()

  constructor(feed: EventFeed, frames: DashboardFeed, clock: Clock) {
    this.#feed = feed
    this.#frames = frames
    this.#clock = clock
  }

  get full(): boolean {
    return this.#open.size >= maxWatchers
  }

  /** Streams events until the watcher leaves; first those after its Last-Event-ID. */
  serveEvents(request: IncomingMessage, response: ServerResponse, allowed: StillAllowed): void {
    this.#serve(response, allowed, (write) => {
      const unwatch = this.#feed.watch((event) => write(format(event)))
      const last = Number(request.headers['last-event-id'])
      if (Number.isSafeInteger(last) && last > 0)
        for (const event of this.#feed.after(last)) write(format(event))
      return unwatch
    })
  }

  /** Streams frames until the watcher leaves; the first is whole. */
  serveFrames(response: ServerResponse, allowed: StillAllowed): void {
    this.#serve(response, allowed, (write) =>
      this.#frames.watch((frame) => write(`event: frame\ndata: ${frame}\n\n`)),
    )
  }

  /** Ends all streams. */
  close(): void {
    for (const end of [...this.#open]) end()
  }

  #serve(
    response: ServerResponse,
    allowed: StillAllowed,
    watch: (write: (text: string) => void) => () => void,
  ): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
    let unwatch = () => {}
    let timer: unknown
    const end = () => {
      if (!this.#open.delete(end)) return
      unwatch()
      this.#clock.clearTimeout(timer)
      response.end()
      if (response.destroyed) return
      // Its place is free from now on, so that what waits for it must not outlive it by long.
      const cut = this.#clock.setTimeout(() => response.destroy(), flushWithinMs)
      response.once('close', () => this.#clock.clearTimeout(cut))
    }
    const write = (text: string) => {
      if (!this.#open.has(end)) return
      if (!allowed()) return end()
      response.write(text)
      if (response.writableLength <= maxBacklogBytes) return
      end()
      response.destroy()
    }
    const heartbeat = () => {
      timer = this.#clock.setTimeout(heartbeat, heartbeatEveryMs)
      write(': still here\n\n')
    }
    this.#open.add(end)
    response.once('close', end)
    heartbeat()
    const undo = watch(write)
    if (this.#open.has(end)) unwatch = undo
    else undo()
  }
}

function format({ id, event }: NumberedEvent): string {
  // JSON has no raw line break: one data line is enough.
  return `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}
