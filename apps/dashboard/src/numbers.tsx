import type { DashboardFrame } from './frame.ts'
import type { CloseSeries } from './series.ts'
import { t } from './translate.ts'
import { count, rate, size, type Tone } from './words.ts'

interface Props {
  frame: DashboardFrame
  series: CloseSeries
}

export function Numbers({ frame, series }: Props) {
  const { routes, at } = frame
  const sum = (of: (route: DashboardFrame['routes'][number]) => number) =>
    routes.reduce((total, route) => total + of(route), 0)
  const second = Math.floor(at / 1000)
  // The last three whole seconds: one alone jumps too much to be read.
  const closes = [...series.sums(second - 3, second).values()].reduce((total, n) => total + n, 0) / 3
  const lost = sum(({ lost }) => lost['to-client'] + lost['to-upstream'])
  const held = sum(({ connections }) => connections.held)
  const numbers: [label: string, value: string, tone?: Tone][] = [
    [t('Open'), count(sum(({ connections }) => connections.open))],
    [t('Held'), count(held), held > 0 ? 'warn' : undefined],
    [t('Closing'), count(sum(({ connections }) => connections.closing))],
    [t('New/s'), rate(sum(({ rates }) => rates.handshakes))],
    [t('Closed/s'), rate(closes)],
    [
      t('Messages/s'),
      rate(sum(({ rates: { messages } }) => messages['to-client'] + messages['to-upstream'])),
    ],
    [t('Traffic/s'), size(sum(({ rates: { bytes } }) => bytes['to-client'] + bytes['to-upstream']))],
  ]
  const waiting = sum((route) => route.waiting)
  if (waiting > 0) numbers.splice(2, 0, [t('Waiting'), count(waiting), 'warn'])
  if (lost > 0) numbers.push([t('Messages lost'), count(lost), 'bad'])
  return (
    <section class="numbers" aria-label={t('Now')}>
      <dl>
        {numbers.map(([label, value, tone]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd class={tone}>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
