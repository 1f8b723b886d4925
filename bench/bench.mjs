// Holdfast beside other gateways, in one run on one machine. See docs/performance.md.
//   node bench/bench.mjs [--quick] [--gate] [--only scenario,system,...] [--rounds N] [--size PART]
//   --size 0.01 does a hundredth of the work, to see whether it runs, and keeps no result
//   node bench/bench.mjs --storms [--quick] [--only ...]         see storms/storms.mjs
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { startGenerator } from './lib/ask.mjs'
import { continuityScenarios, printContinuity, runContinuity } from './lib/continuity.mjs'
import { continuitySystems } from './lib/continuity-systems.mjs'
import { scenarios, times } from './lib/scenarios.mjs'
import { launch, systems } from './lib/systems.mjs'
import { printTable, summary, withRatios } from './lib/table.mjs'

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    gate: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    rounds: { type: 'string' },
    size: { type: 'string' },
    storms: { type: 'boolean', default: false },
  },
})
/** A stored ratio may be exceeded by this factor before the gate fails. */
const gateFactor = 1.25
/** The systems that --quick measures. */
const quickSystems = ['haproxy', 'nginx', 'httpxy', 'holdfast', 'holdfast lts', 'holdfast bun']
const baselineFile = new URL('results/baseline.json', import.meta.url)

const only = flags.only.split(',').filter(Boolean)
if (flags.storms) {
  const { storms } = await import('./storms/storms.mjs')
  process.exit((await storms({ quick: flags.quick, only })) ? 0 : 1)
}
const scenarioNamed = only.some((name) =>
  [...scenarios, ...continuityScenarios].some((thing) => thing.name === name),
)
const chosen = (things, inQuick, otherwise = true) => {
  const named = things.filter(({ name }) => only.includes(name))
  if (named.length > 0) return named
  const usual = things.filter(({ onlyNamed }) => !onlyNamed)
  return otherwise ? usual.filter((thing) => !flags.quick || inQuick(thing)) : []
}
const unknown = only.find(
  (name) => ![...systems, ...scenarios, ...continuityScenarios].some((thing) => thing.name === name),
)
if (unknown) {
  console.error(
    `unknown: ${unknown}\nscenarios: ${names([...scenarios, ...continuityScenarios])}\nsystems: ${names(systems)}`,
  )
  process.exit(2)
}
const wantedScenarios = chosen(scenarios, ({ quick }) => quick, !scenarioNamed)
const wantedContinuity = chosen(continuityScenarios, ({ quick }) => quick, !scenarioNamed)
const wantedSystems = chosen(systems, ({ name }) => quickSystems.includes(name))
/** Clients of a continuity run. */
const visitors = flags.quick ? 200 : 1000
const rounds = Number(flags.rounds ?? 3)
const size = flags.size === undefined ? undefined : Number(flags.size)
const time = size === undefined ? (flags.quick ? times.quick : times.full) : times.look

function names(things) {
  return things.map(({ name }) => name).join(', ')
}

const generator = startGenerator()

/** Those that can be started; the others are named. */
function present(some) {
  const missing = {}
  const here = some.filter((system) => {
    const lacks = system.missing()
    if (lacks) missing[system.name] = lacks
    return !lacks
  })
  for (const [name, lacks] of Object.entries(missing)) console.log(`missing: ${name} (${lacks})`)
  return { here, missing }
}

async function sample(scenario, proxy) {
  const result = await scenario.run({ ask: generator.ask, proxy, time, size, quick: flags.quick })
  const value = result.value ?? result.microseconds
  if (!(result.units > 0)) throw new Error('nothing came through')
  if (result.wrong > 0) throw new Error(`${result.wrong} messages came back wrong`)
  if (result.lost > 0) throw new Error(`${result.lost} connections were lost`)
  return { value, perSecond: result.perSecond, closed: result.closed }
}

/** One system in one scenario of one round; a failure is kept in its place and ends nothing else. */
async function measure(scenario, system, proxies, backend, samples) {
  const key = `${scenario.name} ${system.name}`
  const list = samples.get(key) ?? []
  samples.set(key, list)
  if (list.problem) return
  let own
  try {
    const cores = scenario.workers > 1 ? '0-1' : '1'
    if (scenario.fresh) own = await launch(system, { backend, cores, workers: scenario.workers })
    list.push(await sample(scenario, own ?? proxies.get(system.name)))
  } catch (error) {
    list.problem = error.message
    // What is left of it must not disturb the next.
    await proxies.get(system.name)?.stop()
    if (!own) proxies.set(system.name, await launch(system, { backend, cores: '1' }))
  } finally {
    await own?.stop()
  }
}

