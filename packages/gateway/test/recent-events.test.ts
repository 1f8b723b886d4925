import { expect, test } from 'vitest'
import type { FeedEvent } from '../src/operate/events.ts'
import { RecentEvents } from '../src/operate/recent-events.ts'

const close = (at: number, reason: string, code = 1014): FeedEvent => ({
  type: 'close',
  at,
  route: 'chat',
  code,
  reason,
  by: 'gateway',
  worker: 1,
})

function recent(...events: FeedEvent[]): RecentEvents {
  const result = new RecentEvents()
  for (const [i, event] of events.entries()) result.add({ id: i + 1, event })
  return result
}

test('closes that are the same but for their delay are one line, with the span of the delays', () => {
  const { closes } = recent(
    close(1000, 'bad gateway: connection refused; retry=1500'),
    close(2000, 'bad gateway: connection refused; retry=900'),
    close(3000, 'bad gateway: connection refused; retry=4000'),
  )
  expect(closes).toEqual([
    {
      since: 1000,
      at: 3000,
      route: 'chat',
      code: 1014,
      by: 'gateway',
      reason: 'bad gateway: connection refused',
      retry: [900, 4000],
      closes: 3,
    },
  ])
})

test('a line keeps its place while it goes on, and after a pause begins anew', () => {
  const lines = recent(close(1000, 'a'), close(1500, 'b'), close(2000, 'a'), close(60_000, 'a')).closes
  expect(lines.map(({ reason, closes }) => [reason, closes])).toEqual([
    ['a', 1],
    ['b', 1],
    ['a', 2],
  ])
})

test('the workers of one drain are one line, a second drain is another', () => {
  const drain = (id: number | undefined, at: number, worker: number, closed: number, scope = 'route chat') =>
    ({
      type: 'drain',
      at,
      worker,
      drain: { id, scope, total: closed && closed + 1, closed, moved: 0, cut: 1, done: true },
    }) satisfies FeedEvent
  const lines = (...events: FeedEvent[]) =>
    recent(...events).news.map((each) =>
      each.type === 'drain'
        ? [each.drain.scope, each.drain.total, each.drain.closed, each.drain.cut, each.at]
        : each.type,
    )
  const first = [drain(1, 1000, 1, 12), drain(1, 1500, 2, 8)]
  expect(lines(...first)).toEqual([['route chat', 22, 20, 2, 1500]])
  expect(lines(...first, drain(2, 2000, 1, 3), drain(2, 2100, 2, 4))).toEqual([
    ['route chat', 9, 7, 2, 2100],
    ['route chat', 22, 20, 2, 1500],
  ])
  // Long after, too: a worker whose connections end late.
  expect(lines(...first, drain(1, 900_000, 3, 1))).toEqual([['route chat', 24, 21, 3, 900_000]])
  // A reload drains several parts.
  expect(lines(drain(1, 1000, 1, 12), drain(1, 1500, 2, 8, 'route other'))).toHaveLength(2)
  // A worker that came since is told what is drained, and has nothing to do for it.
  expect(lines(...first, drain(1, 400_000, 7, 0))).toEqual([['route chat', 22, 20, 2, 1500]])
  // Of its own accord.
  expect(lines(drain(undefined, 1000, 1, 12), drain(undefined, 1500, 2, 8))).toHaveLength(2)
})

test('there are thirty lines at most, the newest of them', () => {
  const { closes } = recent(...Array.from({ length: 100 }, (_, i) => close(i, `reason ${i}`)))
  expect(closes).toHaveLength(30)
  expect(closes[0]?.reason).toBe('reason 99')
})

test('closes that came too fast are counted', () => {
  const dropped = (events: number): FeedEvent => ({ type: 'dropped', at: 1, worker: 1, events })
  expect(recent(dropped(3), dropped(4)).unlisted).toBe(7)
})

test('notable is what changes rarely, the latest first; an upgrade is one line of it', () => {
  const drain = { scope: 'gateway', total: 2, closed: 1, cut: 0, moved: 0, done: false }
  const upgrade = { startedAt: 5, phase: 'starting', from: '1', total: 0, moved: 0, ended: 0 } as const
  const { news } = recent(
    { type: 'worker', at: 1, worker: 1, pid: 9, state: 'ready' },
    { type: 'upgrade', at: 5, upgrade },
    { type: 'drain', at: 6, worker: 1, drain },
    { type: 'health', at: 7, worker: 1, route: 'chat', upstream: 'ws://a', healthy: false, error: 'silent' },
    { type: 'upgrade', at: 8, upgrade: { ...upgrade, phase: 'done' } },
    { type: 'drain', at: 9, worker: 1, drain: { ...drain, done: true } },
  )
  expect(news.map(({ id, type }) => [id, type])).toEqual([
    [6, 'drain'],
    [5, 'upgrade'],
    [4, 'health'],
    [1, 'worker'],
  ])
})

test('notable events should not wait for the next sample; closes and the progress of a drain can', () => {
  const events = new RecentEvents()
  const drain = { scope: 'gateway', total: 2, closed: 1, cut: 0, moved: 0, done: false }
  expect(events.add({ id: 1, event: close(1, '') })).toBe(false)
  expect(events.add({ id: 2, event: { type: 'drain', at: 1, worker: 1, drain } })).toBe(false)
  expect(
    events.add({
      id: 3,
      event: { type: 'hold', at: 1, worker: 1, route: 'chat', lost: 1, ended: {}, held: 1 },
    }),
  ).toBe(true)
  expect(events.add({ id: 4, event: { type: 'reload', at: 1, changes: [], drained: 0 } })).toBe(true)
})
