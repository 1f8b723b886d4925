import { once as firstEvent } from 'node:events'
import tls from 'node:tls'
import { authority, fakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { TicketKeys, ticketKeysEveryMs } from '../src/process/ticket-keys.ts'
import { streamOf } from '../src/wire/index.ts'
import { handshakeText, type ListenerHost, listenerHost, receives } from './listener-host.ts'

test('keys are 48 bytes, others each day, and none after the end', async () => {
  const clock = fakeClock()
  const rotated: string[] = []
  const keys = new TicketKeys(clock, (now) => rotated.push(now))
  const seen = [keys.current]
  for (let day = 1; day <= 3; day++) {
    await clock.advance(ticketKeysEveryMs - 1)
    expect(rotated).toHaveLength(day - 1)
    await clock.advance(1)
    seen.push(keys.current)
  }
  expect(rotated).toEqual(seen.slice(1))
  expect(new Set(seen).size).toBe(4)
  for (const one of seen) expect(Buffer.from(one, 'base64')).toHaveLength(48)
  keys.stop()
  await clock.advance(10 * ticketKeysEveryMs)
  expect(rotated).toHaveLength(3)
})

const { cert, key } = authority().issue({ names: ['a.test'] })

/** Asks for a WebSocket, by a session if there is one: whether that was resumed, and the newest ticket. */
async function visit({ port }: ListenerHost, session?: Buffer) {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    servername: 'a.test',
    rejectUnauthorized: false,
    session,
  })
  const tickets: Buffer[] = []
  socket.on('error', () => {}).on('session', (ticket) => tickets.push(ticket))
  await firstEvent(socket, 'secureConnect')
  socket.write(handshakeText())
  await receives(socket, '\r\n\r\n')
  const resumed = socket.isSessionReused()
  socket.destroy()
  return { resumed, ticket: tickets.at(-1) }
}

test('a session is resumed wherever the keys are the same, and no longer when they are others', async () => {
  const onUpgrade: NonNullable<Parameters<typeof listenerHost>[0]>['deps'] = {
    onUpgrade: (handshake) => void streamOf(handshake.accept({ headers: [] })).on('error', () => {}),
  }
  await using first = await listenerHost({ tls: { cert, key }, deps: onUpgrade })
  await using second = await listenerHost({ tls: { cert, key }, deps: onUpgrade })
  const [keys, others] = [Buffer.alloc(48, 1), Buffer.alloc(48, 2)]
  for (const { listener } of [first, second]) listener.setTicketKeys(keys)
  const { ticket } = await visit(first)
  expect((await visit(second, ticket)).resumed).toBe(true)
  // Servers that a reload makes have them too.
  second.listener.configureTls({ tls: [{ cert, key }] })
  expect((await visit(second, ticket)).resumed).toBe(true)
  second.listener.setTicketKeys(others)
  expect((await visit(second, ticket)).resumed).toBe(false)
  expect((await visit(first, ticket)).resumed).toBe(true)
})
