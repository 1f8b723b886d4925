// A state that must not be ends what is in it, loudly, and is not carried on with in silence.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../src/core/clock.ts'
import type { Handle } from '../src/core/handle.ts'
import { DeliveryTracker } from '../src/hold/delivery-tracker.ts'
import { NextUpstream } from '../src/hold/next-upstream.ts'
import { PendingBuffer } from '../src/hold/pending-buffer.ts'
import { ReplayPace } from '../src/hold/replay-pace.ts'
import { Restoring } from '../src/hold/restoring.ts'
import { type Connection, Connections } from '../src/session/connections.ts'
import { unpackConnection } from '../src/session/pack.ts'

const bytes = Buffer.from('a')

describe('an invariant is asserted', () => {
  test('bytes wait, or are handed on, and not both', () => {
    const pending = new PendingBuffer(10)
    expect(() => pending.add(bytes)).toThrow('nothing is to be kept')
    pending.keep()
    expect(() => pending.handOn(bytes, 0)).toThrow('past those that wait')
  })

  test('an upstream is looked for once at a time, and found only then', () => {
    const never = () => new Promise<never>(() => {})
    const fault = () => {}
    const search = new NextUpstream({ for: 1000, clock: systemClock, redial: never, onFound: fault, fault })
    expect(() => search.attached()).toThrow('that nobody looks for')
    search.begin()
    expect(() => search.begin()).toThrow('twice')
    search.callOff()
    search.begin()
    search.attached()
  })

  test('no more messages are confirmed than were sent', () => {
    const tracker = new DeliveryTracker()
    tracker.sent = 2
    tracker.all()
    tracker.sent = 1
    expect(() => tracker.takeLost()).toThrow('more messages are confirmed')
  })

  test('no fewer clients ask than none', () => {
    const restoring = new Restoring()
    restoring.asking(1)
    restoring.asking(-1)
    expect(() => restoring.asking(-1)).toThrow('fewer')
  })

  test('an upstream is not told anew while its answer is awaited', () => {
    const noop = () => {}
    const pace = new ReplayPace({ clock: systemClock, say: noop, heard: () => 0, onSaid: noop })
    const message = { type: 'text' as const, data: 'a', answerWithinMs: 60_000 }
    pace.begin([message, message])
    expect(() => pace.begin([])).toThrow('told anew')
    pace.stop()
    pace.begin([])
  })

  test('no two connections have one id', () => {
    const connections = new Connections()
    const connection = { id: '1' } as Connection
    const leave = connections.register(connection)
    expect(() => connections.register({ ...connection })).toThrow('one id')
    leave()
    connections.register({ ...connection })
  })

  test('a record goes with the sockets that it is about', () => {
    const golden = readFileSync(new URL('golden/packed-connection-5.json', import.meta.url), 'utf8')
    const packed = { record: JSON.stringify(JSON.parse(golden).record), client: {} as Handle }
    const nowhere = () => expect.fail('it was opened')
    expect(() => unpackConnection(packed, () => {}, nowhere)).toThrow('do not belong together')
  })
})
