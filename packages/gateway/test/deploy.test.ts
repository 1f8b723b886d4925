// Holds the files of deploy/ to the metrics that there are, and to promtool where it is installed.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { Metrics } from '../src/operate/metrics.ts'
import { everyMetric } from './every-metric.ts'

const fileOf = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const read = (path: string) => readFileSync(fileOf(path), 'utf8')

interface Dashboard {
  panels: {
    id: number
    title: string
    type: string
    description?: string
    gridPos: { x: number; y: number; w: number; h: number }
    targets?: { expr: string; legendFormat: string }[]
  }[]
  annotations: { list: { expr?: string; titleFormat?: string }[] }
  templating: { list: { name: string; definition?: string }[] }
}

interface Rule {
  alert: string
  expr: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

const dashboard = JSON.parse(read('deploy/grafana/holdfast.json')) as Dashboard
const rules = (parse(read('deploy/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
)
const exposition = await new Metrics().expose(everyMetric)

/** By name: the values that each label has. */
const metrics = new Map<string, Map<string, Set<string>>>()
for (const line of exposition.split('\n')) {
  const [, name, labels] = /^([a-z_]\w*)(?:\{(.*)\})? \S+$/.exec(line) ?? []
  if (name) metrics.set(name, addLabels(metrics.get(name) ?? new Map(), labels ?? ''))
}
// Prometheus itself adds these to what it scrapes.
const targetLabels = ['job', 'instance']
metrics.set('up', new Map())

function addLabels(known: Map<string, Set<string>>, text: string): Map<string, Set<string>> {
  for (const [, label, value] of text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    known.set(label!, (known.get(label!) ?? new Set()).add(value!))
  }
  return known
}

/** What is wrong with the names in a query. */
function faultsOf(query: string): string[] {
  const named = [...query.matchAll(/\b((?:holdfast|process|nodejs)_\w+|up)\b(?:\{([^}]*)\})?/g)]
  const faults = named.length > 0 ? [] : ['names no metric']
  for (const [, name, matchers = ''] of named) {
    const labels = metrics.get(name!)
    if (!labels) {
      faults.push(`there is no metric ${name}`)
      continue
    }
    for (const [, label, how, value] of matchers.matchAll(/(\w+)(=~|!=|!~|=)"([^"]*)"/g)) {
      if (targetLabels.includes(label!)) continue
      const values = labels.get(label!)
      if (!values) faults.push(`${name} has no label ${label}`)
      else if (!value!.includes('$')) {
        const missing = (how!.endsWith('~') ? value!.split('|') : [value!]).filter((one) => !values.has(one))
        for (const one of missing) faults.push(`${name} has no ${label}="${one}"`)
      }
    }
  }
  const all = new Set(named.flatMap(([, name]) => [...(metrics.get(name!)?.keys() ?? [])]))
  for (const [, list] of query.matchAll(/\b(?:by|on|without|ignoring) \(([^)]*)\)/g)) {
    for (const label of list!.split(',').map((one) => one.trim())) {
      if (!all.has(label) && !targetLabels.includes(label)) faults.push(`nothing has the label ${label}`)
    }
  }
  return faults
}

/** Labels that a text is filled in with must be left in what the query gives. */
function missingLabels(query: string, text: string): string[] {
  const used = [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label]) => label!)
  const grouped = [...query.matchAll(/\b(?:sum|min|max|count) by \(([^)]*)\)/g)]
  const kept =
    grouped.length > 0
      ? grouped.flatMap(([, list]) => list!.split(',').map((one) => one.trim()))
      : [...metrics.keys()]
          .filter((name) => new RegExp(`\\b${name}\\b`).test(query))
          .flatMap((name) => [...targetLabels, ...metrics.get(name)!.keys()])
  return used.filter((label) => !kept.includes(label))
}

const targets = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ title, expr, legendFormat })),
)

test.each(targets)('panel $title asks for metrics and labels that exist: $expr', ({ expr, legendFormat }) => {
  expect(faultsOf(expr)).toEqual([])
  expect(missingLabels(expr, legendFormat)).toEqual([])
})

