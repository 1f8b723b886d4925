// What is particular to Fastify: its own close, and that it listens twice on localhost.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import websocket from '@fastify/websocket'
import { wsClient } from '@holdfast/testing'
import Fastify from 'fastify'
import { expect, it } from 'vitest'
import { gracefulRestart } from '../src/index.ts'

/** The status of a plain request; 0 where nobody listens. */
function status(address: AddressInfo): Promise<number> {
  return new Promise((resolve) => {
    const request = http.get({ host: address.address, port: address.port, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('error', () => resolve(0))
  })
}

it('a Fastify app refuses on each of its addresses, and closes with its hooks when the connections are gone', async () => {
  const app = Fastify()
  const order: string[] = []
  let letGo = () => {}
  const asked = new Promise<void>((onAsked) => {
    letGo = onAsked
  })
  const restart = gracefulRestart(app, {
    signals: [],
    spread: 0,
    onDrain: () =>
      new Promise<void>((resolve) => {
        letGo()
        letGo = resolve
      }),
  })
  restart.on(({ phase }) => order.at(-1) !== phase && order.push(phase))
  await app.register(websocket)
  app.route({ method: 'GET', url: '/', handler: () => 'hello', wsHandler: () => {} })
  app.addHook('onClose', async () => void order.push('onClose'))
  await app.listen({ port: 0, host: 'localhost' })
  const addresses = app.addresses() as AddressInfo[]
  expect(await Promise.all(addresses.map(status))).toEqual(addresses.map(() => 200))

  const [address] = addresses
  await using client = wsClient(`ws://${address!.address.replace(/.*:.*/, '[$&]')}:${address!.port}/`)
  await client.opened
  const done = restart.start()
  await asked
  expect(await Promise.all(addresses.map(status))).toEqual(addresses.map(() => 503))
  letGo()
  expect((await client.closed).code).toBe(1012)
  expect(await done).toMatchObject({ total: 1, closed: 1 })
  expect<string[]>(order).toEqual(['refusing', 'draining', 'closing', 'onClose', 'done'])
  expect(await Promise.all(addresses.map(status))).toEqual(addresses.map(() => 0))
})

it("a Fastify app waits with a close of the application's own until its clients have been told", async () => {
  const app = Fastify()
  const restart = gracefulRestart(app, { signals: [], spread: 0 })
  await app.register(websocket)
  app.route({ method: 'GET', url: '/', handler: () => 'hello', wsHandler: () => {} })
  await app.listen({ port: 0, host: '127.0.0.1' })
  await using client = wsClient(`ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/`)
  await client.opened
  const done = restart.start()
  await app.close()
  expect(restart.phase).toBe('done')
  expect((await client.closed).code).toBe(1012)
  expect(await done).toMatchObject({ total: 1, closed: 1 })
})
