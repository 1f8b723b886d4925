// The clients of a story: each sends numbered messages and waits for their echoes.
import { ReconnectingWebSocket } from '@holdfast/client'
import { ReconnectingWebSocket as ResumingWebSocket } from '@holdfast/client/resume'
import { WebSocket } from 'ws'
import type { Tally } from './tally.ts'

/** What kind of client connects. */
export type Connect = (url: string) => WebSocket | ReconnectingWebSocket

/** Comes back when its connection ends, as the close code advises. */
export const returning: Connect = (url) =>
  // Here one restart follows another within seconds: every connection counts as one that lived.
  new ReconnectingWebSocket(url, [], { WebSocket, minUptime: 0 })

/** The same, and goes on with its session when only the network breaks. */
export const resuming: Connect = (url) => {
  // A network that is away for a second is soon tried again.
  const retry = () => 200 + 200 * Math.random()
  return new ResumingWebSocket(url, [], { WebSocket, resume: true, retry })
}

/** Knows nothing of returns: when its connection ends, it is away. The demo's certificate is nobody's. */
export const ordinary: Connect = (url) => new WebSocket(url, { rejectUnauthorized: false })

/** Least milliseconds between two messages of a client; with many clients about a thousand messages a second in all. */
const often = 100

/** Milliseconds that the last echoes may take. */
const lastEchoes = 2000

/** How many clients connect at a time: an arrival all at once is not what the story is about. */
const batch = 100

export class Crowd {
  readonly #connect: () => ReturnType<Connect>
  readonly #tally: Tally
  readonly #clients: Talker[] = []
  readonly #watchers = new Set<() => void>()

  /** The clients connect to these in turn. */
  constructor(urls: readonly string[], connect: Connect, tally: Tally) {
    this.#connect = () => connect(urls[this.#clients.length % urls.length]!)
    this.#tally = tally
  }

  /** Lets all clients come. Whether they are connected, at the latest after `limit` milliseconds. */
  async gather(limit: number): Promise<boolean> {
    const { clients } = this.#tally
    const signal = AbortSignal.timeout(limit)
    const everyMs = Math.max(often, clients)
    while (this.#clients.length < clients && !signal.aborted) {
      const more = Math.min(batch, clients - this.#clients.length)
      for (let i = 0; i < more; i++)
        this.#clients.push(new Talker(this.#connect(), everyMs, this.#tally, this.#changed))
      await this.#until(() => this.#tally.open === this.#clients.length, limit)
    }
    return this.#tally.open === clients
  }

  /** Whether all are connected, at the latest after `limit` milliseconds. */
  allOpen(limit: number): Promise<boolean> {
    return this.#until(() => this.#tally.open === this.#tally.clients, limit)
  }

  /** Sends no more, and waits for the echoes that are still to come. */
  async hush(): Promise<void> {
    for (const client of this.#clients) client.hush()
    await this.#until(() => this.#tally.sent === this.#tally.received + this.#tally.lost, lastEchoes)
  }

  /** Disconnects all; the tally does not count that. */
  leave(): void {
    for (const client of this.#clients) client.leave()
  }

  #changed = (): void => {
    for (const watcher of this.#watchers) watcher()
  }

  #until(holds: () => boolean, limit: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#watchers.delete(check)
        resolve(holds())
      }
      const check = () => holds() && end()
      const timer = setTimeout(end, limit)
      this.#watchers.add(check)
      check()
    })
  }
}

class Talker {
  readonly #socket: ReturnType<Connect>
  readonly #everyMs: number
  readonly #tally: Tally
  readonly #changed: () => void
  #timer: NodeJS.Timeout | undefined
  #next = 0
  /** The latest message whose echo has come. */
  #latest = -1
  #open = false
  /** When each message was said: those that the socket keeps until it is connected, */
  readonly #waiting = new Map<number, number>()
  /** and those that were given to the connection and not echoed yet. */
  readonly #underway = new Map<number, number>()

  constructor(socket: ReturnType<Connect>, everyMs: number, tally: Tally, changed: () => void) {
    this.#socket = socket
    this.#everyMs = everyMs
    this.#tally = tally
    this.#changed = changed
    socket.onopen = () => this.#opened()
    socket.onmessage = ({ data }: { data: unknown }) => this.#heard(Number(data))
    socket.onclose = ({ code }: { code: number }) => this.#closed(code)
    socket.onerror = () => {}
  }

  hush(): void {
    clearInterval(this.#timer)
  }

  leave(): void {
    this.hush()
    this.#socket.onclose = null
    this.#socket.close()
  }

  #speak(): void {
    const number = this.#next++
    if (this.#socket.readyState === WebSocket.OPEN) this.#give(number, performance.now())
    else this.#waiting.set(number, performance.now())
    this.#socket.send(String(number))
  }

  #give(number: number, at: number): void {
    this.#underway.set(number, at)
    this.#tally.sent++
  }

  #opened(): void {
    this.#open = true
    this.#tally.open++
    if (this.#timer) this.#tally.returns.push(performance.now())
    else this.#timer = setInterval(() => this.#speak(), this.#everyMs)
    // The socket has just given them to the connection.
    for (const [number, at] of this.#waiting) this.#give(number, at)
    this.#waiting.clear()
    this.#changed()
  }

  #heard(number: number): void {
    const tally = this.#tally
    const at = this.#underway.get(number)
    if (at === undefined) tally.doubled++
    else {
      this.#underway.delete(number)
      tally.received++
      tally.longestPause = Math.max(tally.longestPause, performance.now() - at)
      if (number < this.#latest) tally.reordered++
      this.#latest = Math.max(this.#latest, number)
    }
    this.#changed()
  }

  #closed(code: number): void {
    const { closes } = this.#tally
    closes.set(code, (closes.get(code) ?? 0) + 1)
    this.#tally.lost += this.#underway.size
    this.#underway.clear()
    if (this.#open) this.#tally.open--
    this.#open = false
    this.#changed()
  }
}
