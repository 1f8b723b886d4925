// Reload and stop under many connections, through the command as a user runs it.
import { startHoldfast, startUpstream, type WsClient, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'

async function openMany(url: string, count: number): Promise<WsClient[]> {
  const clients: WsClient[] = []
  // In lots, as a listen queue is only so long.
  for (let i = 0; i < count; i += 200) {
    const lot = Array.from({ length: Math.min(200, count - i) }, () => wsClient(url))
    clients.push(...lot)
    await Promise.all(lot.map(({ opened }) => opened))
  }
  return clients
}

/** `at`: milliseconds after the drain was asked for; `retry`: those that the client is told to wait. */
interface Closing {
  at: number
  retry: number
}

function closing({ reason }: { reason: string }, start: number): Closing {
  return { at: performance.now() - start, retry: retryOf(reason) }
}

/**
 * Closes are even over the spread, and the returns over that and the width of `retry`: at no time have more come than by then may have.
 * Later than that they come on a machine that is late.
 */
function expectSpread(
  closings: Closing[],
  { spreadMs, retry: [least, most] }: { spreadMs: number; retry: [number, number] },
): void {
  const times = closings.map(({ at }) => at)
  const returns = closings.map(({ at, retry }) => at + retry)
  expect(tooEarly(times, 0, spreadMs)).toEqual([])
  expect(tooEarly(returns, least, spreadMs + most)).toEqual([])
  // Of a machine that is late by seconds the first of them are told together.
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(spreadMs / 10)
}

/** Those that come before their turn, if all are to come evenly from `from` until `to`. */
function tooEarly(times: number[], from: number, to: number): number[] {
  const turn = (i: number) => from + (i / times.length) * (to - from)
  return times.toSorted((a, b) => a - b).filter((at, i) => at < turn(i) - (to - from) / 50)
}

const retryOf = (reason: string) => Number(reason.match(/; retry=(\d+)$/)?.[1])

test('SIGHUP under 1,000 connections closes those of the removed route, spread, and no other', async () => {
  await using upstream = await startUpstream()
  const route = (name: string, more: object = {}) => ({
    name,
    match: { path: `/${name}` },
    upstreams: [upstream.url],
    ...more,
  })
  const drain = { spread: '3s', deadline: '8s', retry: ['1s', '2s'] }
  await using holdfast = await startHoldfast({ config: { drain, routes: [route('stays'), route('goes')] } })
  const stays = await openMany(`${holdfast.url}/stays`, 500)
  const goes = await openMany(`${holdfast.url}/goes`, 500)

  const start = performance.now()
  const closes = goes.map(async ({ closed }) => closing(await closed, start))
  holdfast.writeConfig({
    drain,
    routes: [route('stays', { attempts: 2, keepalive: { ping: '60s', timeout: '20s' } }), route('added')],
  })
  holdfast.signal('SIGHUP')
  for (const client of goes) {
    const { code, reason } = await client.closed
    expect(code).toBe(1012)
    expect(retryOf(reason)).toBeGreaterThanOrEqual(1000)
    expect(retryOf(reason)).toBeLessThanOrEqual(2000)
  }
  expectSpread(await Promise.all(closes), { spreadMs: 3000, retry: [1000, 2000] })

  await using added = wsClient(`${holdfast.url}/added`)
  await added.opened
  await Promise.all(
    stays.map(async (client, i) => {
      client.send(`still ${i}`)
      expect(await client.message()).toBe(`still ${i}`)
    }),
  )

  holdfast.writeConfig('routes:\n  - name: stays\n    upstream: ws://127.0.0.1:1\n')
  holdfast.signal('SIGHUP')
  const line = await holdfast.waitForLog('the mistake with its line', ({ msg }) =>
    /:3:5: unknown key 'upstream'/.test(msg),
  )
  expect(line.level).toBeGreaterThanOrEqual(40)
  stays[0]!.send('untouched')
  expect(await stays[0]!.message()).toBe('untouched')
  for (const client of stays) client.socket.terminate()
})

test('SIGTERM under 2,000 connections gives each 1012 and its own delay, evenly, and exits 0', async () => {
  await using upstream = await startUpstream()
  const config = {
    drain: { spread: '3s', deadline: '8s', retry: ['1s', '5s'] },
    routes: [{ name: 'all', upstreams: [upstream.url] }],
  }
  await using holdfast = await startHoldfast({ config })
  const clients = await openMany(holdfast.url, 2000)
  const start = performance.now()
  const closes = clients.map(async ({ closed }) => closing(await closed, start))
  holdfast.signal('SIGTERM')
  const seen = await Promise.all(clients.map(({ closed }) => closed))
  expect(new Set(seen.map(({ code }) => code))).toEqual(new Set([1012]))
  const delays = seen.map(({ reason }) => retryOf(reason))
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(1000)
  expect(Math.max(...delays)).toBeLessThanOrEqual(5000)
  expect(new Set(delays).size).toBeGreaterThan(1000)
  expectSpread(await Promise.all(closes), { spreadMs: 3000, retry: [1000, 5000] })
  expect(await holdfast.exited).toMatchObject({ code: 0 })
  // Nobody was left at the deadline.
  const drained = await holdfast.waitForLog('the counts', ({ msg }) => msg === 'drained')
  expect(drained).toMatchObject({ closed: 2000, cut: 0 })
})

test('SIGTERM cuts a client that never answers at the deadline, counts it, and exits 0', async () => {
  await using upstream = await startUpstream()
  const config = {
    drain: { spread: '100ms', deadline: '1s', retry: ['1s', '2s'] },
    routes: [{ name: 'all', upstreams: [upstream.url] }],
  }
  await using holdfast = await startHoldfast({ config })
  const polite = wsClient(holdfast.url)
  const stubborn = wsClient(holdfast.url)
  await Promise.all([polite.opened, stubborn.opened])
  stubborn.tcp.pause()
  holdfast.signal('SIGTERM')
  expect(await polite.closed).toMatchObject({ code: 1012 })
  const summary = await holdfast.waitForLog('the summary', ({ msg }) => msg === 'drained')
  expect(summary).toMatchObject({ closed: 1, cut: 1 })
  expect(await holdfast.exited).toMatchObject({ code: 0 })
  stubborn.socket.terminate()
})
