import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { replayLimits } from '../src/hold/replay/bounded-map.ts'
import { nats } from '../src/hold/replay/nats.ts'
import { Conversation } from './replay-conversation.ts'

const info = (more: object = {}) => `INFO ${JSON.stringify({ headers: true, max_payload: 100, ...more })}\r\n`
const connect = 'CONNECT {"verbose":false,"name":"me"}\r\n'
const msg = (sid: string, text = 'x') => `MSG a ${sid} ${text.length}\r\n${text}\r\n`
const bytes = (...lines: string[]) => Buffer.from(lines.join(''))
/** What was said, put together. */
const said = (messages: (string | Buffer)[]) => Buffer.concat(messages as Buffer[]).toString()

function opened(...lines: string[]): Conversation {
  return new Conversation(nats)
    .upstream(bytes(info()))
    .client(bytes(connect, 'PING\r\n'))
    .upstream(bytes('PONG\r\n'))
    .client(...lines.map((line) => bytes(line)))
}

test('the client is connected again, live subscriptions are made again, and it sees neither INFO nor PONG', () => {
  const talk = opened('SUB a 1\r\n', 'SUB b queue 2\r\n', 'SUB c 3\r\n', 'UNSUB 3\r\n', 'PUB a 2\r\nhi\r\n')
  const before = talk.toClient.length
  talk.lose().client(bytes('PUB a 5\r\nlater\r\n')).attach()
  expect(talk.toUpstream).toEqual([])
  talk.upstream(bytes(info({ client_id: 7 })))
  expect(said(talk.toUpstream)).toBe(`${connect}SUB a 1\r\nSUB b queue 2\r\nPING\r\nPUB a 5\r\nlater\r\n`)
  talk.upstream(bytes(msg('1'), 'PONG\r\n', msg('2')), bytes('PING\r\n'))
  expect(said(talk.toClient.slice(before))).toBe(`${msg('1')}${msg('2')}PING\r\n`)
})

test('UNSUB with a maximum: what has come counts, over several restarts', () => {
  const talk = opened('SUB a 1\r\n', 'UNSUB 1 5\r\n', 'SUB a 2\r\n')
  talk.upstream(bytes(msg('1'), msg('1'), msg('2')))
  talk.client(bytes('UNSUB 2 1\r\n')).restart().upstream(bytes(info(), 'PONG\r\n'))
  expect(said(talk.toUpstream)).toBe(`${connect}SUB a 1\r\nUNSUB 1 3\r\nPING\r\n`)
  talk
    .upstream(bytes(msg('1')))
    .restart()
    .upstream(bytes(info(), 'PONG\r\n'))
  expect(said(talk.toUpstream)).toBe(`${connect}SUB a 1\r\nUNSUB 1 2\r\nPING\r\n`)
  talk
    .upstream(bytes(msg('1'), msg('1')))
    .restart()
    .upstream(bytes(info()))
  expect(said(talk.toUpstream)).toBe(`${connect}PING\r\n`)
})

test('with verbose the answers to what is said again do not show, those to the client do', () => {
  const talk = new Conversation(nats)
    .upstream(bytes(info()))
    .client(bytes('CONNECT {"verbose":true}\r\n', 'SUB a 1\r\n'))
    .upstream(bytes('+OK\r\n', '+OK\r\n'))
  const before = talk.toClient.length
  talk.restart().upstream(bytes(info())).client(bytes('SUB b 2\r\n'))
  talk.upstream(bytes('+OK\r\n', '+OK\r\n', 'PONG\r\n', '+OK\r\n'))
  expect(said(talk.toClient.slice(before))).toBe('+OK\r\n')
})

test('PINGs that were in flight are answered; a client without an INFO gets the next', () => {
  expect(said(opened('PING\r\n', 'PING\r\n').restart().toClient.slice(2))).toBe('PONG\r\nPONG\r\n')
  const talk = new Conversation(nats).restart().upstream(bytes(info()))
  expect(said(talk.toClient)).toBe(info())
  expect(said(talk.client(bytes(connect)).toUpstream)).toBe(connect)
})

test('a subscription that the server refused is not made again', () => {
  const talk = opened('SUB a 1\r\n', 'SUB b 2\r\n')
  talk
    .upstream(bytes(`-ERR 'Permissions Violation for Subscription to "a"'\r\n`))
    .restart()
    .upstream(bytes(info()))
  expect(said(talk.toUpstream)).toBe(`${connect}SUB b 2\r\nPING\r\n`)
})

