// A story in words: a live table, a plain line, and a summary of all stories beside each other.
import { code } from '@holdfast/close-codes'
import type { painter } from '../output.ts'
import { textWidth } from '../text-width.ts'
import type { Step, Story } from './story.ts'
import { busiest, disconnects, returnsPerSecond, type Tally } from './tally.ts'

type Paint = ReturnType<typeof painter>

const label = 14
/** Of a column of the summary but the last: `backends 1, 2, 3`. */
const column = 28
const none = 'none'

/** The table, drawn again several times a second. `now` is milliseconds of `performance.now`. */
export function liveLines({ kind, tally, steps, start }: Story, now: number, paint: Paint): string[] {
  const away = tally.clients - tally.open
  return [
    ...steps.map((step) => field(step.name, stepWords(step, kind, paint))),
    '',
    field('time', seconds(now - start)),
    field('connections', `${number(tally.open)} open, ${number(away)} away`),
    field('closes', closes(tally, paint)),
    ...(kind === 'return' ? [field('returns', `${number(returnsPerSecond(tally, now))} a second`)] : []),
    field('messages', messages(tally)),
    field('longest pause', pauseWords(tally)),
  ]
}

/** The same on one line, for where nothing can be drawn again. */
export function plainLine({ kind, tally, start }: Story, now: number): string {
  const { open, clients } = tally
  const parts = [
    `${open} of ${clients} connected`,
    `closes: ${closes(tally, plain)}`,
    ...(kind === 'return' ? [`${returnsPerSecond(tally, now)} returns/s`] : []),
    messages(tally),
  ]
  return `${seconds(now - start).padStart(4)}  ${parts.join('; ')}\n`
}

/** What a step has come to, on one line. */
export function stepLine(step: Step, { kind, start }: Story, now: number): string {
  return `${seconds(now - start).padStart(4)}  ${step.name}: ${stepWords(step, kind, plain)}\n`
}

/** What the stories have shown, also when they are not over: a column for each, that with `hold` first. */
export function summary(told: readonly Story[], paint: Paint): string {
  const stories = told
    .filter(({ kind }) => kind !== 'network')
    .toSorted((a, b) => Number(b.kind === 'hold') - Number(a.kind === 'hold'))
  const restarts = rows
    .map(([name, cell]) => {
      const cells = stories.map((story) => {
        const room = column - textWidth(cell(story, plain))
        return cell(story, paint) + ' '.repeat(Math.max(0, room))
      })
      return `${field(name, cells.join('  ')).trimEnd()}\n`
    })
    .join('')
  return (
    restarts +
    told
      .filter(({ kind }) => kind === 'network')
      .map((story) => networkLines(story, paint))
      .join('')
  )
}

/** What became of the clients whose network broke. */
function networkLines({ tally, steps }: Story, paint: Paint): string {
  const cuts = steps.filter(({ state }) => state === 'done').length
  const { sent, lost, doubled, reordered, clients } = tally
  const counts = [
    `${bad(lost, paint)} lost`,
    `${bad(doubled, paint)} doubled`,
    `${bad(reordered, paint)} reordered`,
  ]
  return [
    '',
    field('network cut', `${number(cuts)} times for ${number(clients)} clients with resume`),
    field('closes', closes(tally, paint)),
    field('messages', `${number(sent)} sent, ${counts.join(', ')}`),
    field('longest wait', pauseWords(tally)),
  ]
    .map((line) => `${line}\n`)
    .join('')
}

const titles: Record<Exclude<Story['kind'], 'network'>, string> = {
  return: 'without hold: clients return',
  hold: 'with hold, and live upgrade',
}

const rows: [name: string, cell: (story: Story, paint: Paint) => string][] = [
  ['', ({ kind }, paint) => paint('dim', titles[kind as keyof typeof titles])],
  ['restarted', ({ steps }) => restarted(steps)],
  ['upgraded', ({ steps }) => upgraded(steps)],
  ['disconnects', ({ tally }, paint) => closes(tally, paint)],
  ['came back', ({ tally }, paint) => returned(tally, paint)],
  ['busiest 100 ms', ({ tally }) => herd(tally)],
  ['messages sent', ({ tally }) => number(tally.sent)],
  ['lost', ({ tally }, paint) => bad(tally.lost, paint)],
  ['doubled', ({ tally }, paint) => bad(tally.doubled, paint)],
  ['reordered', ({ tally }, paint) => bad(tally.reordered, paint)],
  ['longest pause', ({ tally }) => pauseWords(tally)],
]

/** `backends 1, 2, 3, gateway`. */
function restarted(steps: readonly Step[]): string {
  const done = steps.filter(({ state, moved }) => state === 'done' && moved === undefined)
  const names = done.map(({ name }) => name).join(', ')
  return (
    names.replace('backend', done.length > 1 ? 'backends' : 'backend').replaceAll(', backend', ',') || none
  )
}

function upgraded(steps: readonly Step[]): string {
  const step = steps.find(({ moved }) => moved !== undefined)
  return step ? `${step.name}, ${number(step.moved!)} moved` : none
}

function returned({ open, clients, closes }: Tally, paint: Paint): string {
  if (open < clients) return paint('yellow', `${number(open)} of ${number(clients)} are connected`)
  return paint('green', closes.size === 0 ? 'nobody had to' : `all ${number(clients)}`)
}

function herd({ returns }: Tally): string {
  if (returns.length === 0) return 'no returns'
  const most = busiest(returns)
  const share = ((100 * most) / returns.length).toFixed(1)
  return `${number(most)} of ${number(returns.length)} returns (${share} %)`
}

function bad(count: number, paint: Paint): string {
  return count === 0 ? paint('green', '0') : number(count)
}

/** Whether a story has gone as it should: everyone was told why and is back, or nobody has noticed anything. */
export function wentWell({ kind, tally }: Story): boolean {
  const { closes, open, clients, lost, doubled, reordered } = tally
  if (open < clients || doubled + reordered > 0) return false
  return kind === 'return' ? !closes.has(code.abnormalClosure) : disconnects(tally) + lost === 0
}

function stepWords({ state, ended, moved }: Step, kind: Story['kind'], paint: Paint): string {
  switch (state) {
    case 'to come':
      return paint('dim', 'serving')
    case 'stopping':
      return paint('yellow', 'SIGTERM: takes leave of its clients')
    case 'starting':
      return paint('yellow', 'starts again')
    case 'returning':
      if (kind === 'network') return paint('yellow', 'there again; clients go on where they were')
      return paint('yellow', 'serving; clients come back')
    case 'upgrading':
      return paint('yellow', 'the next version takes the connections over')
    case 'unplugged':
      return paint('yellow', 'every connection is cut, and no new one gets through')
    case 'done': {
      if (kind === 'network') return ended === 0 ? 'cut, and back; nobody left' : `cut; ${number(ended)} left`
      const what = moved === undefined ? 'restarted' : `upgraded, ${number(moved)} connections moved`
      if (ended === 0) return `${what}; nobody left`
      return `${what}; ${number(ended)} left${kind === 'return' ? ' and came back' : ''}`
    }
  }
}

/** `208 with 1012, none with 1006`. */
function closes({ closes }: Tally, paint: Paint): string {
  if (closes.size === 0) return paint('green', none)
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

/** The longest that anyone waited for an echo. */
function pauseWords({ longestPause }: Tally): string {
  return longestPause < 1000 ? `${Math.round(longestPause)} ms` : `${(longestPause / 1000).toFixed(1)} s`
}

function plain(_: string, text: string): string {
  return text
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
