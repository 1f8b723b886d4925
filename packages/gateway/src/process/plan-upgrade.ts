// What a live upgrade would do now, asked of every worker that it would replace. Nothing changes.
import { code } from '@holdfast/close-codes'
import type { PlannedKind, UpgradePlan } from '../core/index.ts'
import type { Carriers } from './carriers.ts'
import { whyNotCarry } from './carry-directory.ts'
import type { Parts } from './parts.ts'
import { upgradeOf } from './supervisor-options.ts'
import type { WorkerLink } from './worker-link.ts'

export interface PlanDeps {
  /** Those that would leave. */
  workers: readonly WorkerLink[]
  carriers: Pick<Carriers, 'preview'>
  /** Why nothing is carried, in words; undefined when that is what shall be. */
  whyNotCarry: string | undefined
}

/** What it would do now with all parts of a gateway, and, without `carry`, with what cannot move told to come back. */
export async function upgradePlan(
  { options, pool, carriers, fronts }: Parts,
  carry: boolean,
): Promise<UpgradePlan> {
  const mayCarry = upgradeOf(options).carriers > 0
  const whyNot = carry ? (mayCarry ? whyNotCarry() : 'upgrade.carriers is 0') : 'it is not asked for'
  await pool.refresh()
  const plan = await planUpgrade({ workers: pool.ready, carriers, whyNotCarry: whyNot })
  const planned = await fronts?.preview(carry)
  return { ...plan, ...(planned && { fronts: planned }) }
}

export async function planUpgrade({ workers, carriers, whyNotCarry }: PlanDeps): Promise<UpgradePlan> {
  const silent: number[] = []
  const carry = whyNotCarry === undefined
  const asked = workers.map(async (worker) => {
    try {
      const { kinds } = await worker.ask('plan-upgrade', { carry })
      return [{ worker, kinds }]
    } catch {
      silent.push(worker.id)
      return []
    }
  })
  const answers = (await Promise.all(asked)).flat()
  // Only these have anything left when all has moved.
  const carrying = answers.filter(({ kinds }) => kinds.some((kind) => kind.carry > 0))
  const memory = carrying.reduce((sum, { worker }) => sum + (worker.report?.process.memory ?? 0), 0)
  const { drains, own } = carriers.preview(memory)
  const kinds = sum(answers.flatMap((answer) => answer.kinds))
  const why = own ?? (kinds.some(({ close }) => close > 0) ? whyNotCarry : undefined)
  return {
    kinds: own === undefined ? kinds : kinds.map(toldToComeBack),
    carriers: drains,
    ...(why !== undefined && { whyNotCarry: why }),
    code: code.serviceRestart,
    silent,
  }
}

function toldToComeBack(kind: PlannedKind): PlannedKind {
  return { ...kind, carry: 0, close: kind.close + kind.carry }
}

/** One entry for each kind. */
function sum(all: readonly PlannedKind[]): PlannedKind[] {
  const kinds = new Map<string, PlannedKind>()
  for (const { client, upstream, move, carry, close } of all) {
    const known = kinds.get(`${client} ${upstream}`) ?? { client, upstream, move: 0, carry: 0, close: 0 }
    kinds.set(`${client} ${upstream}`, {
      ...known,
      move: known.move + move,
      carry: known.carry + carry,
      close: known.close + close,
    })
  }
  return [...kinds.values()].sort((a, b) =>
    `${a.client} ${a.upstream}`.localeCompare(`${b.client} ${b.upstream}`),
  )
}
