import { Socket } from 'phoenix'
import { expect, it } from 'vitest'
import { WebSocket as Ws } from 'ws'
import { transport } from '../../src/transport.ts'
import { backend, values } from './restarts.ts'

type Message = [joinRef: string | null, ref: string | null, topic: string, event: string, payload: unknown]

/** The server's side of the Phoenix protocol, version 2: joins, heartbeats, and a broadcast to everybody. */
const start = (name: string, port?: number) =>
  backend({
    port,
    serve: (server) =>
      server.on('connection', (socket) => {
        const send = (...message: Message) => socket.send(JSON.stringify(message))
        socket.on('message', (data) => {
          const [joinRef, ref, topic, event, payload] = JSON.parse(String(data)) as Message
          if (event === 'shout') {
            for (const other of server.clients)
              other.send(JSON.stringify([null, null, topic, 'shout', payload] satisfies Message))
          }
          send(joinRef, ref, topic, 'phx_reply', { status: 'ok', response: { name } })
        })
      }),
  })

it('phoenix rejoins its channel after a restart, and comes back when the server says', async () => {
  const first = await start('first')
  const { WebSocket, retryDelay } = transport({ WebSocket: Ws })
  const socket = new Socket(`ws://127.0.0.1:${first.port}/socket`, {
    transport: WebSocket,
    reconnectAfterMs: retryDelay,
    rejoinAfterMs: () => 10,
  })
  const closes: number[] = []
  socket.onClose((event) => {
    closes.push((event as CloseEvent).code)
  })
  socket.connect()
  const seen: unknown[] = []
  const channel = socket.channel('room:lobby')
  channel.on('shout', (payload) => {
    seen.push(payload)
  })
  channel.join().receive('ok', ({ name }) => seen.push(name))
  expect(await values(seen, 1)).toEqual(['first'])
  channel.push('shout', { said: 'one' })
  await values(seen, 2)

  await first.leave(1012, 'service restart; retry=300')
  const left = performance.now()
  // Phoenix keeps it, and sends it when it has joined again.
  channel.push('shout', { said: 'two' })
  await using second = await start('second', first.port)
  expect(await values(seen, 4)).toEqual(['first', { said: 'one' }, 'second', { said: 'two' }])
  expect(performance.now() - left).toBeGreaterThan(250)
  expect(closes).toEqual([1012])
  expect(second.accepted).toBe(1)
  await new Promise<void>((resolve) => socket.disconnect(resolve))
})
