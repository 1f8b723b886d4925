import { expect, test } from 'vitest'
import { Metrics } from '../src/metrics.ts'
import type { Measured } from '../src/operations.ts'

const measured: Measured = {
  workerRestarts: 2,
  handovers: { moved: 7, ended: 1 },
  workers: [
    {
      id: 1,
      pid: 10,
      state: 'ready',
      generation: 1,
      version: '1.0.0',
      startedAt: 0,
      connections: 3,
      process: { memory: 1e6, processor: 1.5, delay: 20 },
    },
    { id: 2, pid: 11, state: 'starting', generation: 1, version: '', startedAt: 0, connections: 0 },
  ],
  snapshot: {
    drains: [],
    routes: [
      {
        name: 'say "hi"\n\\',
        connections: { open: 3, held: 2, closing: 1 },
        upstreams: [
          { name: 'ws://a', address: '10.0.0.1:80', healthy: true, connections: 3 },
          { name: 'dns:ws://b', address: '10.0.0.2:80', healthy: false, connections: 0 },
          { name: 'dns:ws://b', address: '10.0.0.3:80', healthy: true, connections: 0 },
          { name: 'ws://c', address: '10.0.0.4:80', healthy: false, connections: 0 },
        ],
        counters: {
          handshakes: { accepted: 9, 'bad-gateway': 1 },
          closes: { '1000:client': 4, '1006:gateway': 2 },
          messages: { 'to-upstream': 100, 'to-client': 200 },
          bytes: { 'to-upstream': 1000, 'to-client': 2000 },
          lost: { 'to-upstream': 3, 'to-client': 1 },
          reattachments: { attached: 5, refused: 1 },
          reattachSeconds: { '0.1': 2, '0.5': 3, Infinity: 1 },
          reattachSum: 9.5,
        },
      },
    ],
  },
}

/** Reads the text format (version 0.0.4) by its own rules: every line is a comment, a sample, or an error. */
function parse(text: string) {
  const samples = new Map<string, number>()
  const types = new Map<string, string>()
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.split('\n')) {
    if (line === '') continue
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.*)$/.exec(line)
    if (comment) {
      if (comment[1] === 'TYPE') {
        expect(types.has(comment[2]!), `${comment[2]} is declared once`).toBe(false)
        types.set(comment[2]!, comment[3]!)
      }
      continue
    }
    const sample = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/.exec(line)
    expect(sample, line).not.toBeNull()
    const key = `${sample![1]}${sample![2] ?? ''}`
    expect(samples.has(key), `${key} is there once`).toBe(false)
    samples.set(key, Number(sample![3]))
  }
  return { samples, types }
}

const route = 'route="say \\"hi\\"\\n\\\\"'

test('the exposition has every metric of a snapshot with its labels', async () => {
  const { samples, types } = parse(await new Metrics().expose(measured))
  const own = [...samples].filter(([name]) => name.startsWith('holdfast_'))
  expect(Object.fromEntries(own)).toEqual({
    [`holdfast_connections{${route},state="open"}`]: 3,
    [`holdfast_connections{${route},state="held"}`]: 2,
    [`holdfast_connections{${route},state="closing"}`]: 1,
    [`holdfast_handshakes_total{${route},result="accepted"}`]: 9,
    [`holdfast_handshakes_total{${route},result="bad-gateway"}`]: 1,
    [`holdfast_closes_total{${route},code="1000",by="client"}`]: 4,
    [`holdfast_closes_total{${route},code="1006",by="gateway"}`]: 2,
    [`holdfast_messages_total{${route},direction="to-upstream"}`]: 100,
    [`holdfast_messages_total{${route},direction="to-client"}`]: 200,
    [`holdfast_bytes_total{${route},direction="to-upstream"}`]: 1000,
    [`holdfast_bytes_total{${route},direction="to-client"}`]: 2000,
    [`holdfast_upstream_healthy{${route},upstream="ws://a"}`]: 1,
    [`holdfast_upstream_healthy{${route},upstream="dns:ws://b"}`]: 1,
    [`holdfast_upstream_healthy{${route},upstream="ws://c"}`]: 0,
    holdfast_worker_restarts_total: 2,
    'holdfast_worker_resident_memory_bytes{worker="1"}': 1e6,
    'holdfast_worker_cpu_seconds_total{worker="1"}': 1.5,
    'holdfast_worker_eventloop_lag_p99_seconds{worker="1"}': 0.02,
  })
  expect(types.get('holdfast_closes_total')).toBe('counter')
  expect(types.get('holdfast_connections')).toBe('gauge')
  expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(1e6)
  expect(samples.has('nodejs_eventloop_lag_p99_seconds')).toBe(true)
})

test('the second exposition has the numbers of its own snapshot, not sums', async () => {
  const metrics = new Metrics()
  const first = parse(await metrics.expose(measured)).samples
  const second = parse(await metrics.expose(measured)).samples
  for (const [name, value] of first)
    if (name.startsWith('holdfast_')) expect(second.get(name), name).toBe(value)
})

test('a route that has gone is gone from the exposition', async () => {
  const metrics = new Metrics()
  await metrics.expose(measured)
  const { samples } = parse(await metrics.expose({ ...measured, snapshot: { routes: [], drains: [] } }))
  expect([...samples.keys()].filter((name) => name.includes('route='))).toEqual([])
})

test('two expositions at the same time do not mix', async () => {
  const metrics = new Metrics()
  const none = { ...measured, snapshot: { routes: [], drains: [] } }
  const [first, second] = await Promise.all([metrics.expose(measured), metrics.expose(none)])
  expect(parse(first).samples.has(`holdfast_connections{${route},state="open"}`)).toBe(true)
  expect(second).not.toContain('route=')
})
