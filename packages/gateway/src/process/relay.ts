// Carries connections from workers that leave to those that have their place. What passes here are descriptors and
// plain data, never a byte of a connection.
import type { Logger } from 'pino'
import type { Handle } from '../core/index.ts'
import type { MoveOutcome } from '../worker/index.ts'
import type { MoveNews } from './crew.ts'
import type { WorkerLink } from './worker-link.ts'

/** Connections on their way to one worker at most: one that does not take them shall not get all there are. */
const onTheirWayAtMost = 32

export interface RelayDeps {
  /** Who of those that are not too busy gets the next connection; nobody while there is none. */
  receiver: (isFree: (worker: WorkerLink) => boolean) => WorkerLink | undefined
  /** What the connection holds of the limits goes with it. */
  moveAdmission: (from: WorkerLink, to: WorkerLink, admission: number) => void
  /** Nobody has this connection of the route any more, nor will a worker report it. */
  onLost: (route: string) => void
  onSettled: (outcome: MoveOutcome, from: WorkerLink, to: WorkerLink | undefined) => void
  log: Logger
}

interface Passage {
  /** Between this process and the receiver; the sender has a number of its own. */
  id: number
  from: WorkerLink
  move: number
  to: WorkerLink
  admission: number | undefined
  /** Where it is counted until the next reports. */
  counted: Counted | undefined
  complete: boolean
  /** Kept open until the receiver has its own. */
  handles: Handle[]
}

/** A route, and as what its snapshot counts the connection. */
type Counted = [route: string, as: 'open' | 'held']
type Sent = Extract<MoveNews, { type: 'move' }>

export class Relay {
  readonly #deps: RelayDeps
  readonly #passages = new Map<number, Passage>()
  #ids = 0

  constructor(deps: RelayDeps) {
    this.#deps = deps
  }

  /** The client's half of a connection, from a worker that leaves. */
  client(from: WorkerLink, sent: Sent, handle: Handle | undefined): void {
    const { move, record, route, upstream, admission } = sent
    const to = this.#deps.receiver((worker) => this.#countTo(worker) < onTheirWayAtMost)
    if (!to || !handle) {
      handle?.close()
      this.#tell(from, undefined, move, to ? 'refused' : 'later')
      return
    }
    const id = ++this.#ids
    const counted: Counted | undefined = route === undefined ? undefined : [route, upstream ? 'open' : 'held']
    this.#passages.set(id, { id, from, move, to, admission, counted, complete: !upstream, handles: [handle] })
    if (counted) from.shift(...counted, -1)
    to.send({ type: 'adopt', move: id, record, upstream, admission }, handle)
  }

  /** The upstream's half. */
  upstream(from: WorkerLink, move: number, handle: Handle | undefined): void {
    const passage = [...this.#passages.values()].find((each) => each.from === from && each.move === move)
    // Its client's half was refused.
    if (!passage) return handle?.close()
    passage.complete = true
    if (handle) passage.handles.push(handle)
    passage.to.send({ type: 'adopt-upstream', move: passage.id }, handle)
  }

  /** The receiver has it. */
  adopted(id: number): void {
    const passage = this.#passages.get(id)
    if (!passage) return
    const { from, to, admission } = passage
    if (admission !== undefined) this.#deps.moveAdmission(from, to, admission)
    this.#settle(passage, 'moved')
  }

  /** The receiver did not touch it: it goes on where it was. */
  refused(id: number, message: string): void {
    const passage = this.#passages.get(id)
    if (!passage) return
    const { from, to } = passage
    this.#deps.log.warn({ worker: from.id, to: to.id, error: message }, 'a connection was not taken over')
    this.#settle(passage, from.state === 'gone' ? 'lost' : 'refused')
  }

  /**
   * A worker has ended, and all that it said has been heard. What it had not adopted by then it has never read: that goes
   * on where it was, and is offered to another.
   */
  gone(worker: WorkerLink): void {
    for (const passage of [...this.#passages.values()]) {
      if (passage.to === worker) this.#settle(passage, passage.from.state === 'gone' ? 'lost' : 'later')
      else if (passage.from === worker && !passage.complete) {
        // The rest will never come.
        passage.complete = true
        passage.to.send({ type: 'adopt-upstream', move: passage.id })
      }
    }
  }

  /** How many connections of this worker are on their way. */
  countFrom(worker: WorkerLink): number {
    let count = 0
    for (const { from } of this.#passages.values()) if (from === worker) count++
    return count
  }

  #countTo(worker: WorkerLink): number {
    let count = 0
    for (const { to } of this.#passages.values()) if (to === worker) count++
    return count
  }

  #settle(passage: Passage, outcome: MoveOutcome): void {
    this.#passages.delete(passage.id)
    for (const handle of passage.handles) handle.close()
    const { counted, from, to } = passage
    if (counted) {
      if (outcome === 'lost') this.#deps.onLost(counted[0])
      else (outcome === 'moved' ? to : from).shift(...counted, 1)
    }
    this.#tell(passage.from, passage.to, passage.move, outcome)
  }

  #tell(from: WorkerLink, to: WorkerLink | undefined, move: number, outcome: MoveOutcome): void {
    from.send({ type: 'moved', move, outcome })
    this.#deps.onSettled(outcome, from, to)
  }
}
