// What an upgrade would do with the fronts that run.
import type { PlannedFronts } from '../core/index.ts'
import type { FrontKind } from './front-on-disk.ts'
import type { WorkerLink } from './worker-link.ts'
import type { WorkerPool } from './worker-pool.ts'

/** `onDisk`: what those of the code now on disk would do. */
export async function planFronts(
  pool: Pick<WorkerPool, 'ready'>,
  carry: boolean,
  onDisk: () => Promise<FrontKind | undefined>,
): Promise<PlannedFronts> {
  const connections = pool.ready.reduce((sum, { report }) => sum + (report?.process.carried ?? 0), 0)
  const planned = (replaced: boolean, why?: string) => ({
    connections,
    replaced,
    ...(why !== undefined && { why }),
  })
  if (!carry) return planned(true, 'nothing is to be carried')
  const next = await onDisk()
  if (!next) return planned(false, 'the code on disk does not answer, so that this is not certain')
  if (next.front === undefined)
    return planned(false, 'the version on disk knows no fronts, so that the upgrade fails')
  const why = whyReplaceFronts(pool.ready, next)
  return planned(why !== undefined, why)
}

/** Why these would not do what fronts of that code and Node do, in words; undefined when they would. */
export function whyReplaceFronts(
  fronts: readonly WorkerLink[],
  { node, front: revision }: FrontKind,
): string | undefined {
  const other = fronts.find((front) => front.node !== node)
  if (other) return `they run Node ${other.node}, and ${node} is installed`
  const differ = fronts.some(({ front }) => front !== revision)
  return differ ? 'the new version does TLS in another way' : undefined
}