async function run() {
  const { here, missing } = present(wantedSystems)
  const versions = Object.fromEntries(here.map((system) => [system.name, system.version()]))
  for (const [name, version] of Object.entries(versions)) console.log(`${name}: ${version}`)
  const backend = await generator.ask('listen', {})
  const proxies = new Map()
  for (const system of [...here]) {
    try {
      proxies.set(system.name, await launch(system, { backend, cores: '1' }))
    } catch (error) {
      missing[system.name] = `it does not start: ${error.message}`
      here.splice(here.indexOf(system), 1)
    }
  }
  const samples = new Map()
  for (let round = 0; round < rounds; round++) {
    for (const scenario of wantedScenarios) {
      if (round >= (scenario.rounds ?? rounds)) continue
      process.stderr.write(`\rround ${round + 1} of ${rounds}: ${scenario.name}          `)
      for (const system of here) {
        if (scenario.workers > 1 && !system.workers) continue
        if (scenario.needs && !system[scenario.needs]) continue
        await measure(scenario, system, proxies, backend, samples)
      }
    }
  }
  process.stderr.write(`\r${' '.repeat(60)}\r`)
  for (const proxy of proxies.values()) await proxy.stop()
  return { versions, missing, samples, here }
}

function tableOf(scenario, here, samples) {
  const entries = here.flatMap(({ name }) => {
    const list = samples.get(`${scenario.name} ${name}`)
    if (!list) return []
    if (list.length === 0) return [{ system: name, problem: list.problem, samples: [] }]
    return [{ system: name, ...summary(list), problem: list.problem }]
  })
  return withRatios(entries)
}

/** Names what has become worse than the stored ratios allow. */
function gate(tables) {
  if (!existsSync(baselineFile)) {
    console.error('gate: there are no stored ratios; node bench/report.mjs --baseline FILE stores them')
    return false
  }
  const stored = JSON.parse(readFileSync(baselineFile, 'utf8')).ratios
  const worse = []
  for (const { scenario, entries } of tables) {
    for (const { system, ratio, problem } of entries) {
      if (!system.startsWith('holdfast')) continue
      const before = stored[scenario]?.[system]
      if (problem) worse.push(`${scenario}, ${system}: ${problem}`)
      else if (before !== undefined && ratio > before * gateFactor) {
        worse.push(`${scenario}, ${system}: ${ratio.toFixed(2)} x haproxy, was ${before.toFixed(2)}`)
      }
    }
  }
  for (const line of worse) console.error(`worse: ${line}`)
  console.log(worse.length === 0 ? '\ngate: no ratio is worse by more than 25 %' : '')
  return worse.length === 0
}

async function runAllContinuity() {
  const named = continuitySystems.filter(({ name }) => only.includes(name))
  const some = named.length > 0 ? named : continuitySystems.filter(({ quick }) => !flags.quick || quick)
  const all = []
  for (const scenario of wantedContinuity) {
    const results = []
    for (const system of some) {
      if (scenario.needs && !system[scenario.needs]) continue
      process.stderr.write(`\r${scenario.name}: ${system.name}          `)
      const lacks = system.missing()
      if (lacks) results.push({ system: system.name, problem: `missing: ${lacks}` })
      else results.push({ system: system.name, ...(await attempt(scenario, system)) })
    }
    process.stderr.write(`\r${' '.repeat(60)}\r`)
    printContinuity(scenario, results)
    all.push({ scenario: scenario.name, clients: visitors, results })
  }
  return all
}

async function attempt(scenario, system) {
  try {
    return await runContinuity(scenario, system, visitors)
  } catch (error) {
    return { problem: error.message }
  }
}

const date = new Date().toISOString()
const { versions, missing, samples, here } =
  wantedScenarios.length > 0 ? await run() : { versions: {}, missing: {} }
const tables = wantedScenarios.map((scenario) => {
  const entries = tableOf(scenario, here, samples)
  printTable(scenario, entries)
  return { scenario: scenario.name, unit: scenario.unit, entries }
})
const continuity = await runAllContinuity()
const [cpu] = cpus()
const machine = { cpu: cpu.model, cores: cpus().length, memory: totalmem(), kernel: release() }
if (size !== undefined) process.exit([...samples.values()].some(({ problem }) => problem) ? 1 : 0)
mkdirSync(new URL('results/', import.meta.url), { recursive: true })
const file = new URL(
  `results/${date.slice(0, 16).replace(/:/g, '')}${flags.quick ? '-quick' : ''}.json`,
  import.meta.url,
)
writeFileSync(
  file,
  `${JSON.stringify({ date, machine, versions, missing, rounds, tables, continuity }, null, 2)}\n`,
)
process.exit(flags.gate && !gate(tables) ? 1 : 0)
