import type { Socket } from 'node:net'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** The way to one worker, whether it is a process (fork-worker.ts) or runs beside the supervisor (single-process.ts). */
export interface Channel {
  readonly pid: number
  /**
   * Says something to the worker, with an accepted socket or a bound handle where the message asks for one. A worker
   * that is gone is told nothing; `onExit` says so.
   */
  send(message: ToWorker, handle?: Socket | BoundHandle): void
  onMessage(listener: (message: FromWorker) => void): void
  /** The worker has taken this socket: lets go of the copy here, if there is one. */
  letGo(socket: Socket): void
  /** Called once, with how the worker ended in words for the log; nothing comes from it after that. */
  onExit(listener: (ending: string) => void): void
  /** Ends the worker at once. */
  kill(): void
}

/** A listening address that is bound, but from which this process does not accept. Made by bound-handles.ts. */
export interface BoundHandle {
  close(): void
}
