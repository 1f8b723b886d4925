// What an idle connection has in the heap of its worker, by constructor: two snapshots, with so many connections between them.
//   node bench/experiments/heap.mjs ['holdfast resume'] [connections] [main.js]
// Of two systems the second has what the first has not: run it for each, and compare.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { startGenerator } from '../lib/ask.mjs'
import { launch, systems } from '../lib/systems.mjs'

const [name = 'holdfast resume', number = '2000', main] = process.argv.slice(2)
const count = Number(number)
/** Bytes for each connection from which on a constructor is shown. */
const worthALine = 8
/** Milliseconds for a snapshot at most. */
const snapshotMs = 60_000
const folder = mkdtempSync(join(tmpdir(), 'holdfast-heap-'))
const { ask } = startGenerator()
const backend = await ask('listen', {})
const system = systems.find((one) => one.name === name)
// Its worker inherits the options.
const watched = (settings) => {
  const { run, ...rest } = system.command(settings)
  const [executable, ...args] = run
  return {
    run: [executable, '--heapsnapshot-signal=SIGPROF', `--diagnostic-dir=${folder}`, ...args],
    ...rest,
  }
}
const proxy = await launch({ ...system, command: watched }, { backend, cores: '1', main })
const to = { port: proxy.port, resumes: proxy.system.resumes }
await ask('setUp', {
  port: proxy.port,
  pids: proxy.pids(),
  connections: 500,
  atOnce: 32,
  warm: 500,
  rounds: 1,
})
await after(1500)
const before = sizes(await snapshot())
await ask('hold', { ...to, connections: count })
await after(1500)
const now = sizes(await snapshot())
await proxy.stop()
rmSync(folder, { recursive: true })

const added = [...now].map(([what, { bytes, objects }]) => {
  const was = before.get(what) ?? { bytes: 0, objects: 0 }
  return { what, bytes: (bytes - was.bytes) / count, objects: (objects - was.objects) / count }
})
console.log(
  `${name}: ${added.reduce((sum, { bytes }) => sum + bytes, 0).toFixed(0)} bytes for each of ${count}`,
)
for (const { what, bytes, objects } of added.sort((a, b) => b.bytes - a.bytes))
  if (bytes >= worthALine)
    console.log(`${bytes.toFixed(0).padStart(6)} ${objects.toFixed(2).padStart(6)}  ${what}`)
process.exit()

/** The worker, which was started last, writes one; it is whole when it can be read. */
async function snapshot() {
  const seen = new Set(readdirSync(folder))
  process.kill(proxy.pids().at(-1), 'SIGPROF')
  for (const until = performance.now() + snapshotMs; performance.now() < until; await after(250)) {
    const file = readdirSync(folder).find((one) => !seen.has(one))
    try {
      if (file) return JSON.parse(readFileSync(join(folder, file), 'utf8'))
    } catch {
      // Not yet.
    }
  }
  throw new Error('the worker has written no snapshot')
}

/** Bytes and objects by constructor; what has none of its own also by who holds it. */
function sizes({ snapshot: { meta }, nodes, edges, strings }) {
  const node = Object.fromEntries(meta.node_fields.map((field, at) => [field, at]))
  const edge = Object.fromEntries(meta.edge_fields.map((field, at) => [field, at]))
  const [perNode, perEdge] = [meta.node_fields.length, meta.edge_fields.length]
  const all = nodes.length / perNode
  const nameOf = (n) => {
    const type = meta.node_types[0][nodes[n * perNode + node.type]]
    return type.includes('string') ? `(${type})` : strings[nodes[n * perNode + node.name]]
  }
  const holders = new Map([[0, undefined]])
  const firstEdge = new Uint32Array(all + 1)
  for (let n = 0; n < all; n++) firstEdge[n + 1] = firstEdge[n] + nodes[n * perNode + node.edge_count]
  for (const [holder] of holders)
    for (let e = firstEdge[holder]; e < firstEdge[holder + 1]; e++) {
      const type = meta.edge_types[0][edges[e * perEdge + edge.type]]
      const held = edges[e * perEdge + edge.to_node] / perNode
      if (type === 'weak' || holders.has(held)) continue
      const isNamed = type !== 'element' && type !== 'hidden'
      const via = isNamed ? strings[edges[e * perEdge + edge.name_or_index]] : ''
      holders.set(held, { holder, via: /^\d*$/.test(via) ? 'element' : via })
    }
  const isNobody = (what) => /^$|^\(|^system|^(?:Object|Array|Map|Set|Buffer|ArrayBuffer)$/.test(what)
  const found = new Map()
  for (let n = 0; n < all; n++) {
    let what = nameOf(n)
    let last = what
    for (let at = holders.get(n), depth = 0; at && isNobody(last) && depth < 4; depth++) {
      last = nameOf(at.holder)
      what += ` < ${at.via} of ${last}`
      at = holders.get(at.holder)
    }
    const sum = found.get(what) ?? { bytes: 0, objects: 0 }
    sum.bytes += nodes[n * perNode + node.self_size]
    sum.objects++
    found.set(what, sum)
  }
  return found
}
