import { eventually, fakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { DashboardFeed } from '../src/operate/dashboard-feed.ts'
import type { DashboardFrame } from '../src/operate/dashboard-frame.ts'
import { SyntheticOperations } from './synthetic-operations.ts'

const routes = [{ name: 'chat', open: 40, upstreams: [{ name: 'ws://a' }, { name: 'ws://b' }] }]

function start() {
  const operations = new SyntheticOperations(routes)
  const clock = fakeClock(1_000_000_000)
  const frames = new DashboardFeed(operations, clock)
  frames.start()
  const watch = () => {
    const seen: DashboardFrame[] = []
    return { seen, undo: frames.watch((text) => seen.push(JSON.parse(text))) }
  }
  return { operations, clock, frames, watch, [Symbol.dispose]: () => frames.stop() }
}

test('a watcher gets a whole frame at once, and one every second', async () => {
  using given = start()
  const { clock, operations } = given
  await clock.advance(10_000)
  const { seen } = given.watch()
  operations.close('chat', 1014, 'gateway', 'bad gateway', 7)
  await clock.advance(300)
  expect(seen).toHaveLength(1)
  expect(seen[0]).toMatchObject({ whole: true, version: '0.1.0', phase: 'serving' })
  expect(seen[0]?.routes[0]).toMatchObject({ name: 'chat', connections: { open: 40 } })
  await clock.advance(3000)
  expect(seen.map(({ whole }) => whole)).toEqual([true, false, false, false])
})

test('many watchers cost as many looks as one', async () => {
  using given = start()
  await given.clock.advance(5000)
  const before = given.operations.looks
  const watchers = Array.from({ length: 20 }, () => given.watch())
  await given.clock.advance(10_300)
  expect(given.operations.looks - before).toBeLessThanOrEqual(11)
  for (const { seen } of watchers) expect(seen.length).toBe(watchers[0]!.seen.length)
})

test('nobody watching costs a look every five seconds, and the history has what happened meanwhile', async () => {
  using given = start()
  await given.clock.advance(100)
  const before = given.operations.looks
  given.operations.close('chat', 1000, 'client', '', 50, 0)
  await given.clock.advance(60_000)
  expect(given.operations.looks - before).toBeLessThanOrEqual(12)
  const { seen } = given.watch()
  await given.clock.advance(300)
  expect(seen[0]?.closes.reduce((sum, [, , n]) => sum + n, 0)).toBe(50)
})

test('counts of before the start are no closes of now', async () => {
  const operations = new SyntheticOperations(routes)
  operations.close('chat', 1000, 'client', '', 9999, 0)
  const clock = fakeClock(1_000_000_000)
  const frames = new DashboardFeed(operations, clock)
  frames.start()
  const seen: DashboardFrame[] = []
  frames.watch((text) => seen.push(JSON.parse(text)))
  await clock.advance(5000)
  frames.stop()
  expect(seen.flatMap(({ closes }) => closes)).toEqual([])
  expect(seen[0]?.routes[0]?.closes).toEqual({ '1000:client': 9999 })
})

test('an event is shown within half a second, but not more often than four times a second', async () => {
  using given = start()
  const { seen } = given.watch()
  await given.clock.advance(2100)
  const before = seen.length
  given.operations.health('chat', 'ws://a', false, 'connection refused')
  await given.clock.advance(250)
  expect(seen.at(-1)?.routes[0]?.upstreams[0]).toMatchObject({
    healthy: false,
    lastError: 'connection refused',
  })
  expect(seen.at(-1)?.news[0]).toMatchObject({ type: 'health', error: 'connection refused' })
  for (let i = 0; i < 100; i++) {
    given.operations.health('chat', 'ws://a', i % 2 === 0)
    await given.clock.advance(10)
  }
  expect(seen.length - before).toBeLessThanOrEqual(7)
})

test('a frame does not grow with the closes of a second', async () => {
  using given = start()
  const { seen } = given.watch()
  await given.clock.advance(1100)
  for (let i = 0; i < 2000; i++)
    given.operations.close('chat', 1014, 'gateway', `bad gateway: reason ${i % 500}; retry=${i}`)
  await given.clock.advance(1000)
  const frame = seen.at(-1)!
  expect(frame.recent).toHaveLength(30)
  expect(frame.closes.reduce((sum, [, , n]) => sum + n, 0)).toBe(2000)
  expect(JSON.stringify(frame).length).toBeLessThan(10_000)
})

test('rates are per second, and an early look does not shake them', async () => {
  using given = start()
  const { seen } = given.watch()
  const { clock, operations } = given
  await clock.advance(1000)
  for (let i = 0; i < 5; i++) {
    operations.pass('chat', 10, 400)
    await clock.advance(1000)
    if (i === 3) operations.health('chat', 'ws://b', false, 'silent')
  }
  const rates = seen.slice(3).map((frame) => frame.routes[0]!.rates)
  expect(rates.length).toBeGreaterThan(2)
  for (const { handshakes, messages } of rates) {
    expect(handshakes).toBeGreaterThan(4)
    expect(handshakes).toBeLessThan(21)
    expect(messages['to-client']).toBeGreaterThan(160)
  }
})

test('a look that fails is left out, and the next one comes', async () => {
  using given = start()
  const { seen } = given.watch()
  await given.clock.advance(1000)
  const { state } = given.operations
  given.operations.state = () => Promise.reject(new Error('no'))
  await given.clock.advance(3000)
  const before = seen.length
  given.operations.state = state
  await given.clock.advance(2000)
  expect(seen.length).toBeGreaterThan(before)
})

test('nothing is looked at after the end', async () => {
  const given = start()
  given.watch()
  await given.clock.advance(1000)
  given[Symbol.dispose]()
  const { looks } = given.operations
  await given.clock.advance(30_000)
  expect(given.operations.looks).toBe(looks)
  await eventually('no timer', () => given.clock.pending === 0)
})
