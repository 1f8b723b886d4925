// What is measured. `unit` is what the processor time is divided by; `run` asks the generator and returns one sample.

import { setTimeout as after } from 'node:timers/promises'
import { maxConnections } from './file-limit.mjs'
import { memory } from './process-stats.mjs'

/** Milliseconds of one sample: for code to get warm, and measured. */
export const times = {
  full: { warm: 500, ms: 800 },
  quick: { warm: 400, ms: 500 },
  /** Whether it runs at all. */
  look: { warm: 50, ms: 1000 },
}

/** So many, or a part of them for a look at whether it runs. */
const share = (count, size = 1) => Math.max(1, Math.round(count * size))

function pingPong(name, title, load) {
  return {
    name,
    title,
    unit: 'us per round trip',
    run: ({ ask, proxy, time, size }) =>
      ask('pingPong', {
        port: load.secure ? proxy.tlsPort : proxy.port,
        pids: proxy.pids(),
        resumes: proxy.system.resumes,
        inFlight: 1,
        ...load,
        connections: share(load.connections, size),
        ...time,
      }),
    ...load.scenario,
  }
}

/** The first four are what `--quick` runs, with the set-up and the broadcast. */
export const scenarios = [
  {
    ...pingPong('ping-100', '128 B ping-pong, 100 connections', { connections: 100, bytes: 128 }),
    quick: true,
  },
  pingPong('ping-1', '128 B ping-pong, 1 connection', { connections: 1, bytes: 128 }),
  pingPong('ping-2000', '128 B ping-pong, 2,000 connections', { connections: 2000, bytes: 128 }),
  {
    ...pingPong('flight-16', '128 B, 16 in flight, 100 connections', {
      connections: 100,
      bytes: 128,
      inFlight: 16,
    }),
    quick: true,
  },
  {
    ...pingPong('16-kib', '16 KiB, 4 in flight, 100 connections', {
      connections: 100,
      bytes: 16384,
      inFlight: 4,
    }),
    quick: true,
  },
  pingPong('1-mib', '1 MiB, 1 in flight, 8 connections', { connections: 8, bytes: 1024 * 1024 }),
  {
    name: 'broadcast',
    title: '128 B from the backend to each of 2,000 clients',
    unit: 'us per message',
    run: ({ ask, proxy, time }) =>
      ask('broadcast', { port: proxy.port, pids: proxy.pids(), connections: 2000, bytes: 128, ...time }),
  },
  setUp('set-up', 'connection set-up, 32 at a time', { quick: true }),
  {
    name: 'set-up-cold',
    title: 'connection set-up, 32 at a time, the first 3,000 of a fresh process',
    unit: 'us per connection',
    fresh: true,
    run: ({ ask, proxy, size }) =>
      ask('setUp', {
        port: proxy.port,
        pids: proxy.pids(),
        connections: share(3000, size),
        atOnce: 32,
        warm: 0,
        rounds: 1,
      }),
  },
  setUp('tls-set-up', 'connection set-up over TLS, 32 at a time', { secure: true }),
  setUp('tls-set-up-resumed', 'connection set-up over TLS, with a session that is resumed, 32 at a time', {
    secure: true,
    resumed: true,
  }),
  idle('idle-memory', 'memory of an idle connection, of 4,000', 4000),
  idle('idle-memory-20000', 'memory of an idle connection, of 20,000 or as many as files allow', 20_000),
  {
    name: 'churn-memory',
    title: 'memory after ten minutes in which connections come and go, 32 at a time',
    unit: 'MiB',
    fresh: true,
    rounds: 1,
    onlyNamed: true,
    run: churnMemory,
  },
  pingPong('tls', '128 B ping-pong over TLS, 100 connections', {
    connections: 100,
    bytes: 128,
    secure: true,
  }),
  pingPong('h2', '128 B ping-pong over HTTP/2, 100 WebSockets on 10 connections', {
    connections: 100,
    bytes: 128,
    secure: true,
    h2: 10,
    scenario: { needs: 'h2' },
  }),
  {
    name: 'tls-carried',
    title: '128 B ping-pong over TLS, 100 connections, on a carrier after a live upgrade',
    unit: 'us per round trip',
    needs: 'upgrades',
    fresh: true,
    run: carried,
  },
  pingPong('deflate', '128 B compressed ping-pong, 100 connections', {
    connections: 100,
    bytes: 128,
    compressed: true,
  }),
  {
    ...pingPong('two-workers', '128 B, 16 in flight, 2 workers on 2 cores', {
      connections: 200,
      bytes: 128,
      inFlight: 16,
    }),
    fresh: true,
    workers: 2,
    rounds: 2,
  },
]

