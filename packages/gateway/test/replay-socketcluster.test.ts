import { describe, expect, test } from 'vitest'
import { replayLimits } from '../src/hold/replay/bounded-map.ts'
import { socketcluster } from '../src/hold/replay/socketcluster.ts'
import { Conversation, parsed } from './replay-conversation.ts'

const handshake = (authToken?: string) => ({ event: '#handshake', data: { authToken }, cid: 1 })
const status = (isAuthenticated = false) => ({
  rid: 1,
  data: { id: 's', pingTimeout: 20_000, isAuthenticated },
})
const subscribe = (cid: number, channel: string) => ({ event: '#subscribe', data: { channel }, cid })
const news = { event: '#publish', data: { channel: 'a', data: 'x' } }

function opened(...said: object[]): Conversation {
  return new Conversation(socketcluster)
    .client(handshake())
    .upstream(status())
    .client(...said)
}

test('the handshake is made again, then every subscription, and their second answers do not show', () => {
  const talk = opened(subscribe(2, 'a'), [subscribe(3, 'b'), subscribe(4, 'c')], {
    event: '#unsubscribe',
    data: 'b',
  })
    .upstream({ rid: 2 }, [{ rid: 3 }, { rid: 4, error: { name: 'BrokerError' } }])
    .client('')
  const before = talk.toClient.length
  talk.client(subscribe(5, 'd')).restart()
  expect(parsed(talk.toUpstream)).toEqual([handshake()])
  talk.upstream('', status())
  expect(parsed(talk.toUpstream)).toEqual([handshake(), subscribe(2, 'a'), subscribe(5, 'd')])
  talk.upstream([{ rid: 2 }, news, { rid: 5 }])
  expect(talk.toClient.slice(before)).toEqual(['', JSON.stringify([news, { rid: 5 }])])
})

test('the token that the client has now is said again', () => {
  const token = (talk: Conversation) =>
    (parsed(talk.restart().toUpstream) as { data: { authToken?: string } }[])[0]!.data.authToken
  const set = (value: string) => ({ event: '#setAuthToken', data: { token: value }, cid: 1 })
  expect(token(opened().upstream(set('x')).client({ rid: 1 }))).toBe('x')
  expect(token(opened({ event: '#authenticate', data: 'y', cid: 2 }).upstream({ rid: 2, data: {} }))).toBe(
    'y',
  )
  expect(token(opened().upstream(set('x'), { event: '#removeAuthToken' }))).toBeUndefined()
  expect(token(opened().upstream(set('x')).client({ event: '#removeAuthToken' }))).toBeUndefined()
})

test('a call that was in flight fails, as it does when the connection breaks; an #unsubscribe is done', () => {
  const talk = opened(
    { event: 'pay', data: 1, cid: 2 },
    { event: '#unsubscribe', data: 'a', cid: 3 },
    { event: 'ask', cid: 4 },
  )
  talk.upstream({ rid: 4, data: 1 }).restart()
  expect(parsed(talk.toClient.slice(2))).toEqual([
    { rid: 2, error: expect.objectContaining({ name: 'BadConnectionError', type: 'disconnect' }) },
    { rid: 3 },
  ])
})

test('a subscription that the next server refuses is kicked out of its channel', () => {
  const talk = opened(subscribe(2, 'a')).upstream({ rid: 2 }).restart().upstream(status())
  talk.upstream({ rid: 2, error: { name: 'BrokerError', message: 'closed' } })
  expect(parsed(talk.toClient.slice(2))).toEqual([
    { event: '#kickOut', data: { channel: 'a', message: 'closed' } },
  ])
  expect(parsed(talk.restart().upstream(status()).toUpstream)).toEqual([handshake()])
})

test('who was kicked out does not come back; a client that has had no answer to its handshake gets the next', () => {
  const talk = opened(subscribe(2, 'a')).upstream({ rid: 2 }, { event: '#kickOut', data: { channel: 'a' } })
  expect(parsed(talk.restart().upstream(status()).toUpstream)).toEqual([handshake()])
  const early = new Conversation(socketcluster).client(handshake()).restart().upstream(status())
  expect(parsed(early.toClient)).toEqual([status()])
})

describe('lets go', () => {
  test.each<[string, () => Conversation, string]>([
    ['another codec', () => opened().client(Buffer.from('x')), 'codec'],
    ['what is not JSON', () => opened().client('x'), 'not known'],
    ['what is no packet', () => opened({}), 'not known'],
    ['a channel that is none', () => opened({ event: '#subscribe', cid: 2 }), 'without a channel'],
    [
      'a client that is being authenticated',
      () => opened({ event: '#authenticate', data: 'y', cid: 2 }).restart(),
      'authenticated',
    ],
    ['a refusal', () => opened().restart().upstream({ rid: 1, error: {} }), 'refuses'],
    [
      'another ping timeout',
      () =>
        opened()
          .restart()
          .upstream({ rid: 1, data: { pingTimeout: 1 } }),
      'otherwise',
    ],
    [
      'a token that is not good any more',
      () =>
        opened()
          .upstream({ event: '#setAuthToken', data: { token: 'x' } })
          .restart()
          .upstream(status()),
      'otherwise',
    ],
    ['#disconnect', () => opened().upstream({ event: '#disconnect', data: {} }).restart(), 'cannot restore'],
    ['more than can be kept', () => opened(subscribe(2, 'x'.repeat(replayLimits.bytes))), '1048576 bytes'],
  ])('of %s', (_, talk, why) => {
    expect(talk().letGo).toMatch(why)
  })
})

test('a hand-over after every message changes nothing', () => {
  const [stays, moves] = [false, true].map((restless) => {
    const talk = new Conversation(socketcluster, { restless }).client(handshake()).upstream(status())
    talk.client(subscribe(2, 'a'), { event: 'pay', cid: 3 }).upstream({ rid: 2 }, news).restart()
    return talk.upstream(status(), { rid: 2 }, news).restart().upstream(status())
  })
  expect(moves!.toClient).toEqual(stays!.toClient)
  expect(moves!.upstreams).toEqual(stays!.upstreams)
})
