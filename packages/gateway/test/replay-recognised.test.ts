import * as encoding from 'lib0/encoding'
import { describe, expect, test } from 'vitest'
import { writeSyncStep1, writeSyncStep2, writeUpdate } from 'y-protocols/sync'
import * as Y from 'yjs'
import { loadedReplay } from '../src/hold/replay/replay.ts'
import { Conversation } from './replay-conversation.ts'

const doc = new Y.Doc()
doc.getMap('m').set('a', 1)

function bytes(...parts: (number | string | ((encoder: encoding.Encoder) => void))[]): Buffer {
  const encoder = encoding.createEncoder()
  for (const part of parts) {
    if (typeof part === 'number') encoding.writeVarUint(encoder, part)
    else if (typeof part === 'string') encoding.writeVarString(encoder, part)
    else part(encoder)
  }
  return Buffer.from(encoding.toUint8Array(encoder))
}

const step1 = bytes(0, (encoder) => writeSyncStep1(encoder, doc))
const info = Buffer.from('INFO {"headers":true}\r\n')
const auto = (restless = false) => new Conversation(loadedReplay({ by: 'auto' })!, { restless })

describe.each([false, true])('with a hand-over after every message: %s', (restless) => {
  const opened = () => auto(restless)

  test('y-websocket, whoever speaks first', () => {
    expect(opened().upstream(step1).client(step1).restart().toUpstream).toEqual([step1])
    expect(opened().client(step1).upstream(step1).restart().toUpstream).toEqual([step1])
    // A server that does not ask has not been heard to ask.
    expect(opened().client(step1).restart().letGo).toBeDefined()
  })

  test('NATS, by its server', () => {
    const connect = Buffer.from('CONNECT {}\r\n')
    const talk = opened().upstream(info).client(connect).restart().upstream(info)
    expect(talk.toUpstream).toEqual([Buffer.from('CONNECT {}\r\nPING\r\n')])
  })

  test.each<[string, string | Buffer | object, (string | Buffer | object)?]>([
    ['tRPC with parameters', { method: 'connectionParams', data: { token: 'x' } }],
    ['a subscription of tRPC', { id: 1, method: 'subscription', params: { path: 'news', input: 1 } }],
    [
      'a batch of tRPC',
      [{ id: 1, method: 'query', params: { path: 'a' } }],
      { id: 1, method: 'query', params: { path: 'a' } },
    ],
    ['SocketCluster', { event: '#handshake', data: {}, cid: 1 }],
    ['Hocuspocus 3', bytes('doc', 2, 0, 'token')],
    ['Hocuspocus 4', bytes('doc', 2, 0, 'token', '4.8.0')],
    ['STOMP without a subprotocol', 'CONNECT\naccept-version:1.2\n\n\0'],
    ['STOMP, by its newer word', 'STOMP\naccept-version:1.2\n\n\0'],
  ])('%s, by its client', (_, first, again = first) => {
    const talk = opened().client(first).restart()
    expect(talk.letGo).toBeUndefined()
    expect(talk.toUpstream).toEqual([
      typeof again === 'object' && !Buffer.isBuffer(again) ? JSON.stringify(again) : again,
    ])
  })
})

/** Whether a client may be held after these first words, also in another process. */
function mayBeHeld(from: 'client' | 'upstream', data: string | Buffer): boolean {
  const module = loadedReplay({ by: 'auto' })!
  const replay = module.create()
  const message =
    typeof data === 'string' ? { type: 'text' as const, data } : { type: 'binary' as const, data }
  if (from === 'client') replay.onClient(message)
  else replay.onUpstream(message)
  const moved = module.create(JSON.parse(JSON.stringify(replay.save!())))
  const holds = replay.holds!()
  expect(moved.holds!()).toBe(holds)
  // Nothing more of it has to be read.
  if (!holds) expect([replay.over!(), moved.over!(), replay.restores!()]).toEqual([true, true, false])
  return holds
}

const signalR = '{"protocol":"json","version":1}\x1e'
const init = '{"type":"connection_init","payload":{}}'

