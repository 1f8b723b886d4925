import type { WorkerLink } from './worker-link.ts'
import type { WorkerPoolDeps } from './worker-pool-deps.ts'

/** Milliseconds in which a worker must be ready. It takes a second, and twenty where much else runs: a start that is cut off then helps nobody. */
const readyWithinMs = 30_000

/** Tells a worker that has started with what to serve. Resolves when it is ready with the options of now; rejects when it ends before. */
export async function configureWorker(
  worker: WorkerLink,
  {
    logging,
    options,
    ticketKeys,
    size,
    node,
  }: Pick<WorkerPoolDeps, 'logging' | 'options' | 'ticketKeys' | 'size' | 'node'>,
): Promise<void> {
  const given = options()
  const keys = ticketKeys()
  await worker.configure(given, logging, readyWithinMs, size, keys, node)
  // What was said before it was ready it may not have heeded.
  if (ticketKeys() !== keys) worker.send({ type: 'ticket-keys', keys: ticketKeys() })
  try {
    // The configuration may have been replaced while the worker started.
    const current = options()
    if (current !== given) await worker.ask('reload', { options: current })
  } catch (error) {
    worker.kill()
    throw error
  }
}
