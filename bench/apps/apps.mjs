// Real applications with their own clients, restarted without a gateway, behind nginx and behind Holdfast. See README.md.
//   npm run apps -- [--only NAME,NAME] [--ways WAY,WAY] [--stops kill,term] [--runs N] [--at-once N] [--first] [--out FOLDER]
//     [--install]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installDebian, parts, prepare } from './lib/install.mjs'
import { page } from './lib/report.mjs'
import { unknownOf, unnoticed, worseIn } from './lib/verdict.mjs'
import { ways as allWays } from './lib/ways.mjs'

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    ways: { type: 'string', default: allWays.map(({ name }) => name).join() },
    stops: { type: 'string', default: 'kill,term' },
    runs: { type: 'string', default: '3' },
    'at-once': { type: 'string', default: '2' },
    patience: { type: 'string', default: '45' },
    checkout: { type: 'string', default: join(import.meta.dirname, '../..') },
    first: { type: 'boolean', default: false },
    out: { type: 'string' },
    install: { type: 'boolean', default: false },
  },
})
/** The least number of applications in which a restart behind `hold: {}` is to go unnoticed. */
const betterAtLeast = 14
const list = (text) => text.split(',').filter(Boolean)
const cache = join(import.meta.dirname, '../../node_modules/.cache/apps')
const manifest = prepare(cache)
const wantedWays = allWays.filter(({ name }) => list(flags.ways).includes(name) || name === 'direct')
const stops = list(flags.stops)

async function load() {
  const files = readdirSync(join(cache, 'applications')).map((file) => file.replace(/\.mjs$/, ''))
  const only = list(flags.only)
  const unknown = only.find((name) => !files.includes(name))
  if (unknown) throw new Error(`unknown: ${unknown}; applications: ${files.join(', ')}`)
  const all = []
  for (const name of files) {
    if (only.length > 0 && !only.includes(name)) continue
    const { about } = await import(join(cache, 'applications', `${name}.mjs`))
    if (about) all.push({ name, about })
  }
  return all
}

function debianMissing(applications) {
  return [...new Set(applications.flatMap(({ about }) => parts(about, manifest).missing))]
}

/** Trials under way: each ends what it has started, and then itself. */
const trials = new Set()
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    interrupted = true
    const ended = [...trials].map((child) => once(child, 'close'))
    for (const child of trials) child.kill('SIGTERM')
    await Promise.all(ended)
    process.exit(130)
  })
}

/** One restart, in a process of its own, which prints its result last. */
function trial(name, stop, ways) {
  const options = {
    application: name,
    stop,
    ways,
    checkout: flags.checkout,
    awayMs: 1000,
    first: flags.first,
    patienceMs: Number(flags.patience) * 1000,
    afterMs: 2000,
  }
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(cache, 'lib/trial.mjs'), JSON.stringify(options)], {
      cwd: cache,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let text = ''
    child.stdout.on('data', (data) => {
      text += data
    })
    trials.add(child)
    child.once('close', () => {
      trials.delete(child)
      if (interrupted) return
      const last = text.trim().split('\n').at(-1) ?? ''
      try {
        resolve(JSON.parse(last))
      } catch {
        resolve({ failed: `the trial ended without a result: ${text.slice(-300)}`, cells: {}, problems: {} })
      }
    })
  })
}

/** One application and one stop: again, with the way that looks worse, up to the given number of runs. */
async function measure({ name, about }, stop) {
  const ways = wantedWays.filter(({ when }) => !when || when(about)).map((way) => way.name)
  const row = {
    application: name,
    title: about.title,
    protocol: about.protocol,
    stop,
    cells: {},
    problems: {},
  }
  let again = ways
  for (let run = 0; run < Number(flags.runs) && again.length > 0; run++) {
    const result = await trial(name, stop, again)
    if (result.failed) row.failed = result.failed
    else delete row.failed
    Object.assign(row, { stopSeconds: result.stopSeconds, endedByItself: result.endedByItself })
    if (result.strays) row.strays = result.strays
    row.problems = { ...row.problems, ...result.problems }
    for (const [way, cell] of Object.entries(result.cells)) {
      row.cells[way] ??= { runs: [] }
      row.cells[way].runs.push(cell)
      delete row.problems[way]
    }
    const worse = result.failed ? ways : judge(row)
    again = worse.length > 0 ? ['direct', ...worse.filter((way) => way !== 'direct')] : []
  }
  return row
}