test.each<[string, 'client' | 'upstream', string | Buffer]>([
  ['Faye, whose first word is none', 'client', '[]'],
  ['a handshake of Bayeux', 'client', '[{"channel":"/meta/handshake","version":"1.0"}]'],
  [
    'a connect of Bayeux',
    'client',
    '[{"channel":"/meta/connect","clientId":"a","connectionType":"websocket"}]',
  ],
  ['a word of Bayeux', 'client', '[{"channel":"/room","clientId":"a","data":{}}]'],
  ['SignalR', 'client', signalR],
  ['SignalR, and more in the same message', 'client', `${signalR}{"type":6}\x1e`],
  ['SignalR in binary', 'client', Buffer.from('{"protocol":"messagepack","version":2}\x1e')],
  ['GraphQL without a subprotocol', 'client', init],
  [
    'the older GraphQL, which begins at once',
    'client',
    '{"type":"start","id":"1","payload":{"query":"{a}"}}',
  ],
  ['XMPP', 'client', '<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="x" version="1.0"/>'],
  ['Engine.IO', 'upstream', '0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'],
  ['SockJS', 'upstream', 'o'],
])('%s is never held', (_, from, data) => {
  expect(mayBeHeld(from, data)).toBe(false)
})

test.each<[string, 'client' | 'upstream', string | Buffer]>([
  ['an array of something else', 'client', '[1]'],
  ['a channel that is none of Bayeux', 'client', '[{"channel":"room","clientId":"a"}]'],
  ['a path without a client', 'client', '[{"channel":"/room","data":1}]'],
  ['an object with a channel', 'client', '{"channel":"/meta/handshake"}'],
  ['SignalR without its end', 'client', '{"protocol":"json","version":1}'],
  ['a record that is no handshake', 'client', '{"type":6}\x1e'],
  ['SignalR from the server', 'upstream', signalR],
  ['an init with an id', 'client', '{"type":"connection_init","id":"1"}'],
  ['a start of something else', 'client', '{"type":"start","id":"1","payload":{}}'],
  ['XML of something else', 'client', '<open door="1"/>'],
  ['Engine.IO from the client', 'client', '0{"sid":"a","pingInterval":25000}'],
  ['a number in front of JSON', 'upstream', '0{"sid":1}'],
  ['a word that begins with o', 'upstream', 'ok'],
  ['an o of the client', 'client', 'o'],
])('%s may be held', (_, from, data) => {
  expect(mayBeHeld(from, data)).toBe(true)
})

test.each<[string, string | Buffer | object]>([
  ['a chat', { method: 'join', params: { path: 'room' } }],
  ['JSON-RPC', { jsonrpc: '2.0', id: 1, method: 'query', params: ['x'] }],
  ['another event', { event: 'handshake', cid: 1 }],
  ['a handshake without a call id', { event: '#handshake' }],
  ['no JSON', 'hello'],
  ['an empty array', []],
  ['an update of Yjs', bytes(0, (encoder) => writeUpdate(encoder, Y.encodeStateAsUpdate(doc)))],
  ['step 2 of a sync', bytes(0, (encoder) => writeSyncStep2(encoder, doc))],
  ['step 1 and more', Buffer.concat([step1, Buffer.from([0])])],
  ['zeros', Buffer.alloc(3)],
  ['two zeros', Buffer.alloc(2)],
  ['an empty message', Buffer.alloc(0)],
  ['a document without a token', bytes('doc', 0, 0, 'x')],
  ['INFO of a client', info],
])('%s is not taken for what it is not', (_, first) => {
  expect(auto().client(first).restart().letGo).toBeDefined()
})

test('who waits for long, or is told much, before the client speaks is not recognised', () => {
  const talk = auto()
  for (let i = 0; i < 17; i++) talk.upstream(step1)
  expect(talk.client(step1).restart().letGo).toBeDefined()
  expect(
    auto()
      .upstream(Buffer.alloc(65 * 1024))
      .client(step1)
      .restart().letGo,
  ).toBeDefined()
})
