// A result of the storms bench as markdown.
//   node bench/storms/report.mjs bench/results/storms-FILE.json      puts it into docs/storms.md
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { summaryOf } from './rules.mjs'
import { situations } from './situations.mjs'

const begin = '<!-- storms -->'
const end = '<!-- end of storms -->'

const table = (head, rows) => {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const seconds = (ms) => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`

function sectionOf(situation, results, ways) {
  const here = results.filter((entry) => entry.situation === situation.name)
  const libraries = [...new Set(here.map(({ library }) => library))]
  const columns = [
    ...(situation.half ? ['connections in 30 s', 'in 60 s'] : ['connections']),
    ...(situation.returns ? ['served again after', 'given up', 'message arrived'] : ['given up']),
  ]
  const rows = libraries.map((library) => {
    const seen = ways.map((way) => here.find((entry) => entry.way === way && entry.library === library))
    const all = seen.map((entry) => (entry && !entry.problem ? summaryOf(entry.clients) : undefined))
    return [library, ...columns.map((column) => all.map((one) => cell(column, one)).join(' / '))]
  })
  return `**${situation.title}**\n\n${table(['', ...columns], rows)}`
}

function cell(column, summary) {
  if (!summary) return '?'
  const { connections, inHalf, back, gaveUp, arrived, away, clients } = summary
  if (column === 'connections in 30 s') return inHalf.median
  if (column.startsWith('connections') || column === 'in 60 s') return connections.median
  if (column === 'given up') return gaveUp
  if (column === 'message arrived') return `${arrived} of ${clients}`
  return back ? `${seconds(back.median)}${away > 0 ? ` (${away} not yet)` : ''}` : '-'
}

function crowdOf(crowds) {
  const rows = crowds.map(({ way, clients, upstream, gateway, gaveUp, away }) => [
    way,
    clients,
    gateway.count,
    `${upstream.busiest}, ${upstream.overMean.toFixed(1)} x the mean`,
    gaveUp,
    away,
  ])
  const head = [
    '',
    'clients',
    'connections',
    'busiest 100 ms of handshakes at the upstream',
    'given up',
    'not yet back',
  ]
  return `**All libraries at once, after 3 s**\n\n${table(head, rows)}`
}

/** All of its tables. */
export function markdown({ date, command, machine, clients, results, crowds }) {
  const ways = [...new Set(results.map(({ way }) => way))]
  const told = `${date.slice(0, 10)}, \`${command}\`, ${machine}. Medians of ${clients} clients of each library; in a cell ${ways.join(' / ')}.`
  const sections = situations
    .filter(({ name }) => results.some(({ situation }) => situation === name))
    .map((situation) => sectionOf(situation, results, ways))
  return [told, ...sections, ...(crowds.length > 0 ? [crowdOf(crowds)] : [])].join('\n\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = new URL('../../docs/storms.md', import.meta.url)
  const text = readFileSync(page, 'utf8')
  const [head] = text.split(begin)
  const [, tail] = text.split(end)
  const result = JSON.parse(readFileSync(process.argv[2], 'utf8'))
  writeFileSync(page, `${head}${begin}\n\n${markdown(result)}\n\n${end}${tail}`)
}
