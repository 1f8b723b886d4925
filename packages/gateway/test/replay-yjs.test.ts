import fc from 'fast-check'
import * as encoding from 'lib0/encoding'
import { describe, expect, test } from 'vitest'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import { writeSyncStep1, writeUpdate } from 'y-protocols/sync'
import * as Y from 'yjs'
import { hocuspocus } from '../src/hold/replay/hocuspocus.ts'
import { yjs } from '../src/hold/replay/yjs.ts'
import { Conversation } from './replay-conversation.ts'

/** A message as lib0 writes it; a number is a varUint, a string a varString. */
function message(...parts: (number | string | Uint8Array | ((encoder: encoding.Encoder) => void))[]): Buffer {
  const encoder = encoding.createEncoder()
  for (const part of parts) {
    if (typeof part === 'number') encoding.writeVarUint(encoder, part)
    else if (typeof part === 'string') encoding.writeVarString(encoder, part)
    else if (typeof part === 'function') part(encoder)
    else encoding.writeVarUint8Array(encoder, part)
  }
  return Buffer.from(encoding.toUint8Array(encoder))
}

const doc = new Y.Doc()
const step1 = (encoder: encoding.Encoder) => writeSyncStep1(encoder, doc)
const step2 = (encoder: encoding.Encoder) => {
  encoding.writeVarUint(encoder, 1)
  encoding.writeVarUint8Array(encoder, Y.encodeStateAsUpdate(doc))
}
const update = (encoder: encoding.Encoder) => writeUpdate(encoder, Y.encodeStateAsUpdate(doc))

/** An awareness update of that client at that clock. */
function presence(id: number, clock: number, state: object | null): Uint8Array {
  const awareness = new Awareness(new Y.Doc())
  clearInterval((awareness as unknown as { _checkInterval: ReturnType<typeof setInterval> })._checkInterval)
  awareness.meta.set(id, { clock, lastUpdated: 0 })
  return encodeAwarenessUpdate(awareness, [id], state ? new Map([[id, state]]) : new Map())
}

describe('yjs', () => {
  const opened = () => new Conversation(yjs).upstream(message(0, step1)).client(message(0, step1))

  test('the last first step is said again, and everything of the next server reaches the client', () => {
    const talk = opened().client(message(0, update), message(0, step2))
    const before = talk.toClient.length
    talk.restart().upstream(message(0, step1), message(0, step2))
    expect(talk.toUpstream).toEqual([message(0, step1)])
    expect(talk.toClient.slice(before)).toEqual([message(0, step1), message(0, step2)])
  })

  test("the client's own presence is said again, that of others and of who has left is not", () => {
    const own = presence(5, 3, { name: 'me' })
    const talk = opened().client(message(1, presence(5, 2, { name: 'm' })), message(1, own))
    talk.upstream(message(1, own), message(1, presence(6, 1, { name: 'other' })))
    talk.client(message(1, presence(6, 1, { name: 'other' })))
    expect(talk.restart().toUpstream).toEqual([message(0, step1), message(1, own)])
    talk.client(message(1, presence(5, 4, null)))
    expect(talk.restart().toUpstream).toEqual([message(0, step1)])
  })

  test.each<[string, () => Conversation, string]>([
    ['a message that is not known', () => opened().client(message(9)), 'does not know'],
    ['a message of the server that is not known', () => opened().upstream(message(9)), 'does not know'],
    ['a text message', () => opened().client('x'), 'text'],
    ['a message that ends too early', () => opened().client(message(1)), 'not of Yjs'],
    [
      'a client that has not asked',
      () => new Conversation(yjs).client(message(0, update)).restart(),
      'cannot restore',
    ],
    [
      'a server that does not ask',
      () => new Conversation(yjs).client(message(0, step1)).restart(),
      'cannot restore',
    ],
  ])('lets go of %s', (_, talk, why) => {
    expect(talk().letGo).toMatch(why)
  })

  test('a connection on which nothing was said goes on', () => {
    expect(new Conversation(yjs).restart().letGo).toBeUndefined()
  })
})

