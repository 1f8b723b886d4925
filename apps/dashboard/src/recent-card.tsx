import { CodeButton } from './code-button.tsx'
import type { DashboardFrame, RecentClose } from './frame.ts'
import { MoreList } from './more-list.tsx'
import { n, t } from './translate.ts'
import { count, seconds, time } from './words.ts'

const byTexts = {
  client: 'by the client',
  upstream: 'by the upstream',
  gateway: 'by the gateway',
} as const

interface Props {
  frame: DashboardFrame
  onCode: (code: number) => void
}

export function RecentCard({ frame: { recent, unlisted }, onCode }: Props) {
  return (
    <section class="card" aria-labelledby="recent">
      <h2 id="recent">{t('Recent closes')}</h2>
      {recent.length === 0 && <p class="none">{t('No connection has closed yet.')}</p>}
      <MoreList
        class="recent"
        items={recent.map((close) => (
          <Close
            key={`${close.code} ${close.by} ${close.route} ${close.reason} ${close.since}`}
            close={close}
            onCode={onCode}
          />
        ))}
      />
      {unlisted > 0 && (
        <p class="note">
          {n(
            unlisted,
            '{n} close since the start came too fast to be listed here. The chart has them all.',
            '{n} closes since the start came too fast to be listed here. The chart has them all.',
          )}
        </p>
      )}
    </section>
  )
}

function Close({ close, onCode }: { close: RecentClose; onCode: (code: number) => void }) {
  const { at, code, by, route, reason, retry, closes } = close
  return (
    <li>
      <CodeButton code={code} onCode={onCode} />
      <span class="reason">
        {reason || <i>{t('no reason')}</i>}
        {retry && (
          <small>
            {t(', reconnect in {time}', {
              time:
                retry[0] === retry[1]
                  ? seconds(retry[0])
                  : t('{from} to {to}', { from: seconds(retry[0]), to: seconds(retry[1]) }),
            })}
          </small>
        )}
      </span>
      <span class="from">
        {t(byTexts[by])} · {route}
      </span>
      <span class="times">{closes > 1 && <b>×{count(closes)}</b>}</span>
      <time>{time(at)}</time>
    </li>
  )
}
