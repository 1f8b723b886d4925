// A new version is tried: its workers get a few connections, and one of the gateway's own. What speaks against it.
import type { Logger } from 'pino'
import { type Clock, GatewayError } from '../core/index.ts'
import type { WorkerLink } from './worker-link.ts'

/** Milliseconds that new workers have the first connections for, before they get the others. */
const trialMs = 2500
/** Milliseconds in which an old worker must have tried the new ones with a connection of its own. */
const ownWithinMs = 15_000

/** Which part of these may end without a Close meanwhile: clients that leave. */
const mayLeave = 0.2

/** The new workers, and what one of them has done meanwhile. */
export interface Trial {
  readonly workers: readonly WorkerLink[]
  fault?: string
}

export interface TrialDeps {
  /** Those that have the connections. */
  old: readonly WorkerLink[]
  /** Which part of them moves, from 0 to 1. */
  share: number
  /** Where the sockets are to what does not move. Absent: nothing is carried. */
  carry?: { directory: string } | undefined
  /**
   * Where the sockets are of a connection of the gateway's own.
   *
   * @throws {Error} There can be none.
   */
  directory: () => string
  log: Pick<Logger, 'warn'>
  clock: Clock
}

/** Has the old workers move a few of their connections, and waits. The result is what is wrong with the new ones. */
export async function tryWorkers(trial: Trial, deps: TrialDeps): Promise<string | undefined> {
  const { old, share, carry, clock } = deps
  const { workers } = trial
  const asked = old.map((worker) =>
    worker.ask('move-canaries', { share, ...(carry && { carry }) }).then(
      ({ outcomes }) => ({ worker, outcomes }),
      // An old worker that stands still moves what it has when it goes on.
      () => undefined,
    ),
  )
  const answers = (await Promise.all(asked)).filter((answer) => answer !== undefined)
  const counts = answers.map(({ outcomes }) => outcomes).reduce<Record<string, number>>(addCounts, {})
  const moved = counts.moved ?? 0
  const own = tryWithOwn(workers, { ...deps, old: answers.map(({ worker }) => worker) })
  if (moved > 0) await new Promise<void>((resolve) => clock.setTimeout(resolve, trialMs))
  const fault = await own
  return whyBad(workers) ?? trial.fault ?? fault ?? (await whySick(workers, moved)) ?? whyNot(counts)
}

/** Has each new worker tried with a connection of an old one's own. */
async function tryWithOwn(
  newWorkers: readonly WorkerLink[],
  { old, carry, directory, log }: TrialDeps,
): Promise<string | undefined> {
  if (!newWorkers.every(({ takesOwn }) => takesOwn)) return undefined
  const asked = old.map(async (worker, i) => {
    try {
      const workers = newWorkers.filter((_, at) => at % old.length === i).map(({ id }) => id)
      const ask = { directory: carry?.directory ?? directory(), workers }
      return (await worker.ask('try-with-own', ask, { timeoutMs: ownWithinMs })).fault
    } catch (error) {
      log.warn(
        { worker: worker.id, error: (error as Error).message },
        'the new version was not tried with a connection of the gateway itself',
      )
      return undefined
    }
  })
  return (await Promise.all(asked)).find((fault) => fault !== undefined)
}

/** Whether new workers answer, and how the connections ended that they were tried with. */
async function whySick(workers: readonly WorkerLink[], moved: number): Promise<string | undefined> {
  try {
    // Not shared with a question that waits already: it may wait for long.
    const asked = workers.map(async (worker) => {
      worker.report = await worker.ask('snapshot', {})
    })
    await Promise.all(asked)
  } catch (error) {
    return (error as Error).message
  }
  const routes = workers.flatMap(({ report }) => report?.snapshot.routes ?? [])
  return whyBadCloses(
    routes.map(({ counters }) => counters.closes).reduce<Record<string, number>>(addCounts, {}),
    moved,
  )
}

export function whyBad(workers: readonly WorkerLink[]): string | undefined {
  if (workers.some(({ state }) => state === 'gone')) return 'a new worker has ended'
  return workers.some(({ state }) => state !== 'ready') ? 'a new worker had a fault' : undefined
}

function whyNot({ lost = 0, refused = 0, later = 0 }: Record<string, number>): string | undefined {
  const count = lost + refused + later
  return count > 0 ? `${count} of the first connections were not taken over` : undefined
}

/** Closes that say that a frame was broken, or that the new version is. */
const brokenCloses = /^(1002|1007|1011|1014):|^1006:gateway$/

/** By how the first connections ended; of those whose TCP just ends a few are clients that leave. */
function whyBadCloses(closes: Record<string, number>, moved: number): string | undefined {
  const broken = Object.entries(closes).filter(([key]) => brokenCloses.test(key))
  const [worst] = broken.map(([key]) => key)
  if (worst) return `a connection that it had ended with ${worst.replace(':', ' by the ')}`
  const cut = (closes['1006:client'] ?? 0) + (closes['1006:upstream'] ?? 0)
  return cut > moved * mayLeave
    ? `${cut} of ${moved} connections that it had ended without a Close`
    : undefined
}

export function addCounts(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sum = { ...a }
  for (const [key, count] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + count
  return sum
}

/** The new workers shall not have the place of the old ones. */
export function badVersion(fault: string): GatewayError {
  return new GatewayError('bad_version', 'gateway', `the new version failed its trial: ${fault}`)
}
