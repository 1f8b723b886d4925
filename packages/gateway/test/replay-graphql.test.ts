import fc from 'fast-check'
import { expect, test } from 'vitest'
import { replayLimits } from '../src/hold/replay/bounded-map.ts'
import { graphqlTransportWs } from '../src/hold/replay/graphql.ts'
import { Conversation, parsed } from './replay-conversation.ts'

const init = { type: 'connection_init', payload: { token: 't' } }
const ack = { type: 'connection_ack' }
const subscribe = (id: string, query: string, rest: object = {}) => ({
  id,
  type: 'subscribe',
  payload: { query, ...rest },
})
const next = (id: string, payload: object = { data: {} }) => ({ id, type: 'next', payload })
const complete = (id: string) => ({ id, type: 'complete' })
const interrupted = (id: string) => ({
  id,
  type: 'error',
  payload: [
    {
      message: expect.stringContaining('restarted while this operation ran'),
      extensions: { code: 'SERVICE_RESTART' },
    },
  ],
})

function opened(): Conversation {
  return new Conversation(graphqlTransportWs).client(init).upstream(ack)
}

test('the connection is initialised again, and nothing else is said before the acknowledgement', () => {
  const paid = subscribe('1', 'subscription { paid }')
  const talk = opened().client(paid).lose().client(subscribe('2', '{ me }')).attach()
  expect(parsed(talk.toUpstream)).toEqual([init])
  talk.upstream({ type: 'ping' })
  expect(parsed(talk.toUpstream)).toEqual([init])
  talk.upstream(ack)
  expect(parsed(talk.toUpstream)).toEqual([init, paid, subscribe('2', '{ me }')])
  talk.upstream(next('1'))
  expect(parsed(talk.toClient)).toEqual([ack, { type: 'ping' }, next('1')])
})

test('messages are sent again to the letter', () => {
  const text = '{ "type":"subscribe", "id":"1","payload":{"query":"subscription{a}"}, "x": 1.0 }'
  const talk = opened().client(text).restart().upstream(ack)
  expect(talk.toUpstream[1]).toBe(text)
})

test('what has ended on either side is not subscribed to again', () => {
  const talk = opened()
    .client(...['1', '2', '3', '4'].map((id) => subscribe(id, 'subscription { paid }')))
    .client(complete('1'))
    .upstream(complete('2'), { id: '3', type: 'error', payload: [] })
    .restart()
    .upstream(ack)
  expect(parsed(talk.toUpstream)).toEqual([init, subscribe('4', 'subscription { paid }')])
})

test('a client that has had no acknowledgement gets the next one', () => {
  const talk = new Conversation(graphqlTransportWs).client(init).restart()
  expect(parsed(talk.toUpstream)).toEqual([init])
  talk.upstream(ack)
  expect(parsed(talk.toClient)).toEqual([ack])
  talk.restart().upstream(ack, ack)
  expect(parsed(talk.toClient)).toEqual([ack, ack])
})

test('a client that has said nothing yet has nothing repeated', () => {
  const talk = new Conversation(graphqlTransportWs).restart().client(init)
  expect(parsed(talk.toUpstream)).toEqual([init])
})

test('a query without a result runs again; with one, only its end is told', () => {
  const talk = opened()
    .client(subscribe('1', '{ a }'), subscribe('2', '{ b }'))
    .upstream(next('2'))
    .restart()
    .upstream(ack)
  expect(parsed(talk.toUpstream)).toEqual([init, subscribe('1', '{ a }')])
  expect(parsed(talk.toClient)).toEqual([ack, next('2'), complete('2')])
})

test('a mutation in flight is not run twice: the client gets an error for it, or its end after its result', () => {
  const talk = opened()
    .client(subscribe('1', 'mutation { pay }'), subscribe('2', 'mutation { pay }'))
    .upstream(next('2'))
    .restart()
    .upstream(ack)
  expect(parsed(talk.toUpstream)).toEqual([init])
  expect(parsed(talk.toClient)).toEqual([ack, next('2'), interrupted('1'), complete('2')])
  talk.restart().upstream(ack)
  expect(parsed(talk.toClient).slice(4)).toEqual([])
})

