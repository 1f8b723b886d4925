import { describe, expect, test } from 'vitest'
import { replayLimits } from '../src/hold/replay/bounded-map.ts'
import { trpc } from '../src/hold/replay/trpc.ts'
import { Conversation, parsed } from './replay-conversation.ts'

const params = { method: 'connectionParams', data: { token: 't' } }
const call = (id: number | string, method: string, more: object = {}) => ({
  id,
  method,
  params: { path: 'news', input: { a: 1 }, ...more },
})
const subscription = (id: number | string, more: object = {}) => call(id, 'subscription', more)
const stop = (id: number) => ({ id, method: 'subscription.stop' })
const started = (id: number | string) => ({ id, result: { type: 'started' } })
const stopped = (id: number) => ({ id, result: { type: 'stopped' } })
const data = (id: number, eventId?: string) => ({ id, result: { type: 'data', data: 'x', id: eventId } })

function opened(...said: object[]): Conversation {
  return new Conversation(trpc).client(params, ...said)
}

test('parameters and live subscriptions are said again, and the second `started` does not show', () => {
  const talk = opened([subscription(1), subscription(2)], subscription('1'))
    .upstream(started(1), started(2), started('1'), data(1))
    .client(stop(2))
    .upstream(stopped(2))
  const before = talk.toClient.length
  talk.restart()
  expect(parsed(talk.toUpstream)).toEqual([params, subscription(1), subscription('1')])
  talk.upstream(started(1), data(1), started('1'))
  expect(parsed(talk.toClient.slice(before))).toEqual([data(1)])
})

test('a subscription goes on from the last event that the client has had', () => {
  const talk = opened(
    subscription(1),
    subscription(2, { lastEventId: '7' }),
    subscription(3, { lastEventId: '8' }),
  )
  talk.upstream(started(1), started(2), started(3), data(1, '5'), data(1, '6'), data(3)).restart()
  expect(parsed(talk.toUpstream).slice(1)).toEqual([
    subscription(1, { lastEventId: '6' }),
    subscription(2, { lastEventId: '7' }),
    subscription(3),
  ])
  expect(parsed(talk.upstream(data(1, '9')).restart().toUpstream)[1]).toEqual(
    subscription(1, { lastEventId: '9' }),
  )
})

test('what has ended is not subscribed to again', () => {
  const talk = opened(subscription(1), subscription(2), subscription(3))
    .upstream(started(1), stopped(1), { id: 2, error: { message: 'no', code: 1, data: {} } })
    .client(stop(3))
  const before = talk.toClient.length
  expect(parsed(talk.restart().toUpstream)).toEqual([params])
  expect(parsed(talk.toClient.slice(before))).toEqual([stopped(3)])
})

test('a query in flight runs again; a mutation does not, and its call fails; answered ones are over', () => {
  const talk = opened(call(1, 'query'), call(2, 'mutation'), call(3, 'query'), call(4, 'mutation'))
  talk.upstream(data(3), data(4)).restart()
  expect(parsed(talk.toUpstream)).toEqual([params, call(1, 'query')])
  expect(parsed(talk.toClient.slice(2))).toEqual([
    {
      id: 2,
      error: {
        message: expect.stringContaining('whether it took effect is not known'),
        code: -32603,
        data: expect.objectContaining({ code: 'INTERNAL_SERVER_ERROR', path: 'news' }),
      },
    },
  ])
  expect(parsed(talk.upstream(data(1)).restart().toUpstream)).toEqual([params])
})

test('a PING that was in flight is answered', () => {
  expect(new Conversation(trpc).client('PING').restart().toClient).toEqual(['PONG'])
  expect(new Conversation(trpc).client('PING', 'PONG').upstream('PONG', 'PING').restart().toClient).toEqual([
    'PONG',
    'PING',
  ])
})

describe('lets go', () => {
  const large = subscription(1, { input: 'x'.repeat(replayLimits.bytes) })
  test.each<[string, () => Conversation, string]>([
    ['a method that is not known', () => opened(call(1, 'subscribe')), 'not known'],
    ['what is not JSON', () => opened().client('x'), 'not known'],
    ['a call without parameters', () => opened({ id: 1, method: 'query' }), 'without parameters'],
    ['a binary message', () => opened().client(Buffer.from('x')), 'binary'],
    ['a binary message of the server', () => opened().upstream(Buffer.from('x')), 'binary'],
    ['an answer that is no object', () => opened().upstream('[]'), 'not known'],
    ['more than can be kept', () => opened(large), '1048576 bytes'],
    [
      'the server that asks for another connection',
      () => opened().upstream({ id: null, method: 'reconnect' }).restart(),
      'cannot restore',
    ],
    ['a refusal', () => opened().upstream({ id: null, error: {} }).restart(), 'cannot restore'],
  ])('of %s', (_, talk, why) => {
    expect(talk().letGo).toMatch(why)
  })
})

test('a hand-over after every message changes nothing', () => {
  const [stays, moves] = [false, true].map((restless) => {
    const talk = new Conversation(trpc, { restless })
    talk
      .client(params, subscription(1), call(2, 'mutation'), 'PING')
      .upstream(started(1), data(1, '5'))
      .restart()
    return talk.upstream(started(1), data(1, '6')).restart()
  })
  expect(moves!.toClient).toEqual(stays!.toClient)
  expect(moves!.upstreams).toEqual(stays!.upstreams)
})
