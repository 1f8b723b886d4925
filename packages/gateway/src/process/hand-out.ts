// Hands accepted sockets out to workers: each to the worker with the fewest. Sockets wait while no worker is ready.
import type { Socket } from 'node:net'
import type { Clock } from '../core/index.ts'
import type { WorkerLink } from './worker-link.ts'

/**
 * Sockets that wait for a worker at most, and for how many milliseconds. Each costs a file descriptor; a storm of
 * clients that come back at the same moment must find a place here, because the rest is reset.
 */
const waitingAtMost = 16_384
const waitAtMost = 10_000
/** A worker with so many sockets that it has not taken yet is left alone: its event loop is busy, or stands still. */
const untakenAtMost = 64

interface Offer {
  id: number
  listener: string
  socket: Socket
  since: number
}

interface Hand {
  worker: WorkerLink
  /** Open in it, or on their way to it. */
  sockets: number
  /** Sent, but not taken yet; kept for another worker if this one ends. */
  untaken: Map<number, Offer>
  /** When it last got one; the one that waited longest is first among equals. */
  turn: number
  /** Gets none any more. */
  retired: boolean
}

export class HandOut {
  readonly #clock: Clock
  readonly #hands = new Map<WorkerLink, Hand>()
  #waiting: Offer[] = []
  #ids = 0
  #turns = 0
  #dropped = 0
  #sweepTimer: unknown
  readonly #idlers = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Sockets that were closed because no worker took them in time. */
  get dropped(): number {
    return this.#dropped
  }

  /** How many sockets a worker has, as far as is known. */
  socketsOf(worker: WorkerLink): number {
    return this.#hands.get(worker)?.sockets ?? 0
  }

  /** The one of these workers that has the fewest. */
  fewest(workers: readonly WorkerLink[]): WorkerLink | undefined {
    let best = workers[0]
    for (const worker of workers) if (this.socketsOf(worker) < this.socketsOf(best!)) best = worker
    return best
  }

  /** The worker gets sockets from now on. */
  add(worker: WorkerLink): void {
    this.#hands.set(worker, { worker, sockets: 0, untaken: new Map(), turn: 0, retired: false })
    this.#serve()
  }

  /** The worker gets no more sockets; those on their way to it are still its own. */
  retire(worker: WorkerLink): void {
    const hand = this.#hands.get(worker)
    if (hand) hand.retired = true
  }

  /** The worker has ended: what it had not taken goes to another. */
  remove(worker: WorkerLink): void {
    const hand = this.#hands.get(worker)
    if (!hand) return
    this.#hands.delete(worker)
    this.#waiting = [...hand.untaken.values(), ...this.#waiting]
    this.#serve()
  }

  /** Gives the socket to a worker, now or as soon as one is ready. */
  give(listener: string, socket: Socket): void {
    // A reset of the client while its socket waits here is found out by the worker.
    socket.on('error', () => {})
    if (this.#waiting.length >= waitingAtMost) {
      this.#drop(socket)
      return
    }
    this.#waiting.push({ id: ++this.#ids, listener, socket, since: this.#clock.now() })
    this.#serve()
    this.#sweepLater()
  }

  /** The worker has the socket: this process lets go of its copy. The connection lives on in the worker. */
  taken(worker: WorkerLink, id: number): void {
    const hand = this.#hands.get(worker)
    const offer = hand?.untaken.get(id)
    if (!offer) return
    hand?.untaken.delete(id)
    worker.letGo(offer.socket)
    this.#serve()
    if (this.#onTheirWay === 0) for (const idler of [...this.#idlers]) idler()
  }

  /** The worker gets a connection from another worker. */
  moved(worker: WorkerLink): void {
    const hand = this.#hands.get(worker)
    if (hand) hand.sockets++
  }

  /** The worker says how many it has. */
  left(worker: WorkerLink, sockets: number): void {
    const hand = this.#hands.get(worker)
    if (hand) hand.sockets = sockets + hand.untaken.size
  }

  /** Resolves when every socket has been taken, at the latest after so many milliseconds. */
  settle(within: number): Promise<void> {
    if (this.#onTheirWay === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        this.#idlers.delete(done)
        this.#clock.clearTimeout(timer)
        resolve()
      }
      const timer = this.#clock.setTimeout(done, within)
      this.#idlers.add(done)
    })
  }

  /** Closes all sockets that no worker has taken. */
  close(): void {
    for (const offer of this.#waiting) offer.socket.destroy()
    for (const { untaken } of this.#hands.values())
      for (const offer of untaken.values()) offer.socket.destroy()
    this.#waiting = []
    this.#hands.clear()
    this.#clock.clearTimeout(this.#sweepTimer)
  }

  get #onTheirWay(): number {
    let count = this.#waiting.length
    for (const { untaken } of this.#hands.values()) count += untaken.size
    return count
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const hand = this.#next()
      if (!hand) return
      const offer = this.#waiting.shift()!
      hand.sockets++
      hand.turn = ++this.#turns
      hand.untaken.set(offer.id, offer)
      hand.worker.send({ type: 'socket', id: offer.id, listener: offer.listener }, offer.socket)
    }
  }

  #next(): Hand | undefined {
    let best: Hand | undefined
    for (const hand of this.#hands.values()) {
      if (hand.retired || hand.untaken.size >= untakenAtMost) continue
      if (!best || hand.sockets < best.sockets || (hand.sockets === best.sockets && hand.turn < best.turn))
        best = hand
    }
    return best
  }

  #drop(socket: Socket): void {
    this.#dropped++
    socket.destroy()
  }

  /** One timer while anything is on its way: what has waited too long is closed. */
  #sweepLater(): void {
    this.#sweepTimer ??= this.#clock.setTimeout(() => {
      this.#sweepTimer = undefined
      const late = this.#clock.now() - waitAtMost
      for (const offer of this.#waiting.filter(({ since }) => since <= late)) this.#drop(offer.socket)
      this.#waiting = this.#waiting.filter(({ since }) => since > late)
      for (const { untaken } of this.#hands.values()) {
        for (const { id, since, socket } of untaken.values()) {
          // If the worker did get it, this closes a copy only.
          if (since <= late && untaken.delete(id)) this.#drop(socket)
        }
      }
      if (this.#onTheirWay > 0) this.#sweepLater()
    }, 1000)
  }
}
