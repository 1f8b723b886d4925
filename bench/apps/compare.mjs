// The table of docs/applications.md: node bench/apps/compare.mjs BEFORE.json NOW.json, both made by `npm run apps`.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median } from './lib/verdict.mjs'

const [before, now] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')).rows)
const measured = now.filter(({ failed, cells }) => !failed && cells.hold)
const page = join(import.meta.dirname, '../../docs/applications.md')
const [begin, end] = ['<!-- applications -->', '<!-- end of applications -->']

const time = (value) => (Number.isFinite(value) ? value.toFixed(1) : '–')

/** `quiet / busy / newcomer`, and whether the restart went unnoticed. */
function cell(row, way) {
  const found = row?.cells[way]
  if (!found) return ''
  const of = (role) => {
    const runs = found.runs.filter((run) => !run[role].asked)
    return median((runs.length > 0 ? runs : found.runs).map((run) => run[role].again))
  }
  const times = ['quiet', 'busy', 'newcomer'].map((role) => time(of(role))).join(' / ')
  return found.unnoticed && way !== 'direct' ? `**${times}**` : times
}

const lines = [
  '| application | stop | no gateway | Holdfast without `hold` | `hold: {}` before | `hold: {}` now |',
  '|---|---|---|---|---|---|',
  ...measured.map((row) => {
    const old = before.find(({ application, stop }) => application === row.application && stop === row.stop)
    const ways = ['direct', 'holdfast'].map((way) => cell(row, way))
    return `| ${[row.title, row.stop, ...ways, cell(old, 'hold'), cell(row, 'hold')].join(' | ')} |`
  }),
]
const text = readFileSync(page, 'utf8')
const [head, rest] = text.split(begin)
const [, tail] = rest.split(end)
writeFileSync(page, `${head}${begin}\n${lines.join('\n')}\n${end}${tail}`)