describe('lets go', () => {
  test.each<[string, () => Conversation, string]>([
    [
      'a signature',
      () => new Conversation(nats).upstream(bytes(info())).client(bytes('CONNECT {"sig":"x"}\r\n')),
      'signs',
    ],
    ['what is not NATS', () => opened('HELLO\r\n'), 'not known'],
    ['a server that is not NATS', () => opened().upstream(bytes('HELLO\r\n')), 'not known'],
    ['a text message', () => opened().client('PING\r\n'), 'text'],
    ['a size that is none', () => opened('PUB a x\r\n'), 'size'],
    ['a message that is too long', () => opened(`PUB a ${replayLimits.bytes}\r\n`), 'too long'],
    [
      'a message that was cut in two',
      () => opened('SUB a 1\r\n').upstream(bytes('MSG a 1 5\r\nab')).restart(),
      'cannot restore',
    ],
    [
      'a refusal',
      () => opened().restart().upstream(bytes(info(), `-ERR 'Authorization Violation'\r\n`)),
      'Authorization',
    ],
    [
      'a server without headers',
      () =>
        opened()
          .restart()
          .upstream(bytes(info({ headers: false }))),
      'headers',
    ],
    [
      'a server that takes less',
      () =>
        opened()
          .restart()
          .upstream(bytes(info({ max_payload: 99 }))),
      'shorter',
    ],
  ])('of %s', (_, talk, why) => {
    expect(talk().letGo).toMatch(why)
  })

  test('of more than can be kept', () => {
    const talk = opened()
    for (let i = 0; i <= replayLimits.entries; i++) talk.client(bytes(`SUB a ${i}\r\n`))
    expect(talk.letGo).toMatch('4096 entries')
  })
})

test('no bytes make it throw', () => {
  const part = fc.constantFrom(
    'SUB',
    'MSG a 1 3',
    'PUB',
    ' ',
    '\r\n',
    'INFO',
    '{',
    'abc',
    '-ERR',
    'UNSUB 1',
    '\0',
    '+OK',
  )
  fc.assert(
    fc.property(fc.array(fc.array(part, { maxLength: 6 }), { maxLength: 8 }), (lines) => {
      const talk = opened()
      for (const line of lines) talk.client(bytes(...line)).upstream(bytes(...line))
      talk.restart().upstream(...lines.map((line) => bytes(...line)))
    }),
  )
})

function pieces(whole: Buffer, cuts: number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length]
  return places
    .slice(1)
    .map((to, i) => whole.subarray(places[i], to))
    .filter(({ length }) => length > 0)
}

const cuts = fc.oneof(
  fc.constant(Array.from({ length: 400 }, (_, i) => i)),
  fc.array(fc.nat(400), { maxLength: 8 }),
)

test('however lines are spread over messages, and wherever the client is cut by the restart, all is followed', () => {
  fc.assert(
    fc.property(cuts, cuts, cuts, fc.nat(60), fc.boolean(), (client, upstream, next, at, restless) => {
      const talk = new Conversation(nats, { restless })
      talk.upstream(...pieces(bytes(info()), upstream))
      talk.client(...pieces(bytes(connect, 'SUB a 1\r\nUNSUB 1 4\r\nPING\r\nSUB b 2\r\n'), client))
      talk.upstream(...pieces(bytes(msg('1', 'PONG\r\n'), 'PONG\r\n', msg('2')), upstream))
      const last = 'PUB a 9\r\nSUB x 9\r\n\r\nUNSUB 2\r\n'
      talk.client(...pieces(bytes(last.slice(0, at)), client))
      talk
        .lose()
        .client(...pieces(bytes(last.slice(at)), client))
        .attach()
      talk.upstream(...pieces(bytes(info()), next))
      talk.upstream(...pieces(bytes(msg('1', 'early'), 'PONG\r\n', msg('1', 'late')), next))
      expect(talk.letGo).toBeUndefined()
      const all = talk.upstreams.map(said)
      expect(all[1]!.startsWith(`${connect}SUB a 1\r\nUNSUB 1 3\r\n`)).toBe(true)
      // What went to the old server whole is not said again; the rest goes to the next one, from the line that was cut.
      const begins = [29, 20, 0].find((place) => place <= at)!
      expect(all[1]!.slice(all[1]!.indexOf('PING\r\n') + 6)).toBe(last.slice(begins))
      expect(all[0]!.endsWith(last.slice(0, at))).toBe(true)
      expect(said(talk.toClient)).toBe(
        `${info()}${msg('1', 'PONG\r\n')}PONG\r\n${msg('2')}${msg('1', 'early')}${msg('1', 'late')}`,
      )
    }),
  )
})
