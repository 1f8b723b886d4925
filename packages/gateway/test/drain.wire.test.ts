// Drains of a part, as an operator asks for them before taking a backend or a route away.
import { startGateway, startUpstream, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'

const drain = { spread: 100, deadline: 5000, retry: [1000, 2000] as [number, number] }

test('a drained upstream loses its clients to 1012 and gets no new ones, over a reload too, until it is taken back in', async () => {
  await using first = await startUpstream()
  await using second = await startUpstream()
  const init = { upstreams: [first.url, second.url], drain }
  await using gateway = await startGateway(init)
  const clients = Array.from({ length: 10 }, () => wsClient(gateway.url))
  await Promise.all(clients.map(({ opened }) => opened))
  expect(first.sockets.size).toBe(5)

  expect(await gateway.drain({ upstream: first.url })).toMatchObject({ closed: 5, cut: 0 })
  const ended = clients.filter(({ ending }) => ending)
  expect(ended.map(({ ending }) => ending?.code)).toEqual([1012, 1012, 1012, 1012, 1012])
  await Promise.all(Array.from({ length: 4 }, () => wsClient(gateway.url).opened))
  expect(first.connections).toHaveLength(5)
  expect(second.sockets.size).toBe(9)

  await gateway.reload(init)
  await wsClient(gateway.url).opened
  expect(first.connections).toHaveLength(5)
  expect(await gateway.undrain({ upstream: first.url })).toBe(true)
  await wsClient(gateway.url).opened
  expect(first.connections).toHaveLength(6)
  expect(await gateway.undrain({ upstream: first.url })).toBe(false)
})

test('a drained route tells new clients 1012, over a reload too, until it is taken back in, and other routes go on', async () => {
  await using upstream = await startUpstream()
  const init = {
    drain,
    routes: [
      { name: 'goes', match: { path: '/goes' }, upstreams: [upstream.url] },
      { name: 'stays', match: { path: '/stays' }, upstreams: [upstream.url] },
    ],
  }
  await using gateway = await startGateway(init)
  const goes = wsClient(`${gateway.url}/goes`)
  const stays = wsClient(`${gateway.url}/stays`)
  await Promise.all([goes.opened, stays.opened])
  await gateway.drain({ route: 'goes' })
  expect(await goes.closed).toMatchObject({ code: 1012 })
  expect(await wsClient(`${gateway.url}/goes`).closed).toMatchObject({ code: 1012 })
  stays.send('still here')
  expect(await stays.message()).toBe('still here')
  await gateway.reload(init)
  expect(await wsClient(`${gateway.url}/goes`).closed).toMatchObject({ code: 1012 })
  expect(await gateway.undrain({ route: 'goes' })).toBe(true)
  await wsClient(`${gateway.url}/goes`).opened
})
