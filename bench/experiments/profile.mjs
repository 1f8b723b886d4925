// Where a worker's time goes: node bench/experiments/profile.mjs [scenario] [system] [milliseconds]
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { startGenerator } from '../lib/ask.mjs'
import { scenarios } from '../lib/scenarios.mjs'
import { launch, systems } from '../lib/systems.mjs'

/** Microseconds at the beginning that are left out: modules are loaded, and code gets warm. */
const startUp = 2_000_000
const [load = 'ping-100', name = 'holdfast', ms = '4000'] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'holdfast-profile-'))
const { ask } = startGenerator()
const backend = await ask('listen', {})
const system = systems.find((one) => one.name === name)
// Its worker inherits the options, and has most samples.
const profiled = (settings) => {
  const { run, ...rest } = system.command(settings)
  const [executable, ...args] = run
  return { run: [executable, '--cpu-prof', `--cpu-prof-dir=${folder}`, ...args], ...rest }
}
const proxy = await launch({ ...system, command: profiled }, { backend, cores: '1' })
await after(1000)
const scenario = scenarios.find((one) => one.name === load)
const time = { warm: 500, ms: Number(ms) }
const { microseconds, perSecond } = await scenario.run({ ask, proxy, time, quick: false })
console.log(
  `${load}, ${name}: ${microseconds.toFixed(2)} us, profiler and all; ${perSecond.toFixed(0)} a second`,
)
await proxy.stop()
const profiles = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')))
rmSync(folder, { recursive: true })
print(profiles.sort((a, b) => busy(b) - busy(a))[0])
process.exit()

function busy({ nodes, samples }) {
  const idle = new Set(
    nodes.filter(({ callFrame }) => callFrame.functionName === '(idle)').map(({ id }) => id),
  )
  return samples.filter((id) => !idle.has(id)).length
}

function print({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const self = new Map()
  let total = 0
  let at = 0
  for (const [i, id] of samples.entries()) {
    at += timeDeltas[i]
    if (at < startUp) continue
    const { functionName, url, lineNumber } = byId.get(id).callFrame
    if (functionName === '(idle)' || functionName === '(program)') continue
    const place = `${functionName || '(anonymous)'} ${url.replace(/^.*\/(?=[^/]+\/[^/]+$)/, '')}:${lineNumber + 1}`
    self.set(place, (self.get(place) ?? 0) + timeDeltas[i])
    total += timeDeltas[i]
  }
  const sorted = [...self].sort(([, a], [, b]) => b - a).slice(0, 45)
  for (const [place, time] of sorted)
    console.log(`${((time / total) * 100).toFixed(1).padStart(5)} %  ${place}`)
}
