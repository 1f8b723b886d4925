// What is measured. `unit` is what the processor time is divided by; `run` asks the generator and returns one sample.

import { setTimeout as after } from 'node:timers/promises'
import { memory } from './process-stats.mjs'

/** Milliseconds of one sample: for code to get warm, and measured. */
export const times = {
  full: { warm: 500, ms: 800 },
  quick: { warm: 400, ms: 500 },
}

function pingPong(name, title, load) {
  return {
    name,
    title,
    unit: 'us per round trip',
    run: ({ ask, proxy, time }) =>
      ask('pingPong', {
        port: load.secure ? proxy.tlsPort : proxy.port,
        pids: proxy.pids(),
        resumes: proxy.system.resumes,
        inFlight: 1,
        ...load,
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
  {
    name: 'set-up',
    title: 'connection set-up, 32 at a time',
    unit: 'us per connection',
    quick: true,
    run: ({ ask, proxy, quick }) =>
      ask('setUp', {
        port: proxy.port,
        pids: proxy.pids(),
        connections: quick ? 500 : 1000,
        atOnce: 32,
        warm: quick ? 1000 : 2000,
        rounds: 2,
      }),
  },
  {
    name: 'idle-memory',
    title: 'memory of an idle connection, of 4,000',
    unit: 'KiB per connection',
    fresh: true,
    rounds: 1,
    run: idleMemory,
  },
  pingPong('tls', '128 B ping-pong over TLS, 100 connections', {
    connections: 100,
    bytes: 128,
    secure: true,
  }),
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

/** What 4,000 connections add to a system that has already seen some. */
async function idleMemory({ ask, proxy }) {
  const connections = 4000
  await ask('setUp', {
    port: proxy.port,
    pids: proxy.pids(),
    connections: 500,
    atOnce: 32,
    warm: 500,
    rounds: 1,
  })
  await after(1500)
  const before = memory(proxy.pids())
  await ask('hold', { port: proxy.port, connections, resumes: proxy.system.resumes })
  await after(4000)
  const used = memory(proxy.pids()) - before
  const { closed } = await ask('release', {})
  return { units: connections, value: used / connections / 1024, wrong: 0, closed }
}