/** Milliseconds that a live upgrade takes with its trial, and until the old workers only carry. */
const upgradeMs = 12_000

/** Milliseconds for the code of a worker to get as warm as that of its successor will be. */
const warmMs = 6000

/** The same connections before a live upgrade and after it; what is shown is after. */
async function carried({ ask, proxy, time }) {
  const load = { port: proxy.tlsPort, secure: true, connections: 100, bytes: 128, inFlight: 1, ...time }
  const before = await ask('pingPong', { ...load, warm: warmMs, pids: proxy.pids(), stay: true })
  proxy.upgrade()
  await after(upgradeMs)
  const now = await ask('pingPongOn', { ...time, pids: proxy.pids() })
  const [was, is] = [before, now].map(({ microseconds }) => microseconds.toFixed(1))
  const ratio = (now.microseconds / before.microseconds).toFixed(2)
  console.log(
    `\ntls-carried, ${proxy.system.name}: ${was} us before the upgrade, ${is} us on a carrier, ${ratio} x`,
  )
  return now
}

/** What it costs to open connections, of a system that has already seen some. */
function setUp(name, title, { quick: inQuick = false, ...how }) {
  return {
    name,
    title,
    unit: 'us per connection',
    quick: inQuick,
    run: ({ ask, proxy, quick, size }) =>
      ask('setUp', {
        port: how.secure ? proxy.tlsPort : proxy.port,
        pids: proxy.pids(),
        connections: share(quick ? 500 : 1000, size),
        atOnce: 32,
        warm: share(quick ? 1000 : 2000, size),
        rounds: 2,
        ...how,
      }),
  }
}

/** What so many connections add to a system that has already seen some. */
function idle(name, title, count) {
  const run = async ({ ask, proxy, size }) => {
    // The generator has both ends of each, as the system does.
    const connections = Math.min(share(count, size), maxConnections - 200)
    await ask('setUp', {
      port: proxy.port,
      pids: proxy.pids(),
      connections: share(500, size),
      atOnce: 32,
      warm: share(500, size),
      rounds: 1,
    })
    await after(share(settleMs.before, size))
    const before = memory(proxy.pids())
    await ask('hold', { port: proxy.port, connections, resumes: proxy.system.resumes })
    await after(share(settleMs.after, size))
    const used = memory(proxy.pids()) - before
    const { closed } = await ask('release', {})
    return { units: connections, value: used / connections / 1024, wrong: 0, closed }
  }
  return { name, title, unit: 'KiB per connection', fresh: true, rounds: 1, run }
}

/** Milliseconds for memory to settle before it is measured. */
const settleMs = { before: 1500, after: 4000 }

/** Milliseconds in which connections come and go. */
const churnMs = 600_000

async function churnMemory({ ask, proxy, size = 1 }) {
  const ms = churnMs * size
  const { units } = await ask('churn', { port: proxy.port, atOnce: 32, ms }, ms + 60_000)
  await after(share(settleMs.after, size))
  return { units, value: memory(proxy.pids()) / 1024 / 1024, wrong: 0, perSecond: (units * 1000) / ms }
}
