// The matrix as a page.
import { median } from './verdict.mjs'

const time = (value) => (Number.isFinite(value) ? value.toFixed(1) : '–')

/** `quiet / busy / newcomer` in seconds, then what is lost, then whether the client was told. */
export function cell(runs) {
  const of = (role, figure) => median(runs.map((run) => run[role][figure]))
  const times = ['quiet', 'busy', 'newcomer'].map((role) => time(of(role, 'again'))).join(' / ')
  const lost = [of('quiet', 'missed'), of('busy', 'lostAway'), of('busy', 'lostUp')]
  const events = median(runs.map(({ quiet, busy }) => quiet.events.length + busy.events.length))
  return `${times}; ${lost.join(' + ')}${events === 0 ? '; unnoticed' : ''}`
}

export function table(rows, ways) {
  const head = ['application', 'stop', ...ways.map(({ title }) => title), 'verdict']
  const lines = [head, head.map(() => '---')]
  for (const row of rows) {
    const cells = ways.map(({ name }) =>
      row.cells[name] ? cell(row.cells[name].runs) : row.problems[name] ? 'failed' : '',
    )
    lines.push([row.title, row.stop, ...cells, verdictOf(row)])
  }
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n')
}

function verdictOf(row) {
  if (row.failed) return `not run: ${row.failed}`
  const judged = Object.entries(row.cells).filter(([, { verdict }]) => verdict)
  const broken = judged.filter(([, { verdict }]) => verdict === 'worse').map(([name]) => name)
  if (broken.length > 0) return `**worse**: ${broken.join(', ')}`
  const better = judged.filter(([, { verdict }]) => verdict === 'better').map(([name]) => name)
  return better.length > 0 ? `better: ${better.join(', ')}` : 'same'
}

export function page({ date, versions, rows, ways, summary }) {
  const used = Object.entries(versions).map(([name, parts]) => {
    const list = Object.entries(parts).map(([part, version]) => `${part} ${version}`)
    return `- ${name}: ${list.join(', ')}`
  })
  return `# Real applications behind Holdfast

${date}, Node ${process.versions.node}. How it is measured: README.md beside the driver.

A cell: seconds from "server up" until the quiet user, the busy one and a newcomer work again (– is not in time); messages that
the quiet user missed once the server was up + of those that the busy one said while it was away, and after that, those that reached nobody;
"unnoticed" when neither client reported an event.

${table(rows, ways)}

${summary.join('\n')}

## Versions

${used.join('\n')}
`
}
