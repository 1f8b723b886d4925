// The main story in words: a live table, a plain line, a summary.
import { code } from '@holdfast/close-codes'
import type { painter } from '../output.ts'
import type { Step, Story } from './story.ts'
import { busiest, returnsPerSecond, type Tally } from './tally.ts'

type Paint = ReturnType<typeof painter>

const label = 14

/** The table, drawn again several times a second. `now` is milliseconds of `performance.now`. */
export function liveLines({ tally, steps, start }: Story, now: number, paint: Paint): string[] {
  const away = tally.clients - tally.open
  return [
    ...steps.map((step) => field(step.name, stepWords(step, paint))),
    '',
    field('time', seconds(now - start)),
    field('connections', `${number(tally.open)} open, ${number(away)} away`),
    field('closes', closes(tally, paint)),
    field('returns', `${number(returnsPerSecond(tally, now))} a second`),
    field('messages', messages(tally)),
  ]
}

/** The same on one line, for where nothing can be drawn again. */
export function plainLine({ tally, start }: Story, now: number): string {
  const { open, clients } = tally
  const parts = [
    `${open} of ${clients} connected`,
    `closes: ${closes(tally, (_, text) => text)}`,
    `${returnsPerSecond(tally, now)} returns/s`,
    messages(tally),
  ]
  return `${seconds(now - start).padStart(4)}  ${parts.join('; ')}\n`
}

/** What a step has come to, on one line. */
export function stepLine(step: Step, { start }: Story, now: number): string {
  const words = stepWords(step, (_, text) => text)
  return `${seconds(now - start).padStart(4)}  ${step.name}: ${words}\n`
}

/** What the story has shown, also when it is not over. */
export function summary({ tally, steps }: Story, paint: Paint): string {
  const done = steps.filter(({ state }) => state === 'done').map(({ name }) => name)
  const lines = [
    field('restarted', done.join(', ') || 'nothing'),
    field('disconnects', closes(tally, paint)),
    field(String(code.abnormalClosure), unexplained(tally, paint)),
    field('came back', returned(tally, paint)),
    field('busiest 100 ms', herd(tally)),
    field('messages', messages(tally)),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function unexplained({ closes }: Tally, paint: Paint): string {
  const count = closes.get(code.abnormalClosure)
  return count ? paint('red', `seen ${number(count)} times`) : paint('green', 'nobody saw it')
}

function returned({ open, clients }: Tally, paint: Paint): string {
  if (open === clients) return paint('green', `all ${number(clients)}`)
  return paint('yellow', `${number(open)} of ${number(clients)} are connected`)
}

function herd({ returns }: Tally): string {
  if (returns.length === 0) return 'no returns'
  const most = busiest(returns)
  const share = ((100 * most) / returns.length).toFixed(1)
  return `${number(most)} of ${number(returns.length)} returns (${share} %)`
}

/** Whether the story has gone as it should: everyone was told why, and everyone is back. */
export function wentWell({ tally }: Story): boolean {
  return !tally.closes.has(code.abnormalClosure) && tally.open === tally.clients
}

function stepWords({ state, ended }: Step, paint: Paint): string {
  switch (state) {
    case 'to come':
      return paint('dim', 'serving')
    case 'stopping':
      return paint('yellow', 'SIGTERM: takes leave of its clients')
    case 'starting':
      return paint('yellow', 'starts again')
    case 'returning':
      return paint('yellow', 'serving; clients come back')
    case 'done':
      return `restarted; ${number(ended)} left and came back`
  }
}

/** `208 with 1012, none with 1006`. */
function closes({ closes }: Tally, paint: Paint): string {
  const sorted = [...closes].sort(([a], [b]) => a - b)
  const words = sorted.map(([closeCode, count]) =>
    paint(closeCode === code.abnormalClosure ? 'red' : 'green', `${number(count)} with ${closeCode}`),
  )
  if (!closes.has(code.abnormalClosure)) words.push(`none with ${code.abnormalClosure}`)
  return words.join(', ')
}

function messages({ sent, received, lost }: Tally): string {
  return `${number(sent)} sent, ${number(received)} received, ${number(lost)} lost`
}

function field(name: string, text: string): string {
  return `  ${name.padEnd(label)}  ${text}`
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}
