// A worker beside the supervisor, in the same process: for runtimes that cannot hand sockets to other processes (Bun),
// and for tests.

import type { Handle } from '../core/index.ts'
import { type Channel, type FromWorker, Worker } from '../worker/index.ts'

/** True where `forkWorker` works. */
export const canFork = !process.versions.bun

/** Starts a worker in this process. `kill` ends it at once, with all of its connections. */
export function inProcessWorker(): Channel {
  let onMessage: (message: FromWorker, handle?: Handle) => void = () => {}
  let onExit: (ending: string) => void = () => {}
  let ended = false
  const worker = new Worker({
    // Later, as from another process: no callback runs before the call that asked for it has returned.
    post: (message, handle, sent = () => {}) =>
      queueMicrotask(() => {
        onMessage(message, handle)
        sent()
      }),
    end: () => {
      if (ended) return
      ended = true
      setImmediate(() => onExit('stopped'))
    },
  })
  return {
    pid: process.pid,
    send: (message, handle, sent) => {
      if (!ended) worker.receive(message, handle)
      sent?.()
    },
    onMessage: (listener) => {
      onMessage = listener
    },
    // Both have the same one.
    release: () => {},
    onExit: (listener) => {
      onExit = listener
    },
    kill: () => worker.stop(),
  }
}
