// The process of one worker: started by fork-worker.ts, and following its supervisor only. It stands beside index.ts, in
// every version: that is where the supervisor of an earlier one looks for it in a live upgrade.
import type { SendHandle } from 'node:child_process'
import type { Handle } from './core/index.ts'
import { type FromWorker, rehearsalMs, type ToWorker, Worker } from './worker/index.ts'

const worker = new Worker({
  // Without a channel there is nobody to tell: the 'disconnect' listener ends the worker.
  post: (message: FromWorker, handle?: Handle, sent = () => {}) => {
    if (process.connected) process.send?.(message, handle as SendHandle | undefined, undefined, () => sent())
    else sent()
  },
  end: () => process.exit(),
  sessionFolder: process.env.HOLDFAST_SESSIONS,
  rehearsalMs: rehearsalMs(process.env),
})

process.on('message', (message: ToWorker, handle: unknown) => worker.receive(message, handle))
process.once('disconnect', () => worker.abandon().catch(() => process.exit(1)))
// The last line.
const onFault = (error: unknown) => {
  if (!worker.rehearses) process.exitCode = 1
  worker.fault(error)
}
process.on('uncaughtException', onFault)
process.on('unhandledRejection', onFault)

// What the log or a replay module's console.log cannot write any more is lost, and nothing else is.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

// `kill -USR1` may be meant for all processes of a name; without a listener Node would open a port for a debugger.
process.on('SIGUSR1', () => worker.reopenLog())

// Ctrl-C and `kill -- -PGID` reach the whole process group; only the supervisor decides what they mean.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {})
