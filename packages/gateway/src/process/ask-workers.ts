// Questions to many workers at once: what one of them does not answer keeps nobody from the answers of the others.
import type { Logger } from 'pino'
import type { Clock, GatewayError, GatewayOptions } from '../core/index.ts'
import type { Requests, RequestType } from '../worker/index.ts'
import type { WorkerLink } from './worker-link.ts'

/** About a worker that does not answer in a reload. */
const silentWorkerHint = 'one that stands still is replaced after half a minute: reload again then'

/** What one of them said. */
export interface Answered<T extends RequestType> {
  worker: WorkerLink
  answer: Requests[T]['answer']
}

/** Asks each of these. A worker that does not answer is left out and logged. */
export async function askWorkers<T extends RequestType>(
  workers: readonly WorkerLink[],
  type: T,
  ask: Requests[T]['ask'],
  { withinMs, log }: { withinMs?: number | undefined; log: Pick<Logger, 'warn'> },
): Promise<Answered<T>[]> {
  const asked = workers.map(async (worker) => ({
    worker,
    answer: await worker.ask(type, ask, { timeoutMs: withinMs }),
  }))
  const results = await Promise.allSettled(asked)
  return results.flatMap((result) => {
    if (result.status === 'fulfilled') return [result.value]
    log.warn({ error: result.reason.message }, 'a worker did not answer')
    return []
  })
}

/**
 * Has every worker load what a reload needs; nothing changes. The result says why it cannot be: a worker that does not
 * answer would go on with the old configuration while the others have the new one, and what one ends by, or has a
 * fault by, would end the others, too. One that has moved all that it had, and was told to end, is asked in vain.
 */
export async function prepareReload(
  workers: readonly WorkerLink[],
  options: GatewayOptions,
  withinMs: number,
  isStopped: (worker: WorkerLink) => boolean,
): Promise<string[]> {
  const asked = workers.map(async (worker) => {
    try {
      const { state } = worker
      await worker.ask('prepare-reload', { options }, { timeoutMs: withinMs })
      return worker.state === state || isStopped(worker) ? [] : [failedMeanwhile(worker)]
    } catch (error) {
      if (isStopped(worker)) return []
      if (worker.state === 'gone') return [failedMeanwhile(worker)]
      const { code, message } = error as GatewayError
      return [code === 'worker_silent' ? `${message}; ${silentWorkerHint}` : message]
    }
  })
  return [...new Set((await Promise.all(asked)).flat())]
}

function failedMeanwhile({ id }: WorkerLink): string {
  return `worker ${id} failed while it loaded what the configuration names: see the log, and reload again`
}

/** Has each of these report; of one that does not within `withinMs`, the last report stays. */
export async function refreshWorkers(
  workers: readonly WorkerLink[],
  withinMs: number,
  clock: Clock,
): Promise<void> {
  const all = Promise.allSettled(workers.map((worker) => worker.refresh()))
  await new Promise<void>((resolve) => {
    const timer = clock.setTimeout(resolve, withinMs)
    void all.then(() => {
      clock.clearTimeout(timer)
      resolve()
    })
  })
}
