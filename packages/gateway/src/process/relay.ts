// Carries connections from workers that leave to those that have their place. What passes here are descriptors and
// plain data, never a byte of a connection.
import type { Logger } from 'pino'
import type { Handle } from '../core/index.ts'
import type { MoveOutcome } from '../worker/index.ts'
import type { WorkerLink } from './worker-link.ts'
import type { MoveMessage } from './worker-pool-deps.ts'

/** Connections on their way to one worker at most: one that does not take them shall not get all there are. */
const maxInTransit = 32

export interface RelayDeps {
  /** Who of those that are not too busy gets the next connection; nobody while there is none. `own`: only this one may. */
  receiver: (isFree: (worker: WorkerLink) => boolean, own?: number) => WorkerLink | undefined
  /** What the connection holds of the limits goes with it. */
  moveAdmission: (from: WorkerLink, to: WorkerLink, admission: number) => void
  /** Nobody has this connection of the route any more, nor will a worker report it. */
  onLost: (route: string) => void
  /** Not of connections of a worker's own, which are nobody's. */
  onSettled: (outcome: MoveOutcome, from: WorkerLink, to: WorkerLink | undefined) => void
  log: Logger
}

interface Transfer {
  /** Between this process and the receiver; the sender has a number of its own. */
  id: number
  from: WorkerLink
  move: number
  to: WorkerLink
  admission: number | undefined
  /** Where it is counted until the next reports. */
  counted: Counted | undefined
  complete: boolean
  own: boolean
  /** Kept open until the receiver has its own. */
  handles: Handle[]
}

/** A route, and as what its snapshot counts the connection. */
type Counted = [route: string, as: 'open' | 'held']
type Sent = Extract<MoveMessage, { type: 'move' }>

export class Relay {
  readonly #deps: RelayDeps
  readonly #transfers = new Map<number, Transfer>()
  #ids = 0

  constructor(deps: RelayDeps) {
    this.#deps = deps
  }

  /** The client's half of a connection, from a worker that leaves. */
  client(from: WorkerLink, sent: Sent, handle: Handle | undefined): void {
    const { move, record, route, upstream, admission, own } = sent
    const to = this.#deps.receiver((worker) => this.#countTo(worker) < maxInTransit, own)
    if (!to || !handle) {
      handle?.close()
      this.#notify(from, undefined, move, to ? 'refused' : 'later', own !== undefined)
      return
    }
    const id = ++this.#ids
    const counted: Counted | undefined = route === undefined ? undefined : [route, upstream ? 'open' : 'held']
    this.#transfers.set(id, {
      id,
      from,
      move,
      to,
      admission,
      counted,
      complete: !upstream,
      own: own !== undefined,
      handles: [handle],
    })
    if (counted) from.shift(...counted, -1)
    to.send({ type: 'adopt', move: id, record, upstream, admission }, handle)
  }

  /** The upstream's half. */
  upstream(from: WorkerLink, move: number, handle: Handle | undefined): void {
    const transfer = [...this.#transfers.values()].find((each) => each.from === from && each.move === move)
    // Its client's half was refused.
    if (!transfer) return handle?.close()
    transfer.complete = true
    if (handle) transfer.handles.push(handle)
    transfer.to.send({ type: 'adopt-upstream', move: transfer.id }, handle)
  }

  /** The receiver has it. */
  adopted(id: number): void {
    const transfer = this.#transfers.get(id)
    if (!transfer) return
    const { from, to, admission } = transfer
    if (admission !== undefined) this.#deps.moveAdmission(from, to, admission)
    this.#settle(transfer, 'moved')
  }

  /** The receiver did not touch it: it goes on where it was. */
  refused(id: number, message: string): void {
    const transfer = this.#transfers.get(id)
    if (!transfer) return
    const { from, to } = transfer
    this.#deps.log.warn({ worker: from.id, to: to.id, error: message }, 'a connection was not taken over')
    this.#settle(transfer, from.state === 'gone' ? 'lost' : 'refused')
  }

  /**
   * A worker has ended, and all that it said has been heard. What it had not adopted by then it has never read: that goes
   * on where it was, and is offered to another.
   */
  gone(worker: WorkerLink): void {
    for (const transfer of [...this.#transfers.values()]) {
      if (transfer.to === worker) this.#settle(transfer, transfer.from.state === 'gone' ? 'lost' : 'later')
      else if (transfer.from === worker && !transfer.complete) {
        // The rest will never come.
        transfer.complete = true
        transfer.to.send({ type: 'adopt-upstream', move: transfer.id })
      }
    }
  }

  /** How many connections of this worker are on their way. */
  countFrom(worker: WorkerLink): number {
    let count = 0
    for (const { from } of this.#transfers.values()) if (from === worker) count++
    return count
  }

  #countTo(worker: WorkerLink): number {
    let count = 0
    for (const { to } of this.#transfers.values()) if (to === worker) count++
    return count
  }

  #settle(transfer: Transfer, outcome: MoveOutcome): void {
    this.#transfers.delete(transfer.id)
    for (const handle of transfer.handles) handle.close()
    const { counted, from, to } = transfer
    if (counted) {
      if (outcome === 'lost') this.#deps.onLost(counted[0])
      else (outcome === 'moved' ? to : from).shift(...counted, 1)
    }
    this.#notify(transfer.from, transfer.to, transfer.move, outcome, transfer.own)
  }

  #notify(
    from: WorkerLink,
    to: WorkerLink | undefined,
    move: number,
    outcome: MoveOutcome,
    own: boolean,
  ): void {
    from.send({ type: 'moved', move, outcome })
    if (!own) this.#deps.onSettled(outcome, from, to)
  }
}
