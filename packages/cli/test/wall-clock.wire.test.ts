import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rawClient, rawUpstream, runtime, startHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'

const packages = fileURLToPath(new URL('../../', import.meta.url))
const fixture = fileURLToPath(new URL('../../../testing/fixtures/jumping-wall-clock.mjs', import.meta.url))

/** A gateway with one worker; the wall clock of both processes jumps at every look at it. */
function jumping(config: object) {
  const env = { NODE_OPTIONS: `--import ${pathToFileURL(fixture)}` }
  return startHoldfast({ config: { workers: 1, ...config }, env })
}

/** Bun takes no `--import` from the environment. */
describe.skipIf(runtime().name !== 'node')('while the wall clock jumps by an hour forth and back', () => {
  test('pinged connections stay, a held client goes on, its upstream stays healthy, and uptime is right', async () => {
    const first = await startUpstream()
    const route = {
      name: 'chat',
      upstreams: [first.url],
      hold: { for: '60s', state: 'none' },
      health: { path: '/', interval: '2s' },
      keepalive: { ping: '20s', timeout: '20s' },
    }
    const began = performance.now()
    await using holdfast = await jumping({ routes: [route] })
    await using client = wsClient(holdfast.url)
    await client.opened
    await using idle = wsClient(holdfast.url)
    await idle.opened
    // Several sweeps of the keepalive, several probes.
    const state = async () => (await holdfast.api('/api/state')).body as State
    await expect.poll(async () => (await state()).uptime > 3000).toBe(true)
    expect((await state()).uptime).toBeLessThanOrEqual(performance.now() - began)
    expect((await state()).routes[0]).toMatchObject({
      connections: { open: 2, held: 0, closing: 0 },
      upstreams: [{ healthy: true }],
    })

    for (const socket of first.sockets) socket.terminate()
    await first[Symbol.asyncDispose]()
    await expect.poll(async () => (await state()).routes[0]!.connections.held).toBe(2)
    // The search goes on from one dial to the next.
    const { uptime } = await state()
    await expect.poll(async () => (await state()).uptime > uptime + 1000).toBe(true)
    await using _second = await startUpstream({ port: first.port })
    client.send('still there')
    expect(await client.message()).toBe('still there')
    expect((await state()).routes[0]!.counters.reattachments).toEqual({ attached: 2 })
  })

  test('limits refill by the time that has passed', async () => {
    await using upstream = await rawUpstream()
    const limits = { handshakesPerSecond: 2, messagesPerSecond: 50 }
    await using holdfast = await jumping({ routes: [{ name: 'chat', upstreams: [upstream.url], limits }] })
    const began = performance.now()
    const clients = await Promise.all(Array.from({ length: 20 }, () => rawClient(holdfast.url)))
    const seconds = (performance.now() - began) / 1000
    const [through] = clients.splice(0, 1)
    for (const client of clients) client.stream.destroy()
    expect(upstream.connections.length).toBeLessThanOrEqual(2 + Math.ceil(2 * seconds))

    for (let i = 0; i < 200; i++) through!.text(`message ${i}`)
    expect(await through!.closeFrame()).toMatchObject({ code: 1008 })
    through!.stream.destroy()
  })

  test('a drain takes the time that it is given, and ends nothing before', async () => {
    await using upstream = await startUpstream()
    const routes = [{ name: 'chat', upstreams: [upstream.url] }]
    await using holdfast = await jumping({ routes, drain: { spread: '1s', deadline: '60s' } })
    const clients = Array.from({ length: 20 }, () => wsClient(holdfast.url))
    await Promise.all(clients.map(({ opened }) => opened))
    const began = performance.now()
    holdfast.signal('SIGTERM')
    const times = clients.map(async ({ closed }) => {
      expect((await closed).code).toBe(1012)
      return performance.now() - began
    })
    // The last of twenty slots lies behind 950 ms.
    expect(Math.max(...(await Promise.all(times)))).toBeGreaterThan(900)
    expect((await holdfast.exited).code).toBe(0)
  })
})

test('no source looks at the wall clock but where its time is shown or compared with a date', () => {
  const looks = readdirSync(packages, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^[^/]+\/src\/.*\.ts$/.test(path))
    .filter((path) => /Date\.now|new Date\(\)/.test(readFileSync(join(packages, path), 'utf8')))
  expect(looks.toSorted()).toEqual([
    'cli/src/commands/connections.ts', // the age of connections, which say when they were opened
    'cli/src/commands/status.ts', // the time of each look
    'cli/src/demo/self-signed.ts', // the dates of a certificate
    'doctor/src/check.ts', // whether a certificate has expired
    'gateway/src/config/outside.ts', // whether a certificate has expired
    'gateway/src/core/clock.ts',
    'gateway/src/core/log.ts', // the time of each line
    'gateway/src/http/http-answer.ts', // the Date field
  ])
})

interface State {
  uptime: number
  routes: {
    connections: Record<string, number>
    counters: { reattachments: Record<string, number> }
  }[]
}
