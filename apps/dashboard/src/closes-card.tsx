import { closeCode } from '@holdfast/close-codes'
import { ClosesChart } from './closes-chart.tsx'
import { CodeButton } from './code-button.tsx'
import { colorOf } from './colors.ts'
import type { DashboardFrame } from './frame.ts'
import { type CloseSeries, shownSeconds } from './series.ts'
import { known, n, t } from './translate.ts'
import { codeText, count } from './words.ts'

interface Props {
  frame: DashboardFrame
  series: CloseSeries
  onCode: (code: number) => void
}

export function ClosesCard({ frame, series, onCode }: Props) {
  const now = Math.floor(frame.at / 1000)
  const recent = series.sums(now - shownSeconds, now + 1)
  const rows = rowsOf(frame)
  const minutes = shownSeconds / 60
  return (
    <section class="card" aria-labelledby="closes">
      <h2 id="closes">
        {t('Closes by code')} <small>{t('a second, last {n} minutes', { n: minutes })}</small>
      </h2>
      {recent.size === 0 && (
        <p class="none">
          {rows.length === 0
            ? t('No connection has closed yet.')
            : t('None in the last {n} minutes.', { n: minutes })}
        </p>
      )}
      <div class={recent.size === 0 ? '' : 'closes'}>
        {recent.size > 0 && (
          <ClosesChart series={series} at={frame.at} codes={[...recent.keys()].sort((a, b) => a - b)} />
        )}
        {rows.length > 0 && <CloseTable rows={rows} recent={recent} minutes={minutes} onCode={onCode} />}
      </div>
      <p class="hidden">
        {recent.size > 0 &&
          t('In the last {n} minutes: {list}.', {
            n: minutes,
            list: [...recent]
              .map(([code, closes]) =>
                n(closes, '{n} close with {code}', '{n} closes with {code}', { code: codeText(code) }),
              )
              .join(', '),
          })}
      </p>
    </section>
  )
}

interface TableProps {
  rows: readonly Row[]
  /** How many in the last minutes, by code. */
  recent: ReadonlyMap<number, number>
  minutes: number
  onCode: (code: number) => void
}

function CloseTable({ rows, recent, minutes, onCode }: TableProps) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t('Code')}</th>
          <th scope="col">{t('By')}</th>
          <th scope="col" class="number">
            {t('{n} min', { n: minutes })}
          </th>
          <th scope="col" class="number">
            {t('In all')}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ code, by, total }) => (
          <tr key={code}>
            <th scope="row">
              <span class={`swatch ${colorOf(code)}`} aria-hidden="true" />
              <CodeButton code={code} onCode={onCode} />
              <span class="name">{closeCode(code)?.name}</span>
            </th>
            <td class="by">{by.map(known).join(', ')}</td>
            <td class="number">{count(recent.get(code) ?? 0)}</td>
            <td class="number">{count(total)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

interface Row {
  code: number
  /** Who ended them, who did so most often first. */
  by: string[]
  total: number
}

function rowsOf({ routes }: DashboardFrame): Row[] {
  const codes = new Map<number, Map<string, number>>()
  for (const { closes } of routes) {
    for (const [key, n] of Object.entries(closes)) {
      const [number = '', by = ''] = key.split(':')
      const sides = codes.get(Number.parseInt(number, 10)) ?? new Map<string, number>()
      sides.set(by, (sides.get(by) ?? 0) + n)
      codes.set(Number.parseInt(number, 10), sides)
    }
  }
  return [...codes]
    .map(([code, sides]) => ({
      code,
      by: [...sides].sort(([, a], [, b]) => b - a).map(([by]) => by),
      total: [...sides.values()].reduce((sum, n) => sum + n, 0),
    }))
    .sort((a, b) => a.code - b.code)
}
