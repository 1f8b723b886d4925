import { fakeClock } from '@holdfast/testing'
import { expect, it } from 'vitest'
import { transport } from '../src/transport.ts'
import { scripted } from './scripted-connection.ts'

it('a transport says after each loss when to come back, and counts attempts over its sockets', () => {
  const clock = fakeClock()
  const { Class, last } = scripted()
  const { WebSocket, retryIn, retryDelay } = transport({ WebSocket: Class, clock, random: () => 0.5 })
  const lose = (code: number, reason = '', lifetime = 0) => {
    const socket = new WebSocket('ws://x/', 'a')
    let asked: number | null | undefined
    socket.onclose = () => {
      asked = retryIn()
    }
    last().open()
    clock.tick(lifetime)
    last().end(code, reason)
    expect(socket.readyState).toBe(3)
    return asked
  }
  expect([lose(1014), lose(1014), lose(1014, '', 5_000), lose(1014)]).toEqual([500, 1000, 500, 1000])
  expect(lose(1012, 'retry=70', 5_000)).toBe(70)
  expect(retryDelay()).toBe(70)
  expect(lose(1008)).toBeNull()
  expect(retryDelay()).toBe(2 ** 31 - 1)
  expect(clock.pending).toBe(0)
})

it('a transport counts a connection that never opened', () => {
  const { Class, last } = scripted()
  const { WebSocket, retryIn } = transport({ WebSocket: Class, random: () => 0.5 })
  for (const delay of [2500, 5000, 10_000]) {
    new WebSocket('ws://x/')
    last().onerror?.({ type: 'error' })
    expect(retryIn()).toBe(delay)
  }
})

it('a transport has no buffer: send() throws while CONNECTING, as the library expects', () => {
  const { Class } = scripted()
  const { WebSocket } = transport({ WebSocket: Class })
  const socket = new WebSocket('ws://x/')
  expect(() => socket.send('x')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
  expect(WebSocket.OPEN).toBe(1)
})
