import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Fields, type HeaderList } from '../src/http/headers.ts'
import type { UpgradeRequest } from '../src/http/upgrade-request.ts'
import { readSwitch, retryAfter } from '../src/upstream/upstream-answer.ts'
import { clientRequest } from './dialling.ts'

const read = (answer: HeaderList, asked: UpgradeRequest) => readSwitch(new Fields(answer), asked)

// The key and its answer are those of RFC 6455 1.3.
const request = clientRequest({
  key: 'dGhlIHNhbXBsZSBub25jZQ==',
  protocols: ['chat', 'superchat'],
  extensions: 'permessage-deflate',
})
const good: HeaderList = [
  ['Upgrade', 'WebSocket'],
  ['Connection', 'keep-alive, upgrade'],
  ['Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
]
const without = (name: string) => good.filter(([field]) => field !== name)

test('a right answer is read with its subprotocol, extensions and end-to-end headers only', () => {
  const answer = read(
    [
      ...good,
      ['Keep-Alive', 'timeout=5'],
      ['Sec-WebSocket-Protocol', 'superchat'],
      ['Sec-WebSocket-Extensions', 'permessage-deflate'],
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['Content-Length', '0'],
    ],
    request,
  )
  expect(answer).toEqual({
    ok: true,
    protocol: 'superchat',
    extensions: 'permessage-deflate',
    headers: [
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ],
  })
})

test('a right answer may select neither a subprotocol nor an extension', () => {
  expect(read(good, request)).toEqual({ ok: true, headers: [] })
})

test.each<[string, HeaderList]>([
  ['wrong Upgrade header', without('Upgrade')],
  ['wrong Upgrade header', [...without('Upgrade'), ['Upgrade', 'h2c']]],
  ['wrong Upgrade header', [...without('Upgrade'), ['Upgrade', 'websocket, h2c']]],
  ['wrong Connection header', without('Connection')],
  ['wrong Connection header', [...without('Connection'), ['Connection', 'close']]],
  ['wrong Sec-WebSocket-Accept', without('Sec-WebSocket-Accept')],
  ['wrong Sec-WebSocket-Accept', [...good, good[2]!]],
  [
    'wrong Sec-WebSocket-Accept',
    [...without('Sec-WebSocket-Accept'), ['Sec-WebSocket-Accept', 'S3pPLMBiTxaQ9kYGzzhZRbK+xOo=']],
  ],
  ['subprotocol never offered', [...good, ['Sec-WebSocket-Protocol', 'Chat']]],
  ['subprotocol never offered', [...good, ['Sec-WebSocket-Protocol', 'chat, superchat']]],
  ['subprotocol never offered', [...good, ['Sec-WebSocket-Protocol', '']]],
  [
    'more than one subprotocol',
    [...good, ['Sec-WebSocket-Protocol', 'chat'], ['Sec-WebSocket-Protocol', 'chat']],
  ],
  ['extension never offered', [...good, ['Sec-WebSocket-Extensions', 'x']]],
  [
    'extension agreed to twice',
    [
      ...good,
      ['Sec-WebSocket-Extensions', 'permessage-deflate'],
      ['Sec-WebSocket-Extensions', 'permessage-deflate'],
    ],
  ],
])('an answer with a %s is refused', (words, headers) => {
  expect(read(headers, request)).toMatchObject({ ok: false, words })
})

test('a subprotocol is refused when none was offered', () => {
  const asked = { ...request, protocols: [] }
  expect(read([...good, ['Sec-WebSocket-Protocol', 'chat']], asked)).toEqual({
    ok: false,
    words: 'subprotocol never offered',
    agreement: true,
  })
})

const now = Date.parse('1994-11-06T08:49:30Z')
test.each([
  ['0', 0],
  ['7', 7_000],
  [' 120 ', 120_000],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 7_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 7_000],
  ['Sun Nov  6 08:49:37 1994', 7_000],
  ['Sun, 06 Nov 1994 08:49:00 GMT', 0],
  ['99999999999999999999', 86_400_000],
  ['', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['2030', 2_030_000],
  ['Sun, 99 Nov 1994 08:49:37 GMT', undefined],
  [undefined, undefined],
])('Retry-After %j means %j ms', (value, ms) => expect(retryAfter(value, now)).toBe(ms))

test('Retry-After is never read as anything but a whole delay within a day', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const ms = retryAfter(text, now) ?? 0
      expect(ms).toBeGreaterThanOrEqual(0)
      expect(ms).toBeLessThanOrEqual(86_400_000)
    }),
  )
})
