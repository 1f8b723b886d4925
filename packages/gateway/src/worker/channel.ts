import type { Socket } from 'node:net'
import type { Handle } from '../core/index.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** The way to one worker, whether it is a process (fork-worker.ts) or runs beside the supervisor (single-process.ts). */
export interface Channel {
  readonly pid: number
  /**
   * Says something to the worker, with an accepted socket or a handle where the message asks for one. A worker that is
   * gone is told nothing; `onExit` says so. `sent`: it is on its way, or never will be.
   */
  send(message: ToWorker, handle?: Socket | Handle, sent?: () => void): void
  /** `handle` is the connected socket that came with the message, if one did; it is the listener's to close. */
  onMessage(listener: (message: FromWorker, handle?: Handle) => void): void
  /** The worker has taken this socket: closes the copy here, if there is one. */
  release(socket: Socket): void
  /**
   * Called once, when the worker has ended and all that it said has been heard, with how it ended in words for the log.
   */
  onExit(listener: (ending: string) => void): void
  /** Ends the worker at once. */
  kill(): void
}