test('what may be a mutation is treated as one', () => {
  const talk = opened().client(
    subscribe('1', 'query A { a } mutation B { b }'),
    subscribe('2', 'query A { a } mutation B { b }', { operationName: 'A' }),
    { id: '3', type: 'subscribe', payload: { extensions: { persistedQuery: { sha256Hash: 'x' } } } },
    subscribe('4', 'query {'),
  )
  talk.restart().upstream(ack)
  expect(parsed(talk.toUpstream).slice(1)).toEqual([
    subscribe('2', 'query A { a } mutation B { b }', { operationName: 'A' }),
  ])
  expect(parsed(talk.toClient).slice(1)).toEqual(['1', '3', '4'].map(interrupted))
})

test('an operation with a second result can only be a subscription', () => {
  const persisted = { id: '1', type: 'subscribe', payload: { extensions: {} } }
  const talk = opened().client(persisted).upstream(next('1'), next('1')).restart().upstream(ack)
  expect(parsed(talk.toUpstream)).toEqual([init, persisted])
})

test('a query that has had a part of its results (@defer, @stream) ends with an error', () => {
  const talk = opened()
    .client(subscribe('1', '{ a }'), subscribe('2', '{ a }'), { id: '3', type: 'subscribe', payload: {} })
    .upstream(next('1', { hasNext: true }), next('2', { hasNext: true }), next('2', { hasNext: false }))
    .upstream(next('3', { hasNext: true }), next('3', { hasNext: false }))
    .restart()
    .upstream(ack)
  expect(parsed(talk.toUpstream)).toEqual([init])
  expect(parsed(talk.toClient).slice(6)).toEqual([interrupted('1'), complete('2'), complete('3')])
})

test('a ping whose pong was lost is answered, and is not repeated', () => {
  const talk = opened().client({ type: 'ping' }).restart().upstream(ack)
  expect(parsed(talk.toClient)).toEqual([ack, { type: 'pong' }])
  expect(parsed(talk.toUpstream)).toEqual([init])
  talk.client({ type: 'ping' }).upstream({ type: 'pong' }).restart().upstream(ack)
  expect(parsed(talk.toClient)).toEqual([ack, { type: 'pong' }, { type: 'pong' }])
})

test('an upstream that is lost before it has acknowledged changes nothing', () => {
  const talk = opened().client(subscribe('1', 'subscription { a }')).restart().restart()
  talk.upstream(ack)
  expect(parsed(talk.toUpstream)).toEqual([init, subscribe('1', 'subscription { a }')])
  expect(parsed(talk.toClient)).toEqual([ack])
})

test('of more than can be kept it lets go and says what to do, mutations do not count their text', () => {
  const big = 'x'.repeat(replayLimits.bytes)
  const talk = opened().client(subscribe('1', `mutation { pay(s: "${big}") }`))
  expect(talk.letGo).toBeUndefined()
  expect(talk.client(subscribe('2', `{ a(s: "${big}") }`)).letGo).toMatch(/set hold.replay/)
  const many = opened()
  for (let i = 0; i <= replayLimits.entries; i++) many.client(subscribe(`${i}`, 'mutation { pay }'))
  expect(many.letGo).toMatch(/4096 entries/)
})

test('what is no message of the protocol does no harm', () => {
  const odd = [
    '',
    'null',
    '[]',
    '1',
    '{',
    '{"type":"subscribe"}',
    '{"type":"complete","id":1}',
    Buffer.from([0]),
  ]
  const talk = opened()
    .client(...odd, { id: 1, type: 'subscribe', payload: {} })
    .upstream(...odd)
  talk
    .upstream({ type: 'next' }, { type: 'next', id: '9' })
    .restart()
    .upstream(...odd, ack)
  expect(parsed(talk.toUpstream)).toEqual([init])
})

