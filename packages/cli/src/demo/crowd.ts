// The clients of the main story: each sends numbered messages and waits for their echoes.
import { ReconnectingWebSocket } from '@holdfast/client'
import { WebSocket } from 'ws'
import type { Tally } from './tally.ts'

/** Least milliseconds between two messages of a client; with many clients about a thousand messages a second in all. */
const often = 100

/** Milliseconds that the last echoes may take. */
const lastEchoes = 2000

/** So many clients connect at a time: an arrival all at once is not what the story is about. */
const batch = 100

export class Crowd {
  readonly #url: string
  readonly #tally: Tally
  readonly #clients: Talker[] = []
  readonly #watchers = new Set<() => void>()

  constructor(url: string, tally: Tally) {
    this.#url = url
    this.#tally = tally
  }

  /** Lets all clients come. Whether they are connected, at the latest after `limit` milliseconds. */
  async gather(limit: number): Promise<boolean> {
    const { clients } = this.#tally
    const signal = AbortSignal.timeout(limit)
    const every = Math.max(often, clients)
    while (this.#clients.length < clients && !signal.aborted) {
      const more = Math.min(batch, clients - this.#clients.length)
      for (let i = 0; i < more; i++)
        this.#clients.push(new Talker(this.#url, every, this.#tally, this.#changed))
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
  readonly #socket: ReconnectingWebSocket
  readonly #timer: NodeJS.Timeout
  readonly #tally: Tally
  readonly #changed: () => void
  readonly #left = new AbortController()
  #next = 0
  #open = false
  #wasOpen = false
  /** Kept by the socket until it is connected. */
  readonly #waiting: number[] = []
  /** Given to the connection, not yet echoed. */
  readonly #underway = new Set<number>()

  constructor(url: string, every: number, tally: Tally, changed: () => void) {
    this.#tally = tally
    this.#changed = changed
    // Here one restart follows another within seconds: every connection counts as one that lived.
    this.#socket = new ReconnectingWebSocket(url, [], { WebSocket, minUptime: 0 })
    this.#timer = setInterval(() => this.#speak(), every)
    const { signal } = this.#left
    this.#socket.addEventListener('open', () => this.#opened(), { signal })
    this.#socket.addEventListener('message', ({ data }) => this.#heard(Number(data)), { signal })
    this.#socket.addEventListener('close', ({ code }) => this.#closed(code), { signal })
  }

  hush(): void {
    clearInterval(this.#timer)
  }

  leave(): void {
    this.hush()
    this.#left.abort()
    this.#socket.close()
  }

  #speak(): void {
    const number = this.#next++
    if (this.#socket.readyState === ReconnectingWebSocket.OPEN) this.#give(number)
    else this.#waiting.push(number)
    this.#socket.send(String(number))
  }

  #give(number: number): void {
    this.#underway.add(number)
    this.#tally.sent++
  }

  #opened(): void {
    this.#open = true
    this.#tally.open++
    if (this.#wasOpen) this.#tally.returns.push(performance.now())
    this.#wasOpen = true
    // The socket has just given them to the connection.
    for (const number of this.#waiting.splice(0)) this.#give(number)
    this.#changed()
  }

  #heard(number: number): void {
    if (this.#underway.delete(number)) this.#tally.received++
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
