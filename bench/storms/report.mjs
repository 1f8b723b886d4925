// A result of the storms bench as markdown.
//   node bench/storms/report.mjs bench/results/storms-FILE.json ...
// puts it into docs/storms.md and bench/results/storms.json. Of several, what a later one has measured anew counts.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { exception, judge, summaryOf } from './rules.mjs'
import { situations } from './situations.mjs'

const begin = '<!-- storms -->'
const end = '<!-- end of storms -->'

const table = (head, rows) => {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const capital = (text) => text[0].toUpperCase() + text.slice(1)

const seconds = (ms) => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`

function sectionOf(situation, results, ways) {
  const here = results.filter((entry) => entry.situation === situation.name)
  const libraries = [...new Set(here.map(({ library }) => library))]
  const columns = [
    ...(situation.half ? ['connections in 30 s', 'in 60 s'] : ['connections']),
    ...(situation.returns
      ? [situation.fromLoss ? 'not served for' : 'served again after', 'given up', 'message arrived']
      : ['given up']),
  ]
  const rows = libraries.map((library) => {
    const seen = ways.map((way) => here.find((entry) => entry.way === way && entry.library === library))
    const all = seen.map((entry) => (entry && !entry.problem ? summaryOf(entry.clients) : undefined))
    return [library, ...columns.map((column) => all.map((one) => cell(column, one)).join(' / '))]
  })
  const clients = ways.map((way) =>
    Math.max(...here.filter((e) => e.way === way).map((e) => e.clients.length)),
  )
  return `**${situation.title}** (${situation.name}; ${clients.join(' / ')} clients)\n\n${table(['', ...columns], rows)}`
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
    (upstream.of ?? []).map(([name, count]) => `${count} ${name}`).join(', '),
    gaveUp,
    away,
  ])
  const head = [
    '',
    'clients',
    'connections',
    'busiest 100 ms of handshakes at the upstream',
    'most of these',
    'given up',
    'not yet back',
  ]
  return `**All libraries at once, after 3 s**\n\n${table(head, rows)}`
}

/** All of its tables. */
export function markdown({ date, command, machine, results, crowds, broken }) {
  const ways = [...new Set(results.map(({ way }) => way))]
  const told = `${date.slice(0, 10)}, \`${command}\`, ${machine}. Medians of some clients of each library; in a cell ${ways.join(' / ')}.`
  const sections = situations
    .filter(({ name }) => results.some(({ situation }) => situation === name))
    .map((situation) => sectionOf(situation, results, ways))
  const libraries = new Set(results.map(({ library }) => library))
  const exceptions = [...libraries].flatMap((library) => {
    const why = exception(library)
    return why ? [`Not held against Holdfast when it gives up: ${library}. ${capital(why)}.`] : []
  })
  const worse =
    broken.length > 0 ? [`Worse than through nginx:\n\n${broken.map((line) => `- ${line}`).join('\n')}`] : []
  return [told, ...sections, ...(crowds.length > 0 ? [crowdOf(crowds)] : []), ...exceptions, ...worse].join(
    '\n\n',
  )
}

/** One result of several. */
function merged(results) {
  const all = results[0]
  for (const next of results.slice(1)) {
    const again = (entry) =>
      next.results.some(({ situation, way }) => situation === entry.situation && way === entry.way)
    all.results = [...all.results.filter((entry) => !again(entry)), ...next.results]
    const crowdAgain = (entry) => next.crowds.some(({ way }) => way === entry.way)
    all.crowds = [...all.crowds.filter((entry) => !crowdAgain(entry)), ...next.crowds]
    all.date = next.date
    if (!all.command.includes(next.command)) all.command += `\`, \`${next.command}`
  }
  return { ...all, broken: judge(all.results, all.crowds) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = merged(process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8'))))
  const page = new URL('../../docs/storms.md', import.meta.url)
  const text = readFileSync(page, 'utf8')
  const [head] = text.split(begin)
  const [, tail] = text.split(end)
  writeFileSync(page, `${head}${begin}\n\n${markdown(result)}\n\n${end}${tail}`)
  writeFileSync(new URL('../results/storms.json', import.meta.url), `${JSON.stringify(result)}\n`)
  for (const line of result.broken) console.error(`worse: ${line}`)
}
