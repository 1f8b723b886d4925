// An upgrade leaves fronts as they are, unless it is for what they do themselves: TLS, or Node.
import type { Parts } from './parts.ts'

/** After an upgrade: replaces the fronts where the new workers are of another kind, or nothing is to be carried. Never rejects. */
export async function renewFronts({ fronts, pool, upgrades, log }: Parts, carry: boolean): Promise<void> {
  const [worker] = pool.ready
  if (!fronts?.isRunning || !worker || !upgrades.result.ok) return
  const why = carry ? fronts.whyReplace(worker) : 'nothing is to be carried'
  if (why === undefined) return
  try {
    const count = await fronts.replace(carry)
    upgrades.replacedFronts(count)
    log.info({ fronts: count, why }, 'fronts were replaced; the old ones end behind their last client')
  } catch (error) {
    log.error({ error: (error as Error).message }, 'the fronts were not replaced, and go on')
  }
}
