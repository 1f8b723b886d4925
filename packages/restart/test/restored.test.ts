// The one line by which a server says that it has restored a client, with each of the servers it is for.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import websocket from '@fastify/websocket'
import { rawClient } from '@holdfast/testing'
import { serve } from '@hono/node-server'
import { createNodeWebSocket } from '@hono/node-ws'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { restoredHeaders, sayRestored } from '../src/index.ts'

const knows = (session: string) => session === 'known'
const handler = () => {}

interface Running extends AsyncDisposable {
  port: number
}

const servers: Record<string, () => Promise<Running>> = {
  async ws() {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    sayRestored(server, knows)
    await once(server, 'listening')
    return running(server.address() as AddressInfo, () => server.close())
  },
  async Fastify() {
    const app = Fastify()
    await app.register(websocket)
    sayRestored(app.websocketServer, knows)
    app.get('/', { websocket: true }, handler)
    await app.listen({ port: 0, host: '127.0.0.1' })
    return running(app.server.address() as AddressInfo, () => void app.close())
  },
  async Hono() {
    const app = new Hono()
    const ws = createNodeWebSocket({ app })
    sayRestored(ws.wss, knows)
    app.get(
      '/',
      ws.upgradeWebSocket(() => ({ onMessage: handler })),
    )
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
    ws.injectWebSocket(server)
    await once(server, 'listening')
    return running(server.address() as AddressInfo, () => server.close())
  },
}

function running({ port }: AddressInfo, stop: () => void): Running {
  return { port, [Symbol.asyncDispose]: async () => stop() }
}

describe('a server says that it has restored', () => {
  const handshakes = {
    'a client that comes back and is known': [
      { 'Holdfast-Session': 'known', 'Holdfast-Reattach': '1; code=1012' },
      '1',
    ],
    'no client that is not known': [
      { 'Holdfast-Session': 'stranger', 'Holdfast-Reattach': '1; code=1012' },
      '0',
    ],
    'no client that comes for the first time, and that it would': [{ 'Holdfast-Session': 'known' }, '0'],
    'no client without a session': [{ 'Holdfast-Reattach': '1; code=1012' }, undefined],
  } as const

  for (const [name, start] of Object.entries(servers)) {
    it.each(Object.entries(handshakes))(`${name}: %s`, async (_, [headers, said]) => {
      await using server = await start()
      await using client = await rawClient(`ws://127.0.0.1:${server.port}/`, { headers })
      expect(client.status).toBe(101)
      expect(client.headers['holdfast-restored']).toBe(said)
    })
  }

  it.each(Object.entries(handshakes))(
    'a request with the headers of the Fetch standard: %s',
    (_, [init, said]) => {
      const request = { headers: new Headers(init as Record<string, string>) }
      expect(restoredHeaders(request, knows)).toEqual(said ? { 'Holdfast-Restored': said } : {})
    },
  )
})