describe('hocuspocus', () => {
  const token = (name: string) => message(name, 2, 0, 'token')
  const granted = (name: string, scope = 'read-write') => message(name, 2, 2, scope)
  const saved = (name: string) => message(name, 8, 1)
  const first = (name: string) => message(name, 0, step1)
  const opened = (name = 'a') =>
    new Conversation(hocuspocus).client(token(name), first(name)).upstream(granted(name))

  test('each document is authenticated again and asked for, and the second word on it does not show', () => {
    const talk = opened().client(token('b'), first('b')).upstream(granted('b')).client(token('c'))
    talk.client(message('b', 7)).restart()
    expect(talk.toUpstream).toEqual([token('a'), first('a'), token('c')])
    const before = talk.toClient.length
    talk.upstream(granted('a'), message('a', 0, step2), granted('c'))
    expect(talk.toClient.slice(before)).toEqual([message('a', 0, step2), granted('c')])
  })

  test('a document that the next server refuses, or grants less of: the client is told', () => {
    const talk = opened().restart()
    const before = talk.toClient.length
    talk.upstream(message('a', 2, 1, 'no')).restart()
    expect(talk.toClient.slice(before)).toEqual([message('a', 2, 1, 'no')])
    const less = opened().restart().upstream(granted('a', 'readonly'))
    expect(less.toClient.at(-1)).toEqual(granted('a', 'readonly'))
  })

  test('changes that no server has acknowledged are, once the next one has all that the client had', () => {
    const talk = opened()
      .client(message('a', 0, step2))
      .upstream(saved('a'))
    for (let i = 0; i < 3; i++) talk.client(message('a', 0, update))
    talk.upstream(saved('a')).restart()
    const before = talk.toClient.length
    // One that it made meanwhile, and what the next server asks for.
    talk.client(message('a', 0, update), message('a', 0, step2)).upstream(saved('a'))
    expect(talk.toClient.slice(before)).toHaveLength(1)
    talk.upstream(saved('a'))
    expect(talk.toClient.slice(before)).toEqual([1, 2, 3].map(() => saved('a')))
    talk
      .restart()
      .client(message('a', 0, step2))
      .upstream(saved('a'))
    expect(talk.toClient.slice(before)).toHaveLength(3)
  })

  test.each<[string, () => Conversation, string]>([
    ['a message that is not known', () => opened().client(message('a', 11)), 'not known'],
    ['a message of the server that is not known', () => opened().upstream(message('a', 11)), 'not known'],
    ['a step that is not known', () => opened().client(message('a', 0, 3)), 'not known'],
    ['a document without a token', () => opened().client(first('b')), 'not authenticated'],
    ['a text message', () => opened().client('x'), 'text'],
    ['a message that ends too early', () => opened().client(Buffer.from([200])), 'not of Yjs'],
    [
      'a document that the server closes',
      () =>
        opened()
          .upstream(message('a', 7, 'bye'))
          .restart(),
      'cannot restore',
    ],
  ])('lets go of %s', (_, talk, why) => {
    expect(talk().letGo).toMatch(why)
  })

  test('pings are of no document; a hand-over after every message changes nothing', () => {
    const [stays, moves] = [false, true].map((restless) => {
      const talk = new Conversation(hocuspocus, { restless }).client(
        token('a'),
        first('a'),
        Buffer.from([10]),
      )
      talk.upstream(granted('a'), Buffer.from([9])).client(message('a', 1, presence(5, 1, { name: 'me' })))
      talk
        .client(message('a', 0, update))
        .restart()
        .client(message('a', 0, step2))
      return talk.upstream(granted('a'), saved('a')).restart()
    })
    expect(stays!.letGo).toBeUndefined()
    expect(moves!.toClient).toEqual(stays!.toClient)
    expect(moves!.upstreams).toEqual(stays!.upstreams)
  })
})

test.each([
  ['yjs', yjs],
  ['hocuspocus', hocuspocus],
])('no bytes make %s throw', (_, module) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 12 })), (messages) => {
      const all = messages.map((one) => Buffer.from(one))
      new Conversation(module)
        .client(...all)
        .upstream(...all)
        .restart()
        .upstream(...all)
    }),
  )
})
