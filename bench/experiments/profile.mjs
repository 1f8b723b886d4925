// Where a worker's time goes: node bench/experiments/profile.mjs [scenario] [gateway/dist] [executable]
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startGenerator } from '../lib/ask.mjs'
import { freePorts, listening, start, stop } from '../lib/children.mjs'
import { scenarios } from '../lib/scenarios.mjs'

const own = fileURLToPath(new URL('../../packages/gateway/dist', import.meta.url))
/** Microseconds at the beginning that are left out: modules are loaded, and code gets warm. */
const startUp = 2_000_000
const [load = 'ping-100', dist = own, executable = process.execPath] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'holdfast-profile-'))
const { ask } = startGenerator()
const backend = await ask('listen', {})
const [port] = await freePorts(1)
const toy = fileURLToPath(new URL('toy-proxy.mjs', import.meta.url))
const host = fileURLToPath(new URL('one-process.mjs', import.meta.url))
const child = start(
  '1',
  [executable, '--cpu-prof', `--cpu-prof-dir=${folder}`, ...(dist.startsWith('toy-') ? [toy] : [host, dist])],
  {
    env: { MODE: dist.slice(4), CORK: '0', PORT: String(port), BACKEND: String(backend) },
  },
)
await listening(child, port)
await after(1000)
const proxy = { port, pids: () => [child.pid] }
const scenario = scenarios.find(({ name }) => name === load)
const { microseconds } = await scenario.run({ ask, proxy, time: { warm: 500, ms: 4000 }, quick: false })
console.log(`${load}: ${microseconds.toFixed(2)} us, profiler and all`)
await stop(child, 'SIGTERM')
const profiles = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
rmSync(folder, { recursive: true })
print(profiles.sort((a, b) => b.samples.length - a.samples.length)[0])
process.exit()

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
