// Requests that no route serves: counted, and one of them in the log once a minute.
import type { Logger } from 'pino'
import { type RouteOptions, ThrottledLine, type Unrouted } from '../core/index.ts'
import { routeHint } from './route-hint.ts'

/** Milliseconds between two lines of the log. */
const lineEveryMs = 60_000

interface Seen {
  kind: keyof Unrouted
  host: string
  target: string
}

export class UnroutedRequests {
  readonly #counts: Unrouted = { handshakes: 0, requests: 0 }
  readonly #line: ThrottledLine

  constructor(log: Logger, routes: () => readonly RouteOptions[]) {
    this.#line = new ThrottledLine((times, seen) => {
      const { kind, host, target } = seen as Seen
      const words = routeHint(routes(), host, target)
      const what = kind === 'handshakes' ? 'WebSocket handshakes' : 'requests'
      log.warn({ ...words, times }, `no route for ${what}: answered with 404`)
    }, lineEveryMs)
  }

  get counts(): Unrouted {
    return { ...this.#counts }
  }

  happened(kind: keyof Unrouted, host: string, target: string): void {
    this.#counts[kind]++
    const seen: Seen = { kind, host, target }
    this.#line.happened(seen)
  }
}
