import { CodeButton } from './code-button.tsx'
import type { DashboardFrame, RecentClose } from './frame.ts'
import { MoreList } from './more-list.tsx'
import { count, plural, seconds, time } from './words.ts'

interface Props {
  frame: DashboardFrame
  onCode: (code: number) => void
}

export function RecentCard({ frame: { recent, unlisted }, onCode }: Props) {
  return (
    <section class="card" aria-labelledby="recent">
      <h2 id="recent">Recent closes</h2>
      {recent.length === 0 && <p class="none">No connection has closed yet.</p>}
      <MoreList
        class="recent"
        of="lines"
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
          {plural(unlisted, 'close')} since the start came too fast to be listed here. The chart has them all.
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
        {reason || <i>no reason</i>}
        {retry && (
          <small>
            , come back in{' '}
            {retry[0] === retry[1] ? seconds(retry[0]) : `${seconds(retry[0])} to ${seconds(retry[1])}`}
          </small>
        )}
      </span>
      <span class="from">
        by the {by} · {route}
      </span>
      <span class="times">{closes > 1 && <b>×{count(closes)}</b>}</span>
      <time>{time(at)}</time>
    </li>
  )
}
