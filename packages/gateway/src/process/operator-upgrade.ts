// A live upgrade as the operator asks for it: one at a time, of the workers alone or of the supervisor as well, or why there can be
// none now.
import type { UpgradeHow, UpgradePreview, UpgradeResult } from '../operate/index.ts'
import type { Parts } from './parts.ts'
import { upgradePlan } from './plan-upgrade.ts'
import { renewFronts } from './renew-fronts.ts'
import type { Replacement } from './replacement.ts'
import { upgradeOf } from './supervisor-options.ts'

export class OperatorUpgrade {
  readonly #parts: Parts
  readonly #replacement: Replacement | undefined
  /** Also while this supervisor takes another's place. */
  isUnderWay = false

  /** `replacement`: absent where nobody can start another supervisor. */
  constructor(parts: Parts, replacement: Replacement | undefined) {
    this.#parts = parts
    this.#replacement = replacement
  }

  async run({ carry = true, supervisor = false }: UpgradeHow): Promise<UpgradeResult> {
    const { changes, upgrades, options, log } = this.#parts
    const whyNot = supervisor && !this.#replacement && 'only `holdfast serve` can replace its supervisor'
    const error = this.#whyNot() ?? (whyNot || undefined)
    if (error !== undefined) {
      log.error(`not upgraded: ${error}`)
      return { ok: false, error }
    }
    this.isUnderWay = true
    try {
      const carries = carry && upgradeOf(options).carriers > 0
      if (supervisor) return await this.#replacement!.run(carries)
      const leaving = await changes.run(() => upgrades.begin(carries))
      await upgrades.finish(leaving)
      await renewFronts(this.#parts, carry)
      return upgrades.result
    } finally {
      this.isUnderWay = false
    }
  }

  /** What it would do now with the connections, or why it would do nothing; nothing changes. */
  async preview({ carry = true }: UpgradeHow): Promise<UpgradePreview> {
    const error = this.#whyNot()
    if (error !== undefined) return { ok: false, error }
    return { ok: true, plan: await upgradePlan(this.#parts, carry) }
  }

  #whyNot(): string | undefined {
    const { phase, oneProcess } = this.#parts
    const replaced = this.#replacement?.whyReplaced
    if (replaced) return replaced
    if (oneProcess) return 'a live upgrade needs Node, and workers in processes of their own'
    if (phase !== 'serving') return `the gateway is ${phase}`
    return this.isUnderWay ? 'an upgrade is under way' : undefined
  }
}
