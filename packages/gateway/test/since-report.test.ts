import { fakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { applyChanges, SinceReport } from '../src/worker/since-report.ts'
import { emptyCounters } from '../src/worker/totals.ts'
import type { FromWorker, WorkerReport } from '../src/worker/worker-messages.ts'

function scene() {
  const posted: FromWorker[] = []
  const taken: (() => void)[] = []
  const clock = fakeClock()
  const changes = new SinceReport((message, _, done) => {
    posted.push(message)
    taken.push(done)
  }, clock)
  return { posted, taken, changes, clock }
}

test('a connection is told at once; what comes while that has not been taken goes in one message', () => {
  const { posted, taken, changes, clock } = scene()
  changes.opened('chat')
  expect(posted).toEqual([{ type: 'changed', routes: { chat: { opened: 1, closes: {} } } }])
  changes.opened('chat')
  changes.closed('chat', '1000:client')
  changes.opened('game')
  expect(posted).toHaveLength(1)
  clock.tick(10)
  expect(posted).toHaveLength(1)
  taken[0]!()
  expect(posted[1]).toEqual({
    type: 'changed',
    routes: { chat: { opened: 1, closes: { '1000:client': 1 } }, game: { opened: 1, closes: {} } },
  })
  taken[1]!()
  expect(posted).toHaveLength(2)
})

test('of many that open at once, all those of five milliseconds are told in one message', () => {
  const { posted, taken, changes, clock } = scene()
  changes.opened('chat')
  taken[0]!()
  for (let i = 0; i < 100; i++) changes.opened('chat')
  clock.tick(4)
  expect(posted).toHaveLength(1)
  clock.tick(1)
  expect(posted[1]).toEqual({ type: 'changed', routes: { chat: { opened: 100, closes: {} } } })
  taken[1]!()
  clock.tick(10)
  expect(posted).toHaveLength(2)
  changes.opened('chat')
  expect(posted).toHaveLength(3)
})

test('where connections open without end, all those of 25 ms are told in one message, until there is a pause', () => {
  const { posted, taken, changes, clock } = scene()
  const openFor = (ms: number) => {
    const before = posted.length
    for (let at = 0; at < ms; at++) {
      changes.opened('chat')
      taken.at(-1)!()
      clock.tick(1)
    }
    return posted.length - before
  }
  // A hundred at the shorter distance, and one more for each 25 ms.
  const quick = openFor(1000)
  expect(quick).toBeGreaterThan(100)
  expect(quick).toBeLessThan(100 + 1000 / 25)
  expect(openFor(1000)).toBe(1000 / 25)
  clock.tick(2500)
  // The first of them at once.
  expect(openFor(400)).toBe(400 / 5 + 1)
  const opened = posted.map((message) => (message.type === 'changed' ? message.routes.chat!.opened : 0))
  expect(Math.max(...opened)).toBe(25)
})

test('what is sent in between moves the next message, and is not made up for later', () => {
  const { posted, taken, changes, clock } = scene()
  const open = () => {
    changes.opened('chat')
    taken.at(-1)!()
  }
  for (let at = 0; at < 20_000; at++) {
    open()
    clock.tick(1)
    if (at % 25 !== 12) continue
    changes.closed('chat', '1000:client')
    changes.send()
    taken.at(-1)!()
  }
  const before = posted.length
  expect(before).toBeLessThan(100 + 20_000 / 25 + 10)
  clock.tick(2500)
  const waits: number[] = []
  for (let n = 0; n < 50; n++) {
    const had = posted.length
    open()
    let waited = 0
    for (; posted.length === had; waited++) clock.tick(1)
    taken.at(-1)!()
    waits.push(waited)
  }
  expect(Math.max(...waits)).toBe(5)
})

test('what a report has in it is not told again', () => {
  const { posted, taken, changes } = scene()
  changes.opened('chat')
  changes.opened('chat')
  changes.reported()
  taken[0]!()
  changes.send()
  expect(posted).toHaveLength(1)
})

test('a report is brought up to date, also about a route that it does not know', () => {
  const process = { memory: 1, processor: 1, delay: 1, logLinesDropped: 0 }
  const connections = { open: 1, held: 1, closing: 1 }
  const chat = { name: 'chat', connections, upstreams: [], counters: emptyCounters() }
  const report: WorkerReport = { process, snapshot: { drains: [], routes: [chat] } }
  applyChanges(report, {
    chat: { opened: 2, closes: { '1000:client': 2, '4xxx:upstream': 2 } },
    game: { opened: 1, closes: {} },
  })
  expect(report.snapshot.routes).toMatchObject([
    {
      connections: { open: 0, held: 1, closing: 0 },
      counters: { handshakes: { accepted: 2 }, closes: { '1000:client': 2, '4xxx:upstream': 2 } },
    },
    { name: 'game', connections: { open: 1 }, counters: { handshakes: { accepted: 1 } } },
  ])
})
