import type { DashboardFrame, DrainInfo, UpgradeInfo } from './frame.ts'
import { t } from './translate.ts'
import { drainWords, upgradeWords } from './words.ts'

/** How far drains and an upgrade are. Those that have ended are in what happened. */
export function Progress({ frame: { drains, upgrade } }: { frame: DashboardFrame }) {
  const shown = drains.filter(({ done }) => !done).reverse()
  const upgrading = upgrade && upgrade.phase !== 'done' ? upgrade : undefined
  if (shown.length === 0 && !upgrading) return null
  return (
    <section class="card" aria-labelledby="progress">
      <h2 id="progress">{t('Drains and upgrades')}</h2>
      <ul class="progress">
        {upgrading && <Upgrade upgrade={upgrading} />}
        {shown.map((drain) => (
          <Drain key={`${drain.scope} ${drain.total} ${drains.indexOf(drain)}`} drain={drain} />
        ))}
      </ul>
    </section>
  )
}

function Upgrade({ upgrade }: { upgrade: UpgradeInfo }) {
  const { phase, total, moved, ended, lost = 0 } = upgrade
  const words = upgradeWords(upgrade)
  const runs = phase === 'starting' || phase === 'moving'
  return (
    <li class={phase === 'failed' ? 'bad' : ''}>
      <span>{words}</span>
      {runs && (
        <Bar words={words} value={phase === 'starting' ? undefined : moved + ended + lost} of={total} />
      )}
    </li>
  )
}

function Drain({ drain }: { drain: DrainInfo }) {
  const words = drainWords(drain)
  return (
    <li>
      <span>{words}</span>
      {!drain.done && <Bar words={words} value={drain.closed + drain.moved + drain.cut} of={drain.total} />}
    </li>
  )
}

/** Without a value: it runs, and nobody knows how far it is. */
function Bar({ words, value, of }: { words: string; value: number | undefined; of: number }) {
  return <progress aria-label={words} max={Math.max(1, of)} {...(value !== undefined && { value })} />
}