test('every panel of the dashboard has a place of its own, a description and something to show', () => {
  const taken = new Set<string>()
  for (const { title, type, description, gridPos, targets } of dashboard.panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken.has(`${x} ${y}`), `${title} covers another`).toBe(false)
        taken.add(`${x} ${y}`)
      }
    }
    if (type === 'row') continue
    expect(description, title).toMatch(/\.$/)
    expect(targets?.length, title).toBeGreaterThan(0)
  }
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  for (const { expr, titleFormat = '' } of dashboard.annotations.list) {
    if (expr) expect([...faultsOf(expr), ...missingLabels(expr, titleFormat)]).toEqual([])
  }
  expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'route'])
  const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(dashboard.templating.list[1]!.definition!)!
  expect(metrics.get(metric!)?.has(label!)).toBe(true)
})

test('every metric of our own is on the dashboard', () => {
  const queries = targets.map(({ expr }) => expr).join('\n')
  const own = [...metrics.keys()].filter((name) => name.startsWith('holdfast_'))
  expect(own.filter((name) => !new RegExp(`\\b${name}\\b`).test(queries))).toEqual([])
})

test.each(rules)('alert $alert stands on metrics and labels that exist, and says what to do', (rule) => {
  const { expr, labels, annotations } = rule
  expect(faultsOf(expr)).toEqual([])
  expect(['critical', 'warning', 'info']).toContain(labels.severity)
  expect(Object.keys(annotations)).toEqual(['summary', 'description'])
  expect(missingLabels(expr, Object.values(annotations).join('\n'))).toEqual([])
  expect(annotations.description!.length).toBeGreaterThan(80)
})

test('every alert is seen firing in the tests of the rules', () => {
  const tests = read('deploy/prometheus/alerts.test.yml')
  expect(rules.filter(({ alert }) => !tests.includes(`alertname="${alert}"`))).toEqual([])
})

test.each([
  ['holdfast_no_such_thing', 'there is no metric holdfast_no_such_thing'],
  ['holdfast_connections{stat="open"}', 'holdfast_connections has no label stat'],
  ['holdfast_connections{state="parked"}', 'holdfast_connections has no state="parked"'],
  ['sum by (root) (holdfast_connections)', 'nothing has the label root'],
  ['vector(1)', 'names no metric'],
])('these tests find the fault of %s', (query, fault) => {
  expect(faultsOf(query)).toEqual([fault])
})

test('docs/metrics.md has every metric with its labels, and no others', () => {
  const rows = [...read('docs/metrics.md').matchAll(/^\| `(holdfast_\w+)` \| (.*?) \|/gm)]
  const documented = rows.map(([, name, labels]) => [
    name,
    [...labels!.matchAll(/`(\w+)`/g)].map(([, l]) => l),
  ])
  const families = [...exposition.matchAll(/^# TYPE (holdfast_\w+) (\w+)$/gm)].map(([, name, type]) => {
    const labels = metrics.get(type === 'histogram' ? `${name}_count` : name!) ?? new Map()
    return [name, [...labels.keys()]]
  })
  expect(documented.sort()).toEqual(families.sort())
})

const promtool = spawnSync('promtool', ['--version']).status === 0

test.skipIf(!promtool)(
  'promtool accepts the rules and their tests (skipped where it is not installed)',
  () => {
    const folder = fileOf('deploy/prometheus')
    const run = (...args: string[]) => execFileSync('promtool', args, { cwd: folder, encoding: 'utf8' })
    expect(run('check', 'rules', 'alerts.yml')).toContain(`SUCCESS: ${rules.length} rules found`)
    expect(run('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS')
  },
)

test.skipIf(!promtool)(
  'promtool accepts the queries of the dashboard (skipped where it is not installed)',
  () => {
    const queries = targets.map(({ expr }) =>
      expr.replaceAll(/\$__(rate_interval|range)\b/g, '1m').replaceAll('$route', '.*'),
    )
    const recorded = queries.map((expr, i) => ({ record: `panel:${i}`, expr }))
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-rules-'))
    try {
      const file = join(folder, 'rules.json')
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: recorded }] }))
      const { status, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)

test.skipIf(!promtool)('promtool accepts the exposition (skipped where it is not installed)', () => {
  // The process_ and nodejs_ metrics come from prom-client, under the names that it gives them.
  const own = exposition.slice(0, exposition.search(/^# HELP process_/m))
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: own,
    encoding: 'utf8',
  })
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
})
