// What a restart of all backends costs clients on a route with `hold`: how much later than the first backend's return their
// messages arrive, and what processor time the gateway takes to hand them on. Builds are taken in turns.
//   node bench/experiments/reattach.mjs [--clients N] [--turns N] [--lts] [--away MS] [--every MS] [--profile FOLDER] [main.js ...]
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { freePorts, listening, start, stop } from '../lib/children.mjs'
import { processorTime, withDescendants } from '../lib/process-stats.mjs'
import { folder, holdfastMain, systems } from '../lib/systems.mjs'
import { median } from '../lib/table.mjs'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    clients: { type: 'string', default: '1000' },
    turns: { type: 'string', default: '5' },
    away: { type: 'string', default: '2000' },
    every: { type: 'string', default: '100' },
    lts: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
})
const [clients, turns, away, every] = [flags.clients, flags.turns, flags.away, flags.every].map(Number)
const peer = (name) => fileURLToPath(new URL(`../../packages/gateway/test/peers/${name}`, import.meta.url))
const { runtime } = systems.find(({ name }) => name === (flags.lts ? 'holdfast lts' : 'holdfast'))

/** A process that says lines of JSON, of which `next` gives the first that has such a property. */
function run(file, options) {
  const child = start('0-255', [process.execPath, peer(file), JSON.stringify(options)], { stdin: 'pipe' })
  const said = []
  const waiting = new Set()
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(JSON.parse(line))
    for (const look of [...waiting]) look()
  })
  const next = (name) =>
    new Promise((resolve) => {
      const look = () => {
        const found = said.find((one) => one[name] !== undefined)
        if (!found) return waiting.add(look)
        waiting.delete(look)
        resolve(found)
      }
      look()
    })
  const ended = new Promise((resolve) => child.once('close', resolve))
  return { child, said, next, ended }
}

const backend = async (port) => {
  const restart = { spread: 500, deadline: '30s', pongTimeout: '10s' }
  const running = run('hold-backend.mjs', { port, every, restart })
  const { port: at, at: back } = await running.next('port')
  return { ...running, port: at, back }
}

async function gatewayOf(main, upstreams) {
  const [port] = await freePorts(1)
  const config = join(folder, `${port}-reattach.yaml`)
  const places = JSON.stringify(upstreams.map(({ port }) => `ws://127.0.0.1:${port}`))
  writeFileSync(
    config,
    `listen: ["127.0.0.1:${port}"]\nadmin: off\nworkers: 1\nroutes:\n  - name: bench\n    upstreams: ${places}\n    hold: { for: 30s, on: [1012, lost], state: none }\n`,
  )
  const profiling = flags.profile ? ['--cpu-prof', `--cpu-prof-dir=${flags.profile}`] : []
  const command = [runtime, ...profiling, main, 'serve', '-c', config, '--log-level', 'error']
  const child = start('0-255', command, { env: { NODE_ENV: 'production' } })
  await listening(child, port)
  return { child, url: `ws://127.0.0.1:${port}` }
}

/** One restart of all of them. */
async function turn(main) {
  const backends = await Promise.all([backend(0), backend(0), backend(0)])
  const { child, url } = await gatewayOf(main, backends)
  const crowd = run('hold-clients.mjs', { url, clients, every })
  await crowd.next('open')
  await after(1500)
  for (const { child } of backends) child.kill('SIGTERM')
  await Promise.all(backends.map(({ ended }) => ended))
  await after(away)
  const pids = withDescendants(child.pid)
  const before = processorTime(pids)
  const down = Math.max(...backends.map(({ said }) => said.find(({ refusing }) => refusing).refusing))
  const back = await Promise.all(backends.map(({ port }) => backend(port)))
  const up = Math.min(...back.map(({ back }) => back))
  if (flags.profile) console.log(`the first was back at ${up.toFixed(0)} ms`)
  await after(1500)
  const spent = (processorTime(pids) - before) / 1000
  const peers = back.map(({ child }) => Math.round(processorTime([child.pid]) / 1000))
  crowd.child.stdin.write('stop\n')
  const { seen } = await crowd.next('seen')
  for (const { child } of back) child.kill('SIGTERM')
  await Promise.all(back.map(({ ended }) => ended))
  await stop(child, 'SIGTERM', 10_000)
  const delays = back
    .flatMap(({ said }) => said.find(({ delays }) => delays).delays.long)
    .filter(([at, ms]) => at >= down && at < up && at + ms >= up)
    .map(([at, ms]) => at + ms - up)
    .sort((a, b) => a - b)
  const at = (share) => delays[Math.ceil(share * delays.length) - 1]
  const faults = seen.disconnects.length + seen.lost + seen.doubled + seen.reordered
  const shares = back.map(({ said }) => said.filter(({ gone }) => gone).length)
  const spread = Math.max(...back.map(({ back }) => back)) - up
  return { first: delays[0], p50: at(0.5), p99: at(0.99), spent, faults, spread, shares, peers }
}

const mains = positionals.length > 0 ? positionals : [holdfastMain]
const taken = mains.map(() => [])
for (let i = 0; i < turns; i++) {
  for (const [j, main] of mains.entries()) {
    const figures = await turn(main)
    taken[j].push(figures)
    const { first, p50, p99, spent, faults, spread, shares, peers } = figures
    console.log(
      `${main}: kept messages ${first.toFixed(0)} / ${p50.toFixed(0)} / ${p99.toFixed(0)} ms after the first return (first, median, p99); gateway ${spent.toFixed(0)} ms; returns within ${spread.toFixed(0)} ms; faults ${faults}; clients of each ${shares.join(', ')}; their processor time ${peers.join(', ')} ms`,
    )
  }
}
for (const [j, main] of mains.entries()) {
  const of = (name) => median(taken[j].map((figures) => figures[name])).toFixed(0)
  const least = (name) => Math.min(...taken[j].map((figures) => figures[name])).toFixed(0)
  console.log(
    `${main}: p50 ${of('p50')} (least ${least('p50')}), p99 ${of('p99')} ms (least ${least('p99')}), processor time of the gateway ${of('spent')} ms (least ${least('spent')})`,
  )
}
process.exit()
