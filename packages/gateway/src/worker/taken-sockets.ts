// The sockets that a worker has taken: which of them may stay, and how many are left, which the supervisor hears.
import type net from 'node:net'
import type { Logger } from 'pino'
import {
  type Clock,
  Descriptors,
  noneRefused,
  type SocketCounts,
  shortageLine,
  ThrottledLine,
} from '../core/index.ts'
import type { Accepted } from '../wire/index.ts'
import type { SinceReport } from './since-report.ts'
import type { FromWorker } from './worker-messages.ts'

/** Milliseconds between two messages about how many sockets are left; each costs as much as a tenth of a connection. */
const leftEveryMs = 25

export interface TakenSocketsDeps {
  post: (message: FromWorker, handle: undefined, sent: () => void) => void
  sinceReport: Pick<SinceReport, 'send'>
  /** How many of the sockets are those of streams that it carries for other workers. */
  carried: () => number
  /** How many connections there are; some came from other workers, and their sockets were not taken here. */
  connections: () => number
  /** The supervisor has been told how many are left. */
  onTold: () => void
  log: Pick<Logger, 'error'>
  clock: Clock
}

export class TakenSockets {
  readonly refused: SocketCounts['refused'] = noneRefused()
  readonly descriptors: Descriptors
  readonly #deps: TakenSocketsDeps
  /** Taken and not closed, nor moved away. */
  #open = 0
  #leftInFlight = false
  /** It has changed since it was last said. */
  #leftChanged = false

  constructor(deps: TakenSocketsDeps) {
    this.#deps = deps
    const shortage = new ThrottledLine((times) => deps.log.error({ times }, shortageLine))
    this.descriptors = new Descriptors((why) => {
      this.refused[why]++
      shortage.happened()
    })
  }

  /** Takes it, unless this process has too many open files: then it is closed. */
  take(socket: net.Socket | Accepted): boolean {
    if (!this.descriptors.admits(socket)) {
      this.reportLeft()
      return false
    }
    this.#open++
    socket.once('close', () => {
      this.#open--
      this.reportLeft()
    })
    return true
  }

  /** How many sockets or connections would be lost if this process ended now. */
  get left(): number {
    // Sockets without a handshake are no connections; connections that came from another worker were not taken here.
    return Math.max(this.#open - this.#deps.carried(), this.#deps.connections())
  }

  /** Tells the supervisor after sockets have closed, all those of a short while in one message. */
  reportLeft(): void {
    const { clock, sinceReport, post, onTold } = this.#deps
    this.#leftChanged = true
    if (this.#leftInFlight) return
    this.#leftInFlight = true
    clock.setTimeout(() => {
      this.#leftChanged = false
      sinceReport.send()
      post({ type: 'left', sockets: this.left }, undefined, () => {
        this.#leftInFlight = false
        if (this.#leftChanged) this.reportLeft()
      })
      onTold()
    }, leftEveryMs)
  }
}
