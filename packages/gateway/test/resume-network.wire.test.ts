// Networks that break at random under load in both directions, with the client in protocol/python: nothing is lost, doubled
// or out of order, and no session ends. HOLDFAST_FULL=1 runs the full size.
import { spawnSync } from 'node:child_process'
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import {
  browserMissing,
  Child,
  type Cut,
  cuttingProxy,
  runtime,
  startGateway,
  tcpServer,
} from '@holdfast/testing'
import { describe, expect, type TestContext, test } from 'vitest'
import { bun, numbersServer, python, report, type TrafficOptions, traffic } from './resume-traffic.ts'

const full = process.env.HOLDFAST_FULL === '1'
const missing = spawnSync(python, ['-c', 'import websockets.legacy.client']).status !== 0
const seed = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000)
const resume = { for: full ? 600_000 : 60_000, buffer: 1024 * 1024, total: 256 * 1024 * 1024, stall: 120_000 }
const portOf = (url: string) => Number(new URL(url).port)

/** xorshift32, so that a run can be repeated. */
function randomFrom(start: number) {
  let state = Math.imul(start, 2_654_435_761) || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** Exchanges numbered messages through a proxy that cuts; resolves when all have come. */
async function exchange(
  options: Pick<TrafficOptions, 'clients' | 'constants' | 'webSocket'> & { messages: number; limit: number },
  cut: (connection: number, head: string) => Cut | undefined,
) {
  const { clients: count, messages, limit, ...more } = options
  await using server = await numbersServer(messages)
  await using gateway = await startGateway({ upstreams: [server.url], resume })
  await using proxy = await cuttingProxy(portOf(gateway.url), cut)
  const url = `ws://127.0.0.1:${proxy.port}`
  const load = { clients: count, first: seed, messages, compression: true, ...more }
  await using clients = traffic({ url, what: 'exchange', ...load })
  const seen = await report(clients, limit)
  expect({ client: seen.faults, server: server.faults }).toEqual({ client: [], server: [] })
  await server.changes.until('all has come', () => server.done.size === count)
  expect(seen.sessions).toBe(count)
  return { cuts: proxy.cuts, returns: seen.returns }
}

describe.each([
  ['ws', undefined],
  ['undici', undefined],
  ['bun', bun ? undefined : 'Bun is not here: node tools/other-runtimes.mjs bun'],
  ['chromium', browserMissing()],
] as const)(`clients of @holdfast/client on %s, seed ${seed}`, (webSocket, lacks) => {
  // Chromium lets a page wait that has had many handshakes cut.
  const fullSize = { clients: webSocket === 'chromium' ? 40 : 200, cuts: 50, messages: 600 }
  const size = full ? fullSize : { clients: 6, cuts: 10, messages: 80 }

  test(
    'cut at random bytes lose nothing',
    async ({ skip }) => {
      if (lacks) skip(lacks)
      const random = randomFrom(seed)
      let left = size.clients * size.cuts
      const options = { ...size, webSocket, limit: full ? 600_000 : 120_000 }
      const seen = await exchange(options, (_, head) => {
        // Who never got a welcome has no session.
        if (!head.includes('holdfast.v1.')) return { of: 'server', after: 2_500 }
        if (left-- <= 0) return undefined
        // One in four while it shakes hands; the others while the message of 1 MiB is on its way.
        if (random() < 0.75) return { of: 'server', after: 1 + Math.floor(random() * 12_000) }
        return { of: random() < 0.5 ? 'client' : 'server', after: 1 + Math.floor(random() * 1_200) }
      })
      expect(seen.returns).toBeGreaterThan(size.clients / 2)
    },
    full ? 660_000 : 150_000,
  )
})

describe.skipIf(missing)(`clients in Python, seed ${seed}`, () => {
  const size = full ? { clients: 200, cuts: 50, messages: 600 } : { clients: 12, cuts: 12, messages: 120 }

  test(
    'cut at random bytes lose nothing, with and without compression',
    async () => {
      const random = randomFrom(seed)
      let left = size.clients * size.cuts
      const seen = await exchange({ ...size, limit: full ? 600_000 : 120_000 }, () => {
        if (left-- <= 0) return undefined
        // One in four while it shakes hands or is told where it stands, the others under load.
        const after = 1 + Math.floor(random() * (random() < 0.25 ? 1_200 : 40_000))
        return { of: random() < 0.5 ? 'client' : 'server', after }
      })
      // How many depends on how much is said before all is said.
      expect(seen.cuts).toBeGreaterThan(size.clients)
      expect(seen.returns).toBeGreaterThan(size.clients / 2)
    },
    full ? 660_000 : 150_000,
  )

  test('cut at each byte of a return lose no session and no message', async () => {
    const step = full ? 1 : 8
    const places: Cut[] = []
    for (let after = 1 + (seed % step); after < 1_000; after += step) places.push({ of: 'server', after })
    for (let after = 1 + (seed % step); after < 700; after += step) places.push({ of: 'client', after })
    const count = 10
    const first: Cut = { of: 'server', after: 2_500 }
    const options = { clients: count, messages: 60, limit: 120_000, constants: { MOST_DELAY: 0.02 } }
    const seen = await exchange(options, (n) => (n <= count ? first : places.shift()))
    expect(places).toEqual([])
    expect(seen.returns).toBeGreaterThan(count)
  })

  test('with a link that takes longer for a message than a ping may take get it through', async () => {
    const messages = 40
    await using server = await numbersServer(messages)
    await using gateway = await startGateway({ upstreams: [server.url], resume })
    await using slow = await tcpServer((client) => {
      const upstream = net.connect(portOf(gateway.url), '127.0.0.1')
      upstream.pipe(client)
      upstream.on('error', () => client.destroy())
      client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy())
      client.on('data', (chunk) => {
        upstream.write(chunk)
        client.pause()
        // 64 KiB in 100 ms: the message of 1 MiB takes 1.6 s.
        setTimeout(() => client.resume(), chunk.length / 655)
      })
    })
    // A message may be unacknowledged for 0.4 s, and a ping 0.2 s.
    const constants = { UNACKNOWLEDGED: 0.4, PATIENCE: 0.2, TICK: 0.05 }
    const load = { clients: 1, first: 3, messages, constants }
    await using clients = traffic({ url: `ws://127.0.0.1:${slow.port}`, what: 'exchange', ...load })
    const seen = await report(clients, 60_000)
    expect({ client: seen.faults, server: server.faults }).toEqual({ client: [], server: [] })
    // It has given the link up, but not for ever: then there would be no report.
    expect(seen.returns).toBeGreaterThan(0)
  })

  // The script starts its processes on this Node.
  describe.skipIf(runtime().foreign)('with hold, and restarts of backends at the same time', () => {
    const script = fileURLToPath(new URL('../../../bench/network.mjs', import.meta.url))
    const impossible = 77
    const breaks: [string, string[]][] = [
      ['TCP resets', ['--resets']],
      ['a link with delay, loss and breaks of seconds', []],
      ['TCP resets and live upgrades of the gateway', ['--resets', '--upgrades']],
      ['such a link and live upgrades', ['--upgrades']],
    ]
    for (const [name, flags] of breaks) {
      const lose = async ({ skip }: TestContext) => {
        const size = full
          ? { seconds: '300', clients: '20' }
          : { seconds: flags.includes('--upgrades') ? '10' : '8', clients: '5' }
        const args = [
          '--seconds',
          size.seconds,
          '--clients',
          size.clients,
          '--seed',
          String(seed),
          '--workers',
          '2',
        ]
        await using run = new Child(process.execPath, [script, ...args, ...flags])
        const { code } = await run.exited
        if (code === impossible) skip(run.stdout.at(-1) ?? 'there can be no link')
        expect({ code, said: run.stdout, errors: run.stderr }).toMatchObject({ code: 0 })
      }
      test(`lose nothing by ${name}`, lose, full ? 600_000 : 120_000)
    }
  })
})
