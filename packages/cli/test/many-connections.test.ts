// Reload and stop under many connections, through the command as a user runs it.
import { histogram, startHoldfast, startUpstream, type WsClient, wsClient } from '@holdfast/testing'
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

  const start = Date.now()
  const at: number[] = []
  for (const client of goes) void client.closed.then(() => at.push(Date.now() - start))
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
  expect(
    Math.min(...histogram(at, { from: Math.min(...at), to: Math.min(...at) + 3000, buckets: 4 })),
  ).toBeGreaterThan(500 / 4 / 2)

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
  const start = Date.now()
  const returns: number[] = []
  const closes: number[] = []
  for (const client of clients) {
    void client.closed.then(({ reason }) => {
      closes.push(Date.now() - start)
      returns.push(Date.now() - start + retryOf(reason))
    })
  }
  holdfast.signal('SIGTERM')
  const seen = await Promise.all(clients.map(({ closed }) => closed))
  expect(new Set(seen.map(({ code }) => code))).toEqual(new Set([1012]))
  const delays = seen.map(({ reason }) => retryOf(reason))
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(1000)
  expect(Math.max(...delays)).toBeLessThanOrEqual(5000)
  expect(new Set(delays).size).toBeGreaterThan(1000)
  const first = Math.min(...closes)
  // Of six equal parts of the time none has less than half or more than twice its share.
  for (const parts of [
    histogram(closes, { from: first, to: first + 3000, buckets: 6 }),
    histogram(returns, { from: first + 1000, to: first + 8000, buckets: 6 }),
  ]) {
    expect(Math.min(...parts)).toBeGreaterThan(2000 / 6 / 2)
    expect(Math.max(...parts)).toBeLessThan((2000 / 6) * 2)
  }
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
