// The requests of one HTTP/1.1 connection, served one after another. Node reads ahead and would start them all at once.
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Requests that may wait behind the one that is served; then the connection is not read until there are fewer. */
const maxQueued = 16

interface Entry {
  req: IncomingMessage
  res: ServerResponse
  start: () => void
  started: boolean
}

/**
 * RFC 9112 9.3.2: "A server MAY process a sequence of pipelined requests in parallel if they all have safe methods, but it
 * MUST send the corresponding responses in the same order that the requests were received." One at a time is right for all
 * methods, and one client cannot have more of an upstream than its turn.
 */
export class RequestQueue {
  readonly #entries: Entry[] = []
  #onEmpty: (() => void) | undefined
  #paused = false

  /** Requests that are not answered. */
  get size(): number {
    return this.#entries.length
  }

  /** Calls `start` when it is this request's turn; never, when the connection ends before. */
  add(req: IncomingMessage, res: ServerResponse, start: () => void): void {
    const entry: Entry = { req, res, start, started: false }
    this.#entries.push(entry)
    res.once('close', () => this.#answered(entry))
    if (this.#entries.length === 1) this.#begin(entry)
    else if (this.#entries.length > maxQueued && !this.#paused) {
      this.#paused = true
      // Node resumes the socket behind each request of what it has just read.
      process.nextTick(() => this.#paused && req.socket.pause())
    }
  }

  /** The answer that is under way, or the next. */
  get current(): ServerResponse | undefined {
    return this.#entries[0]?.res
  }

  /** The answer of the request that is served, if its body is still coming and nothing has been answered yet. */
  get unread(): ServerResponse | undefined {
    const [entry] = this.#entries
    return entry && this.#entries.length === 1 && !entry.req.complete && !entry.res.headersSent
      ? entry.res
      : undefined
  }

  /** Whether the body of the newest request is still coming. */
  get incomplete(): boolean {
    return this.#entries.at(-1)?.req.complete === false
  }

  /** Calls back when all that are whole are answered, unless the connection ends with the last of them. */
  whenEmpty(callback: () => void): void {
    if (this.incomplete) this.#entries.pop()
    this.#onEmpty = callback
  }

  #begin(entry: Entry): void {
    entry.started = true
    entry.start()
  }

  #answered(entry: Entry): void {
    const index = this.#entries.indexOf(entry)
    if (index < 0) return
    this.#entries.splice(index, 1)
    const { req, res } = entry
    // RFC 9112 9.6: "A server that sends a "close" connection option MUST initiate closure of the connection after it sends
    // the response containing "close". The server MUST NOT process any further requests received on that connection."
    if (!res.shouldKeepAlive || !req.socket.writable) {
      this.#entries.length = 0
      return
    }
    if (this.#paused && this.#entries.length <= maxQueued) {
      this.#paused = false
      req.socket.resume()
    }
    const next = this.#entries[0]
    if (next) {
      // In another turn of the event loop: what one connection has sent at once does not keep all others waiting.
      setImmediate(() => next === this.#entries[0] && !next.started && this.#begin(next))
      return
    }
    // At once: Node lets the socket flow behind each answer, and nobody listens to it any more.
    const callback = this.#onEmpty
    this.#onEmpty = undefined
    callback?.()
  }
}
