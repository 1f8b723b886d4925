// Distributes accepted sockets over workers: each to the worker with the fewest. Sockets wait while no worker is ready.
import type { Socket } from 'node:net'
import type { Clock } from '../core/index.ts'
import type { Secured } from '../listen/index.ts'
import type { WorkerLink } from './worker-link.ts'

/**
 * Sockets that wait for a worker at most, and for how many milliseconds. Each costs a file descriptor; a storm of
 * clients that come back at the same moment must find a place here, because the rest is reset.
 */
const maxWaiting = 16_384
const maxWaitMs = 10_000
/** A worker with this many sockets that it has not acknowledged gets no more: its event loop is busy, or stands still. */
const maxUnacked = 64

interface Offer {
  id: number
  listener: string
  socket: Socket
  /** Where a front does TLS with its client: what it has said of that. */
  secured: Secured | undefined
  since: number
}

interface Slot {
  worker: WorkerLink
  /** Open in it, or on their way to it. */
  sockets: number
  /** Sent, but not acknowledged yet; kept for another worker if this one ends. */
  unacked: Map<number, Offer>
  /** When it last got one; the one that waited longest is first among equals. */
  lastTurn: number
  /** Gets none any more. */
  retired: boolean
}

export class SocketBalancer {
  readonly #clock: Clock
  readonly #slots = new Map<WorkerLink, Slot>()
  #waiting: Offer[] = []
  /** Of this process alone: while one supervisor takes another's place both give sockets to the same fronts. */
  #ids = process.pid * 2 ** 24
  #turns = 0
  #dropped = 0
  #sweepTimer: unknown
  readonly #idleWaiters = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Sockets that were closed because no worker took them in time. */
  get dropped(): number {
    return this.#dropped
  }

  /** How many sockets a worker has, as far as is known. */
  socketsOf(worker: WorkerLink): number {
    return this.#slots.get(worker)?.sockets ?? 0
  }

  /** The one of these workers that has the fewest. */
  fewest(workers: readonly WorkerLink[]): WorkerLink | undefined {
    let best = workers[0]
    for (const worker of workers) if (this.socketsOf(worker) < this.socketsOf(best!)) best = worker
    return best
  }

  /** The worker gets sockets from now on, or again. */
  add(worker: WorkerLink): void {
    // Who has ended meanwhile is not removed again, and sockets would wait for it.
    if (worker.state === 'gone') return
    const slot = this.#slots.get(worker)
    if (slot) slot.retired = false
    else this.#slots.set(worker, { worker, sockets: 0, unacked: new Map(), lastTurn: 0, retired: false })
    this.#assignWaiting()
  }

  /** The worker gets no more sockets; those on their way to it are still its own. */
  retire(worker: WorkerLink): void {
    const slot = this.#slots.get(worker)
    if (slot) slot.retired = true
  }

  /** The worker has ended: what it had not acknowledged goes to another. */
  remove(worker: WorkerLink): void {
    const slot = this.#slots.get(worker)
    if (!slot) return
    this.#slots.delete(worker)
    this.#waiting = [...slot.unacked.values(), ...this.#waiting]
    this.#assignWaiting()
  }

  /** Gives the socket to a worker, now or as soon as one is ready. */
  assign(listener: string, socket: Socket, secured?: Secured): void {
    // A reset of the client while its socket waits here is found out by the worker.
    socket.on('error', () => {})
    if (this.#waiting.length >= maxWaiting) {
      this.#drop(socket)
      return
    }
    this.#waiting.push({ id: ++this.#ids, listener, socket, secured, since: this.#clock.now() })
    this.#assignWaiting()
    this.#sweepLater()
  }

  /** The worker has the socket: this process closes its copy. The connection lives on in the worker. */
  acknowledge(worker: WorkerLink, id: number): void {
    const slot = this.#slots.get(worker)
    const offer = slot?.unacked.get(id)
    if (!offer) return
    slot?.unacked.delete(id)
    worker.release(offer.socket)
    this.#assignWaiting()
    if (this.#inTransit === 0) for (const onIdle of [...this.#idleWaiters]) onIdle()
  }

  /** The worker gets a connection from another worker. */
  countMoved(worker: WorkerLink): void {
    const slot = this.#slots.get(worker)
    if (slot) slot.sockets++
  }

  /** The worker says how many it has. */
  update(worker: WorkerLink, sockets: number): void {
    const slot = this.#slots.get(worker)
    if (slot) slot.sockets = sockets + slot.unacked.size
  }

  /** Resolves when every socket has been acknowledged, at the latest after `withinMs`. */
  whenIdle(withinMs: number): Promise<void> {
    if (this.#inTransit === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        this.#idleWaiters.delete(done)
        this.#clock.clearTimeout(timer)
        resolve()
      }
      const timer = this.#clock.setTimeout(done, withinMs)
      this.#idleWaiters.add(done)
    })
  }

  /** Closes all sockets that no worker has taken. */
  close(): void {
    for (const offer of this.#waiting) offer.socket.destroy()
    for (const { unacked } of this.#slots.values())
      for (const offer of unacked.values()) offer.socket.destroy()
    this.#waiting = []
    this.#slots.clear()
    this.#clock.clearTimeout(this.#sweepTimer)
  }

  get #inTransit(): number {
    let count = this.#waiting.length
    for (const { unacked } of this.#slots.values()) count += unacked.size
    return count
  }

  #assignWaiting(): void {
    while (this.#waiting.length > 0) {
      const slot = this.#next()
      if (!slot) return
      const offer = this.#waiting.shift()!
      slot.sockets++
      slot.lastTurn = ++this.#turns
      slot.unacked.set(offer.id, offer)
      const { id, listener, socket, secured } = offer
      slot.worker.send({ type: 'socket', id, listener, ...(secured && { secured }) }, socket)
    }
  }

  #next(): Slot | undefined {
    let best: Slot | undefined
    for (const slot of this.#slots.values()) {
      if (slot.retired || slot.unacked.size >= maxUnacked) continue
      if (
        !best ||
        slot.sockets < best.sockets ||
        (slot.sockets === best.sockets && slot.lastTurn < best.lastTurn)
      )
        best = slot
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
      const late = this.#clock.now() - maxWaitMs
      for (const offer of this.#waiting.filter(({ since }) => since <= late)) this.#drop(offer.socket)
      this.#waiting = this.#waiting.filter(({ since }) => since > late)
      for (const { unacked } of this.#slots.values()) {
        for (const { id, since, socket } of unacked.values()) {
          // If the worker did get it, this closes a copy only.
          if (since <= late && unacked.delete(id)) this.#drop(socket)
        }
      }
      if (this.#inTransit > 0) this.#sweepLater()
    }, 1000)
  }
}
