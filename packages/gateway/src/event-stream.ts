// The events as Server-Sent Events (WHATWG HTML, section 9.2).
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from './clock.ts'
import type { EventFeed, NumberedEvent } from './events.ts'

/** Bytes that may wait for a slow watcher; then its stream ends, and it comes back where it was. */
const backlogAtMost = 256 * 1024
/** Milliseconds between comments that keep the stream alive through proxies. */
const heartbeatEvery = 15_000
/** Watchers at the same time. */
export const watchersAtMost = 32

export class EventStreams {
  readonly #feed: EventFeed
  readonly #clock: Clock
  readonly #open = new Set<() => void>()

  constructor(feed: EventFeed, clock: Clock) {
    this.#feed = feed
    this.#clock = clock
  }

  get full(): boolean {
    return this.#open.size >= watchersAtMost
  }

  /** Streams events until the watcher leaves; first those after its Last-Event-ID. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
    const write = (text: string) => {
      response.write(text)
      if (response.writableLength > backlogAtMost) end()
    }
    const unwatch = this.#feed.watch((event) => write(format(event)))
    let timer: unknown
    const beat = () => {
      write(': still here\n\n')
      timer = this.#clock.setTimeout(beat, heartbeatEvery)
    }
    const end = () => {
      unwatch()
      this.#clock.clearTimeout(timer)
      this.#open.delete(end)
      response.end()
    }
    this.#open.add(end)
    response.once('close', end)
    beat()
    const last = Number(request.headers['last-event-id'])
    if (Number.isSafeInteger(last) && last > 0)
      for (const event of this.#feed.after(last)) write(format(event))
  }

  /** Ends all streams. */
  close(): void {
    for (const end of [...this.#open]) end()
  }
}

function format({ id, event }: NumberedEvent): string {
  // JSON has no raw line break: one data line is enough.
  return `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}