type CloseCause =
  | { client: 'subscription' | 'query' | 'mutation' }
  | { cancel: number }
  | { result: number }
  | { end: number }
  | 'lose'
  | 'attach'
  | 'ack'

/** A server that knows its own operations, and a client that knows what it was told of them. */
function play(happenings: CloseCause[], restless: boolean) {
  const talk = new Conversation(graphqlTransportWs, { restless }).client(init).upstream(ack)
  const ids: string[] = []
  let acknowledged = 1
  const acknowledge = () => {
    if (talk.attached && acknowledged < talk.upstreams.length) talk.upstream(ack)
    if (talk.attached) acknowledged = talk.upstreams.length
  }
  const upstream = (message: object) => talk.attached && talk.upstream(message)
  const running = () => runningIn(parsed(talk.toUpstream))
  /** What a server has ended; the next server knows nothing of it. */
  const over = new Set<string>()
  for (const cause of happenings) {
    if (cause === 'lose') talk.lose()
    else if (cause === 'attach') talk.attached || talk.attach()
    else if (cause === 'ack') acknowledge()
    else if ('client' in cause) {
      ids.push(String(ids.length))
      talk.client(subscribe(ids.at(-1)!, `${cause.client} { a }`))
    } else if ('cancel' in cause) {
      if (ids[cause.cancel]) talk.client(complete(ids[cause.cancel]!))
    } else {
      const id = String('result' in cause ? cause.result : cause.end)
      const here = `${talk.upstreams.length} ${id}`
      if (!running().has(id) || over.has(here)) continue
      upstream('result' in cause ? next(id) : complete(id))
      if ('end' in cause && talk.attached) over.add(here)
    }
  }
  if (!talk.attached) talk.attach()
  acknowledge()
  return talk
}

interface Sent {
  type: string
  id: string
  payload: { query: string }
}

function runningIn(sent: unknown[]): Set<string> {
  const ids = new Set<string>()
  for (const { type, id } of sent as Sent[]) {
    if (type === 'subscribe') ids.add(id)
    if (type === 'complete') ids.delete(id)
  }
  return ids
}

const happenings = fc.array(
  fc.oneof(
    fc.record({ client: fc.constantFrom('subscription' as const, 'query' as const, 'mutation' as const) }),
    fc.record({ cancel: fc.nat(4) }),
    fc.record({ result: fc.nat(4) }),
    fc.record({ end: fc.nat(4) }),
    fc.constantFrom('lose' as const, 'attach' as const, 'ack' as const),
  ),
  { maxLength: 30 },
)

test('whatever happens, there are one acknowledgement, no mutation twice and no end twice, and what lives is run', () => {
  fc.assert(
    fc.property(happenings, (list) => {
      const talk = play(list, false)
      const told = parsed(talk.toClient) as Sent[]
      expect(told.filter(({ type }) => type === 'connection_ack')).toHaveLength(1)
      const ends = told.filter(({ type }) => type === 'complete' || type === 'error').map(({ id }) => id)
      expect(new Set(ends).size).toBe(ends.length)
      const sent = parsed(talk.upstreams.flat()) as Sent[]
      const mutations = sent.filter(({ payload }) => payload?.query?.startsWith('mutation'))
      expect(new Set(mutations.map(({ id }) => id)).size).toBe(mutations.length)
      // What the client still waits for.
      const waiting = runningIn(sent)
      for (const id of ends) waiting.delete(id)
      const runs = runningIn(parsed(talk.toUpstream))
      for (const id of waiting) expect(runs).toContain(id)
    }),
  )
})

test('a hand-over after every message changes nothing', () => {
  fc.assert(
    fc.property(happenings, (list) => {
      const stays = play(list, false)
      const moves = play(list, true)
      expect(moves.toClient).toEqual(stays.toClient)
      expect(moves.upstreams).toEqual(stays.upstreams)
    }),
  )
})
