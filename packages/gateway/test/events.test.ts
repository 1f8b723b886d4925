import { expect, test } from 'vitest'
import { EventFeed, type FeedEvent } from '../src/operate/events.ts'

const close = (route = 'chat'): FeedEvent => ({
  type: 'close',
  at: 0,
  route,
  code: 1000,
  reason: '',
  by: 'client',
  worker: 1,
})
const health = (worker: number, healthy: boolean): FeedEvent => ({
  type: 'health',
  at: 0,
  route: 'chat',
  upstream: 'ws://a',
  healthy,
  worker,
})

function watched() {
  const feed = new EventFeed()
  const seen: FeedEvent[] = []
  const unwatch = feed.watch(({ event }) => seen.push(event))
  return { feed, seen, unwatch }
}

test('a watcher sees every event until it stops watching', () => {
  const { feed, seen, unwatch } = watched()
  feed.publish(close())
  unwatch()
  feed.publish(close())
  expect(seen).toEqual([close()])
})

test('a change of health that every worker sees is one event', () => {
  const { feed, seen } = watched()
  for (const worker of [1, 2, 3]) feed.publish(health(worker, false))
  for (const worker of [1, 2, 3]) feed.publish(health(worker, true))
  expect(seen).toEqual([health(1, false), health(1, true)])
})

test('health is reported again after a reload', () => {
  const { feed, seen } = watched()
  feed.publish(health(1, false))
  feed.forgetHealth()
  feed.publish(health(1, false))
  expect(seen.length).toBe(2)
})

test('of 10,000 upstreams it is remembered how they are, of more the oldest is forgotten', () => {
  const { feed, seen } = watched()
  const of = (n: number): FeedEvent => ({ ...health(1, true), upstream: `ws://${n}` }) as FeedEvent
  for (let n = 0; n < 10_000; n++) feed.publish(of(n))
  feed.publish(of(0))
  expect(seen.length).toBe(10_000)
  feed.publish(of(10_000))
  feed.publish(of(0))
  expect(seen.length).toBe(10_002)
})

test('a watcher that comes back gets what it missed, of the last 256', () => {
  const { feed } = watched()
  for (let i = 0; i < 300; i++) feed.publish(close(`route-${i}`))
  expect(feed.after(298).map(({ id }) => id)).toEqual([299, 300])
  expect(feed.after(0).length).toBe(256)
})
