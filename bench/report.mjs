// Puts a result into docs/performance.md and docs/returns.svg; with --baseline its ratios become those of the gate.
//   node bench/report.mjs [--baseline] bench/results/FILE.json
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { continuityScenarios } from './lib/continuity.mjs'
import { picture } from './lib/picture.mjs'
import { scenarios } from './lib/scenarios.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { baseline: { type: 'boolean', default: false } },
})
const result = JSON.parse(readFileSync(positionals[0], 'utf8'))
const page = new URL('../docs/performance.md', import.meta.url)
const number = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0))

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function speed() {
  const names = Object.keys(result.versions)
  const rows = result.tables.map(({ scenario, unit, entries }) => {
    const { title } = scenarios.find(({ name }) => name === scenario)
    const cells = names.map((name) => cell(entries.find(({ system }) => system === name)))
    return [`${title}, ${unit}`, ...cells]
  })
  return table(['', ...names], rows)
}

function cell(entry) {
  if (!entry) return ''
  if (entry.problem && entry.samples.length === 0) return entry.problem
  const { median, ratio, system } = entry
  return system === 'haproxy' ? number(median) : `${number(median)} (${ratio.toFixed(2)})`
}

function continuity() {
  return result.continuity.map(({ scenario, clients, results }) => {
    const { title } = continuityScenarios.find(({ name }) => name === scenario)
    const rows = results.map((r) =>
      r.problem
        ? [r.system, r.problem, '', '', '', '']
        : [
            r.system,
            `${r.disconnects}${r.disconnects > 0 ? ` (${Object.keys(r.codes).join(', ')})` : ''}`,
            r.lost,
            r.doubled,
            `${Math.round(r.longestGap)} ms`,
            r.returned > 0 ? `${r.busiest}, ${r.overMean.toFixed(1)} x the mean` : '',
          ],
    )
    const head = ['', 'disconnects', 'messages lost', 'doubled', 'longest gap', 'busiest 100 ms of returns']
    return `**${title}**, ${clients} clients, ten messages a second each\n\n${table(head, rows)}`
  })
}

function put(text, name, content) {
  const [open, close] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
  const from = text.indexOf(open)
  const to = text.indexOf(close)
  if (from < 0 || to < 0) throw new Error(`docs/performance.md has no ${open} … ${close}`)
  return `${text.slice(0, from + open.length)}\n\n${content}\n\n${text.slice(to)}`
}

const { machine, versions, missing, date, rounds } = result
const about = [
  `${date.slice(0, 10)}, ${machine.cores} cores of ${machine.cpu.trim()}, Linux ${machine.kernel}, ${rounds} rounds.`,
  `${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join('; ')}.`,
  ...Object.entries(missing).map(([name, lacks]) => `Missing: ${name} (${lacks}).`),
]
let text = readFileSync(page, 'utf8')
text = put(text, 'speed', `${about.join(' ')}\n\n${speed()}`)
text = put(text, 'continuity', continuity().join('\n\n'))
writeFileSync(page, text)
const drained = result.continuity.find(({ scenario }) => scenario === 'drain')
if (drained) writeFileSync(new URL('../docs/returns.svg', import.meta.url), picture(drained.results))
if (values.baseline) {
  const ratios = Object.fromEntries(
    result.tables.map(({ scenario, entries }) => [
      scenario,
      Object.fromEntries(entries.filter((e) => e.ratio).map((e) => [e.system, Number(e.ratio.toFixed(3))])),
    ]),
  )
  const baseline = { date, machine, versions, ratios }
  writeFileSync(new URL('results/baseline.json', import.meta.url), `${JSON.stringify(baseline, null, 2)}\n`)
}