/** Gives each cell its verdict; which ways are worse, or not known, or did not run. */
function judge(row) {
  const direct = row.cells.direct?.runs
  if (!direct) return Object.keys(row.problems)
  for (const [way, cell] of Object.entries(row.cells)) {
    cell.unnoticed = unnoticed(cell.runs)
    if (way === 'direct') continue
    cell.worse = worseIn(cell.runs, direct)
    cell.verdict = cell.worse.length > 0 ? 'worse' : cell.unnoticed ? 'better' : 'same'
  }
  const worse = Object.entries(row.cells).filter(
    ([, { verdict, runs }]) => verdict === 'worse' || unknownOf(runs),
  )
  return [...worse.map(([way]) => way), ...Object.keys(row.problems)]
}

async function inTurn(tasks, atOnce) {
  const results = []
  let next = 0
  const worker = async () => {
    while (next < tasks.length) {
      const index = next++
      results[index] = await tasks[index]()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}

function progress(row) {
  const verdicts = Object.entries(row.cells)
    .filter(([, { verdict }]) => verdict)
    .map(
      ([way, { verdict, worse, runs }]) =>
        `${way} ${verdict}${worse.length > 0 ? ` (${worse.join('; ')})` : ''} x${runs.length}`,
    )
  const problems = Object.entries(row.problems).map(([way, problem]) => `${way} FAILED: ${problem}`)
  console.log(`${row.application} ${row.stop}: ${row.failed ?? ''}${[...verdicts, ...problems].join('; ')}`)
}

/** Applications in which a way is unnoticed, at one stop at least and at every stop. */
function count(rows, way) {
  const names = [...new Set(rows.map(({ application }) => application))]
  const of = (name) => rows.filter(({ application }) => application === name)
  const better = (row) => row.cells[way]?.verdict === 'better'
  const worse = (row) => row.cells[way]?.verdict === 'worse' || row.problems[way] !== undefined
  return {
    better: names.filter((name) => of(name).some(better) && !of(name).some(worse)),
    always: names.filter((name) => of(name).every(better)),
    worse: names.filter((name) => of(name).some(worse)),
  }
}

const applications = await load()
const missing = debianMissing(applications)
if (missing.length > 0 && flags.install) installDebian(missing, manifest)
const lacking = new Set(debianMissing(applications))
const here = applications.filter(({ about }) => !(about.debian ?? []).some((name) => lacking.has(name)))
for (const { name, about } of applications) {
  const { missing, other } = parts(about, manifest)
  if (missing.length > 0)
    console.log(`not run: ${name} (Debian's ${missing.join(', ')}; --install brings it)`)
  for (const version of other) console.log(`${name}: ${version}`)
}

const tasks = here.flatMap((application) =>
  stops.map((stop) => async () => {
    const row = await measure(application, stop)
    progress(row)
    return row
  }),
)
const rows = await inTurn(tasks, Number(flags['at-once']))
const versions = Object.fromEntries(here.map(({ name, about }) => [name, parts(about, manifest).versions]))
const judged = wantedWays.filter(({ name }) => name !== 'direct')
const summary = judged.map(({ name, title }) => {
  const { better, always, worse } = count(rows, name)
  const worseWords = worse.length > 0 ? `worse in ${worse.length} (${worse.join(', ')})` : 'worse in none'
  return `- ${title}: unnoticed in ${better.length} of ${here.length} applications (${always.length} of them at every stop); ${worseWords}.`
})
const date = new Date().toISOString()
const out = flags.out ?? join(import.meta.dirname, '../results')
mkdirSync(out, { recursive: true })
const text = page({ date: date.slice(0, 10), versions, rows, ways: wantedWays, summary })
writeFileSync(join(out, 'apps.md'), text)
writeFileSync(join(out, 'apps.json'), `${JSON.stringify({ date, versions, rows }, null, 2)}\n`)
console.log(`\n${summary.join('\n')}\n\n${join(out, 'apps.md')}`)

const broken = rows.flatMap((row) =>
  Object.entries(row.cells)
    .filter(([way, { verdict }]) => way !== 'nginx' && verdict === 'worse')
    .map(([way, { worse }]) => `${row.application}, ${row.stop}, ${way}: ${worse.join('; ')}`),
)
for (const row of rows) {
  if (row.failed) broken.push(`${row.application}, ${row.stop}: ${row.failed}`)
  for (const [way, problem] of Object.entries(row.problems))
    broken.push(`${row.application}, ${row.stop}, ${way}: ${problem}`)
}
const everything = list(flags.only).length === 0 && wantedWays.some(({ name }) => name === 'hold')
if (everything && count(rows, 'hold').better.length < betterAtLeast) {
  broken.push(`hold: unnoticed in fewer than ${betterAtLeast} applications`)
}
for (const line of broken) console.error(`broken: ${line}`)
process.exit(broken.length > 0 ? 1 : 0)
