// Puts what the doctor found on a terminal.
import type { CheckResult, EndpointReport, Finding, LayerReport, Level } from '@holdfast/doctor'
import type { Sheet } from './layout.ts'
import { type Colour, printable } from './output.ts'
import { textWidth } from './text-width.ts'
import { wrap } from './wrap.ts'

/** The words of findings; a parameter, so that this file needs not load the doctor. */
export interface Words {
  title(finding: Finding): string
  why(finding: Finding): string
  fix(finding: Finding): string[]
}

const levels: Record<Level, { text: string; colour: Colour }> = {
  ok: { text: 'ok', colour: 'green' },
  warning: { text: 'warn', colour: 'yellow' },
  hint: { text: 'hint', colour: 'dim' },
  error: { text: 'fail', colour: 'red' },
}

const layerWidth = 'large-message'.length
const timeWidth = '99.9 s'.length
const column = 2 + 4 + 2 + layerWidth + 2 + timeWidth + 2

/** One layer: how it is, how long it took, and what was found there. */
export function layerLines({ layer, ms, findings }: LayerReport, { title }: Words, sheet: Sheet): string {
  return findings
    .map((finding, i) => {
      const { text, colour } = levels[finding.level]
      const time = i === 0 ? timeText(ms) : ''
      const head = `  ${sheet.paint(colour, text.padEnd(4))}  ${layer.padEnd(layerWidth)}  `
      const body = wrap(printable(title(finding)), sheet.width - column)
      return `${head}${time.padStart(timeWidth)}  ${body.join(`\n${' '.repeat(column)}`)}\n`
    })
    .join('')
}

function timeText(ms: number): string {
  if (ms < 0.05) return ''
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

/** A finding at length: what is wrong, why, and what to write. */
export function findingBlock(finding: Finding, words: Words, sheet: Sheet, place = ''): string {
  const fix = words.fix(finding).flatMap((line) => fixLines(printable(line), sheet.width))
  return [
    ...headLines(finding, words, sheet, place),
    ...indented(words.why(finding), 2, sheet.width),
    ...(fix.length > 0 ? ['', ...fix] : []),
  ]
    .map((line) => `${line}\n`)
    .join('')
}

/** The title with the code of the finding: behind its place where it has one, else behind or below the title. */
function headLines(finding: Finding, { title }: Words, { paint, width }: Sheet, place: string): string[] {
  const lines = wrap(printable(title(finding)), width)
  const bold = lines.map((line) => paint('bold', line))
  const code = paint('dim', finding.code)
  if (place !== '') {
    const { text, colour } = levels[finding.level]
    return [`${printable(place)}  ${paint(colour, text)}  ${code}`, ...bold]
  }
  const beside = lines.length === 1 && textWidth(lines[0]!) + 2 + finding.code.length <= width
  return beside ? [`${bold[0]}  ${code}`] : [...bold, `  ${code}`]
}

/** What is to be written stands as it is; a remark, which begins with a hash, is wrapped as text. */
function fixLines(line: string, width: number): string[] {
  return line.startsWith('# ') ? indented(line.slice(2), 2, width) : [`    ${line}`]
}

function indented(text: string, by: number, width: number): string[] {
  return wrap(printable(text), width - by).map((line) => ' '.repeat(by) + line)
}

/** The findings of a check that are worth a block each, most telling first. */
export function toExplain(result: CheckResult): Finding[] {
  const { upstream, side, conclusions } = result
  if (!upstream || side === undefined)
    return distinct([...faults(result), ...(upstream ? faults(upstream) : [])])
  const [verdict, ...refined] = conclusions
  const first = verdict ? [verdict] : []
  // What both sides show together says more than the answer of the proxy alone.
  if (side === 'proxy') return distinct([...first, ...(refined.length > 0 ? refined : faults(result))])
  if (side === 'backend') return distinct([...first, ...faults(upstream)])
  return distinct([...first, ...faults(result), ...faults(upstream)])
}

function faults({ layers }: EndpointReport): Finding[] {
  return layers.flatMap(({ findings }) => findings).filter(({ level }) => level !== 'ok')
}

function distinct(findings: readonly Finding[]): Finding[] {
  const known = new Map(findings.map((finding) => [JSON.stringify([finding.code, finding.args]), finding]))
  return [...known.values()]
}

/** The result in one line. */
export function summary(result: CheckResult, { paint }: Sheet): string {
  const all = [...result.layers, ...(result.upstream?.layers ?? [])]
  const count = (level: Level) =>
    all.flatMap(({ findings }) => findings).filter((it) => it.level === level).length
  const [errors, warnings] = [count('error'), count('warning')]
  if (!result.complete) return paint('yellow', 'stopped before the end')
  if (errors > 0) return paint('red', [plural(errors, 'fault'), ...extra(warnings)].join(', '))
  return paint('green', ['healthy', ...extra(warnings)].join(', '))
}

const extra = (warnings: number) => (warnings > 0 ? [plural(warnings, 'warning')] : [])

/** `1 fault`, `2 faults`. */
export function plural(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
