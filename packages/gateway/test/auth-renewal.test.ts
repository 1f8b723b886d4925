import { fakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import type { AuthVerdict } from '../src/auth/auth-gate.ts'
import { questionFields, questionKey } from '../src/auth/auth-request.ts'
import { graceMs, Renewal } from '../src/auth/renewal.ts'

const request = { target: '/', headers: [] }
const allowed = (expiresInMs?: number): AuthVerdict => ({
  kind: 'allowed',
  names: [],
  headers: [],
  ...(expiresInMs !== undefined && { expiresInMs }),
})
const away: AuthVerdict = { kind: 'failed', failure: { kind: 'no-answer', afterMs: 1 } }
const refused: AuthVerdict = {
  kind: 'refused',
  refusal: { status: 401, reason: '', headers: [], body: Buffer.alloc(0) },
}

function renewal(says: (asked: number) => AuthVerdict | undefined, more: object = {}) {
  const clock = fakeClock()
  const seen = { asked: [] as number[], ended: '' }
  const it = new Renewal({
    request,
    expiresInMs: 10_000,
    ask: async () => {
      seen.asked.push(clock.now())
      return says(seen.asked.length)
    },
    clock,
    random: () => 0.5,
    onRenewed: () => {},
    onRefused: () => {
      seen.ended = 'refused'
    },
    onUnknown: () => {
      seen.ended = 'unknown'
    },
    ...more,
  })
  const start = clock.now()
  const pass = (ms: number) => clock.advance(ms)
  return { it, seen, pass, at: () => seen.asked.map((ms) => ms - start) }
}

test('each answer says when the next question is; one that does not is the last', async () => {
  const { seen, pass, at } = renewal((asked) => (asked === 1 ? allowed(5000) : allowed()))
  await pass(60_000)
  expect(at()).toEqual([10_000, 15_000])
  expect(seen.ended).toBe('')
})

test('a refusal ends it, and nobody is asked any more', async () => {
  const { seen, pass, at } = renewal(() => refused)
  await pass(60_000)
  expect([at(), seen.ended]).toEqual([[10_000], 'refused'])
})

test('a service that is away is asked again, less and less often, and gives five minutes', async () => {
  const { seen, pass, at } = renewal(() => away)
  await pass(10_000 + graceMs - 1000)
  expect(seen.ended).toBe('')
  await pass(2000)
  expect(seen.ended).toBe('unknown')
  expect(at().length).toBeLessThan(25)
})

test('with onError: allow an outage sends nobody away, and ends in an answer', async () => {
  const back = 15 * 60_000
  let clock = 0
  const { seen, pass, at } = renewal(() => (clock < back ? { ...away, mayStay: true } : refused))
  for (; clock < back; clock += 10_000) await pass(10_000)
  expect(seen.ended).toBe('')
  const asked = at()
  expect(asked.slice(8).every((ms, i) => ms - asked[i + 7]! <= 30_000)).toBe(true)
  await pass(40_000)
  expect(seen.ended).toBe('refused')
})

test('a service that is back ends the time of grace', async () => {
  const { seen, pass } = renewal((asked) => (asked < 3 ? away : asked < 5 ? allowed(10_000) : away))
  await pass(graceMs)
  expect(seen.ended).toBe('')
})

test('what goes to another process is what is left of both times', async () => {
  const { it, pass } = renewal(() => away)
  await pass(4000)
  expect(it.pack()).toEqual({ request, expiresInMs: 6000 })
  await pass(8000)
  expect(it.pack()).toMatchObject({ expiresInMs: 0, failingForMs: 2000 })
  it.stop()
  expect(it.pack()).toBeUndefined()
  const { seen, pass: then } = renewal(() => away, { expiresInMs: 0, failingForMs: graceMs - 5000 })
  await then(10_000)
  expect(seen.ended).toBe('unknown')
})

test('a question carries who the client is, and nothing of the handshake, of a body or of a condition', () => {
  const headers: [string, string][] = [
    ['Cookie', 'a=b'],
    ['Sec-WebSocket-Extensions', 'permessage-deflate'],
    ['Sec-WebSocket-Protocol', 'v1'],
    ['Content-Type', 'x'],
    ['If-Modified-Since', 'x'],
    ['Range', 'bytes=0-1'],
    ['X-Forwarded-Uri', '/lie'],
    ['X-Forwarded-Proto', 'wss'],
    ['traceparent', '1'],
  ]
  const fields = questionFields({ target: '/a?b', headers })
  expect(fields).toEqual([
    ['Cookie', 'a=b'],
    ['Sec-WebSocket-Protocol', 'v1'],
    ['traceparent', '1'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Method', 'GET'],
    ['X-Forwarded-Uri', '/a?b'],
  ])
  const other = headers.map(([name, value]): [string, string] => [name, name === 'traceparent' ? '2' : value])
  expect(questionKey(questionFields({ target: '/a?b', headers: other }))).toBe(questionKey(fields))
  expect(questionKey(questionFields({ target: '/a', headers }))).not.toBe(questionKey(fields))
})
