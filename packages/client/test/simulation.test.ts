import { fakeClock, histogram } from '@holdfast/testing'
import { expect, it } from 'vitest'
import { drainSlots } from '../../gateway/src/session/drain.ts'
import { ReconnectingWebSocket } from '../src/index.ts'
import { scripted } from './scripted-connection.ts'

const clients = 10_000

/** Milliseconds of each return, when client i gets its Close at `at` with `reason`. */
function returns(closes: readonly { at: number; reason: string }[]): number[] {
  const times: number[] = []
  for (const { at, reason } of closes) {
    // A clock for each: they have nothing to do with each other, and one clock with that many timers is slow.
    const clock = fakeClock()
    const { Class, last } = scripted()
    const socket = new ReconnectingWebSocket('ws://x/', [], { WebSocket: Class, clock })
    last().open()
    clock.tick(at)
    socket.onclose = ({ retryIn }) => times.push(at + retryIn!)
    last().end(1012, reason)
  }
  return times
}

/** The share of the returns in the busiest 100 ms. */
function busiest(times: readonly number[]): number {
  expect(times).toHaveLength(clients)
  const to = Math.ceil(Math.max(...times) / 100) * 100 + 100
  return Math.max(...histogram(times, { from: 0, to, buckets: to / 100 })) / clients
}

it('10,000 clients closed at once without retry= come back with at most 4 % in the busiest 100 ms', () => {
  const closes = Array.from({ length: clients }, () => ({ at: 0, reason: '' }))
  expect(busiest(returns(closes))).toBeLessThanOrEqual(0.04)
})

it('10,000 clients of a gateway that drains come back with at most 2 % in the busiest 100 ms', () => {
  const slots = drainSlots(clients, { spread: 5000, deadline: 30_000, retry: [1000, 5000] }, Math.random)
  const closes = slots.map(({ at, retry }) => ({ at, reason: `service restart; retry=${retry}` }))
  expect(busiest(returns(closes))).toBeLessThanOrEqual(0.02)
})
