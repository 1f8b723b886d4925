import { expect, test } from 'vitest'
import { startGateway } from '../src/start-gateway.ts'
import { startUpstream } from '../src/start-upstream.ts'
import { closedPort } from '../src/tcp-server.ts'
import { wsClient } from '../src/ws-client.ts'

test('a gateway that a test starts carries messages, and can be asked and told from outside', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway({ upstreams: [upstream.url] })
  await using client = wsClient(gateway.url)
  await client.opened
  client.send('through')
  expect(await client.message()).toBe('through')
  const [connection] = await gateway.connections()
  expect(connection).toMatchObject({ route: 'default', upstream: upstream.url, state: 'open' })
  expect(await gateway.closeConnection(connection!.id, 4000, 'by hand')).toBe(true)
  expect(await client.closed).toEqual({ code: 4000, reason: 'by hand', wasClean: true })
  await gateway.waitForEvent('the close', (event) => event.type === 'close' && event.code === 4000)
})

test('a gateway that a test starts takes another configuration', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway({ upstreams: [`ws://127.0.0.1:${await closedPort()}`] })
  await using refused = wsClient(gateway.url)
  expect((await refused.closed).code).toBe(1014)
  await gateway.reload({ upstreams: [upstream.url] })
  await using client = wsClient(gateway.url)
  await client.opened
})
