// The process of one front: started by the supervisor (process/fronts.ts), and following it only. It stands beside worker-main.ts.
import type { SendHandle } from 'node:child_process'
import type { Handle } from './core/index.ts'
import { type FromWorker, Front, type ToWorker } from './worker/index.ts'

const front = new Front({
  post: (message: FromWorker, handle?: Handle) => {
    // What has gone into the channel is open there; a copy that stayed here would keep the client's connection open.
    const sent = () => handle?.close()
    if (process.connected) process.send?.(message, handle as SendHandle | undefined, { keepOpen: true }, sent)
    else sent()
  },
  end: () => process.exit(),
  directory: process.env.HOLDFAST_FRONT ?? '',
})

process.on('message', (message: ToWorker, handle: unknown) => front.receive(message, handle))
process.once('disconnect', () => front.abandon().catch(() => process.exit(1)))
const onFault = (error: unknown) => front.fault(error)
process.on('uncaughtException', onFault)
process.on('unhandledRejection', onFault)
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
// Only the supervisor decides what signals to the whole process group mean.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)
  process.on(signal, () => {})
