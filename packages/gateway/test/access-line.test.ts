import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AccessEntry, accessLine } from '../src/core/access-line.ts'
import { maskedNames, maskTarget } from '../src/core/mask.ts'
import { anyText } from './config-text.ts'

const names = maskedNames(['room_pass'])

const entry: AccessEntry = {
  kind: 'websocket',
  at: Date.UTC(2026, 10, 5, 1, 2, 3, 4),
  asked: {
    at: Date.UTC(2026, 10, 5, 1, 2, 0),
    method: 'GET',
    target: '/ws?room=1&token=abc',
    http: '1.1',
    host: 'chat.example.com',
    userAgent: 'Mozilla/5.0 "x"',
    admitMs: 0.123,
    upstreamMs: 4.56,
  },
  id: '1-1',
  address: '10.0.0.9',
  status: 101,
  route: 'chat',
  upstream: 'ws://10.0.0.1:3000',
  close: { code: 1000, reason: 'bye\n', by: 'client' },
  traffic: { messages: { 'to-upstream': 2, 'to-client': 3 }, bytes: { 'to-upstream': 20, 'to-client': 30 } },
  openMs: 2900,
  closeMs: 1,
}

test('a line of JSON says who, what, how it ended, how much, and how long each stage took', () => {
  expect(JSON.parse(accessLine(entry, 'json', names))).toEqual({
    time: '2026-11-05T01:02:03.004Z',
    kind: 'websocket',
    id: '1-1',
    address: '10.0.0.9',
    method: 'GET',
    host: 'chat.example.com',
    target: '/ws?room=1&token=***',
    http: '1.1',
    status: 101,
    code: 1000,
    reason: 'bye\n',
    by: 'client',
    route: 'chat',
    upstream: 'ws://10.0.0.1:3000',
    messages: { 'to-upstream': 2, 'to-client': 3 },
    bytes: { 'to-upstream': 20, 'to-client': 30 },
    ms: { admit: 0.1, upstream: 4.6, open: 2900, close: 1, total: 3004 },
    userAgent: 'Mozilla/5.0 "x"',
  })
})

test('a line of Combined is one of Apache and nginx, with more fields behind', () => {
  expect(accessLine(entry, 'combined', names)).toBe(
    '10.0.0.9 - - [05/Nov/2026:01:02:03 +0000] "GET /ws?room=1&token=*** HTTP/1.1" 101 30 "-" "Mozilla/5.0 \\x22x\\x22"' +
      ' route=chat upstream=ws://10.0.0.1:3000 code=1000 by=client reason="bye\\x0a" messages=2/3 received=20' +
      ' admit_ms=0.1 upstream_ms=4.6 open_ms=2900 close_ms=1 total_ms=3004\n',
  )
})

test('whatever a stranger sends, a line is one line of printable ASCII, short enough to go into a pipe in one piece', () => {
  const text = fc.oneof(anyText(60), anyText(5000))
  fc.assert(
    fc.property(text, text, text, fc.constantFrom('json', 'combined'), (target, reason, agent, format) => {
      const asked = {
        ...entry.asked!,
        target,
        userAgent: agent,
        referer: agent,
        host: target,
        origin: reason,
      }
      const odd = { ...entry, asked, protocol: target, close: { ...entry.close!, reason }, upstream: agent }
      const line = accessLine(odd, format, names)
      expect(line).toMatch(/^[ -~]+\n$/)
      expect(line.length).toBeLessThan(4096)
      if (format === 'json') expect(JSON.parse(line)).toMatchObject({ status: 101, code: 1000 })
      else expect(line.match(/(?<!\\)"/g)!.length % 2).toBe(0)
    }),
  )
})

describe('of a query', () => {
  test.each([
    ['/ws?token=abc', '/ws?token=***'],
    ['/ws?a=1&Access-Token=abc&b=2', '/ws?a=1&Access-Token=***&b=2'],
    ['/ws?access_token=a=b;c', '/ws?access_token=***'],
    ['/ws?a=1;token=abc;d&e=2', '/ws?a=1;token=***&e=2'],
    ['/ws?%74oken=abc&x=1', '/ws?%74oken=***&x=1'],
    ['/ws?user[password]=abc', '/ws?user[password]=***'],
    ['/ws?user%5Bpassword%5D=abc', '/ws?user%5Bpassword%5D=***'],
    ['/ws?next=/x?token=abc', '/ws?next=/x?token=***'],
    ['/ws?next=%2Fx%3Ftoken%3Dabc&y=1', '/ws?next=***&y=1'],
    ['/ws;jsessionid=abc?x=1', '/ws;jsessionid=***'],
    ['/ws?roompass=abc', '/ws?roompass=***'],
    ['https://a.example/ws?token=abc', 'https://a.example/ws?token=***'],
    ['/ws?%zz=1&token=%', '/ws?%zz=1&token=***'],
    ['/token=1/ws?x=y', '/token=***'],
    ['/ws?tokens=3&monkey=4', '/ws?tokens=3&monkey=4'],
  ])('%s is shown as %s', (target, shown) => {
    expect(maskTarget(target, names)).toBe(shown)
  })

  test('no part of a value behind a secret name is shown, wherever it stands', () => {
    const value = fc.stringMatching(/^[a-z0-9;=%?#/+.]{0,20}SECRET[a-z0-9;=%?#/+.]{0,20}$/)
    const name = fc.constantFrom('token', 'API_KEY', 'room-pass', 'to%6Ben')
    fc.assert(
      fc.property(fc.webPath(), name, value, fc.webQueryParameters(), (path, key, secret, rest) => {
        expect(maskTarget(`${path}?${key}=${secret}&${rest}`, names)).not.toContain('SECRET')
        expect(maskTarget(`${path}?x=1&${key}=${secret}`, names)).not.toContain('SECRET')
      }),
    )
  })

  test('nothing is masked where that is off', () => {
    expect(maskTarget('/ws?token=abc', maskedNames(false))).toBe('/ws?token=abc')
  })
})
