import type { IncomingHttpHeaders } from 'node:http'
import { expect, test } from 'vitest'
import { bearerOf, isLoopback, type Proof, refusalOf, sameToken } from '../src/operate/admin-guard.ts'

const local = { host: '127.0.0.1', port: 10120 }
const open = { host: '0.0.0.0', port: 10120, token: 'right' }
const bearer = { authorization: 'Bearer right' }

function refusal(
  method: string,
  headers: IncomingHttpHeaders,
  admin: typeof local & { token?: string } = local,
) {
  const prove = (): Proof => {
    const token = bearerOf(headers)
    return token && admin.token && sameToken(token, admin.token) ? 'token' : 'none'
  }
  return refusalOf({ method, headers: { host: '127.0.0.1:10120', ...headers } }, admin, prove)?.code
}

test.each([
  ['127.0.0.1:10120', undefined],
  ['127.0.0.1', undefined],
  ['localhost:10120', undefined],
  ['LocalHost:10120', undefined],
  ['[::1]:10120', undefined],
  ['evil.example', 'host_not_allowed'],
  ['127.0.0.1.evil.example', 'host_not_allowed'],
  ['localhost.evil.example:10120', 'host_not_allowed'],
  ['192.168.1.1:10120', 'host_not_allowed'],
  ['', 'bad_host'],
  ['127.0.0.1:10120, evil.example', 'bad_host'],
  ['user@127.0.0.1', 'bad_host'],
])('a loopback admin port answers Host %j with %s', (host, code) => {
  expect(refusal('GET', { host })).toBe(code)
})

test('a request without Host is refused', () => {
  expect(refusal('GET', { host: undefined })).toBe('bad_host')
})

test('the configured host is a good Host', () => {
  expect(
    refusal('GET', { host: 'ops.example:10120', ...bearer }, { ...open, host: 'ops.example' }),
  ).toBeUndefined()
})

test('a name rebound to the loopback is refused even with the token', () => {
  expect(refusal('GET', { host: 'evil.example', ...bearer }, { ...local, token: 'right' })).toBe(
    'host_not_allowed',
  )
})

test('off the loopback the token is good under any Host, and addresses are no names to rebind', () => {
  expect(refusal('GET', { host: 'holdfast.internal:10120', ...bearer }, open)).toBeUndefined()
  expect(refusal('GET', { host: '10.1.2.3:10120', ...bearer }, open)).toBeUndefined()
  expect(refusal('GET', { host: 'evil.example', authorization: 'Bearer wrong' }, open)).toBe(
    'host_not_allowed',
  )
  expect(refusal('GET', { host: '10.1.2.3:10120' }, open)).toBe('unauthorized')
})

test.each([
  [undefined, undefined],
  ['http://127.0.0.1:10120', undefined],
  ['https://127.0.0.1:10120', undefined],
  ['http://localhost:10120', 'origin_not_allowed'],
  ['http://127.0.0.1:3000', 'origin_not_allowed'],
  ['http://evil.example', 'origin_not_allowed'],
  ['null', 'origin_not_allowed'],
])('a request from a page of %s gets %s', (origin, code) => {
  expect(refusal('GET', { origin })).toBe(code)
  expect(refusal('POST', { origin })).toBe(code)
})

test.each([
  [{}, undefined],
  [{ 'content-type': 'application/json' }, undefined],
  [{ 'content-type': 'Application/JSON; charset=utf-8' }, undefined],
  [{ 'content-type': 'text/plain' }, 'not_json'],
  [{ 'content-type': 'application/x-www-form-urlencoded' }, 'not_json'],
  [{ 'content-type': 'multipart/form-data; boundary=x' }, 'not_json'],
  [{ 'sec-fetch-site': 'same-origin' }, undefined],
  [{ 'sec-fetch-site': 'none' }, undefined],
  [{ 'sec-fetch-site': 'same-site' }, 'cross_site'],
  [{ 'sec-fetch-site': 'cross-site' }, 'cross_site'],
])('a POST with %j gets %s', (headers, code) => {
  expect(refusal('POST', headers)).toBe(code)
})

test.each([
  [undefined, 'unauthorized'],
  ['Bearer wrong', 'unauthorized'],
  ['Bearer right2', 'unauthorized'],
  ['Bearer righ', 'unauthorized'],
  ['Basic right', 'unauthorized'],
  ['right', 'unauthorized'],
  ['Bearer right', undefined],
  ['bearer right', undefined],
])('with a token configured, Authorization %j gets %s', (authorization, code) => {
  expect(refusal('GET', { authorization }, { ...local, token: 'right' })).toBe(code)
})

const unasked = (): Proof => {
  throw new Error('asked for a proof')
}

test('a probe is answered without token and under any Host', () => {
  const probe = { method: 'GET', headers: { host: 'pod-1' }, admits: 'anybody' } as const
  expect(refusalOf(probe, open, unasked)).toBeUndefined()
})

test.each([
  ['GET', { host: 'holdfast.internal' }, open, undefined],
  ['GET', { host: 'localhost:10120' }, local, undefined],
  ['GET', { host: 'evil.example' }, local, 'host_not_allowed'],
  ['POST', { host: 'localhost:10120', origin: 'http://localhost:10120' }, local, undefined],
  ['POST', { host: 'localhost:10120', origin: 'http://evil.example' }, local, 'origin_not_allowed'],
  ['POST', { host: 'localhost:10120', 'sec-fetch-site': 'cross-site' }, local, 'cross_site'],
])('a stranger at the log-in, %s with %j, gets in or is refused', (method, headers, admin, code) => {
  expect(refusalOf({ method, headers, admits: 'strangers' }, admin, unasked)?.code).toBe(code)
})

test('a request that is refused anyway is not asked for its proof', () => {
  const head = (headers: IncomingHttpHeaders) => ({
    method: 'POST',
    headers: { host: '127.0.0.1', ...headers },
  })
  for (const headers of [{ host: 'evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'same-site' }])
    expect(refusalOf(head(headers), { ...local, token: 'right' }, unasked)?.status).toBe(403)
})

test('a session may only change something from a page that says where it is from', () => {
  const asked = (method: string, headers: IncomingHttpHeaders) =>
    refusalOf({ method, headers: { host: '10.0.0.1:10120', ...headers } }, open, () => 'session')?.code
  expect(asked('GET', {})).toBeUndefined()
  expect(asked('POST', {})).toBe('cross_site')
  expect(asked('POST', { origin: 'http://10.0.0.1:10120' })).toBeUndefined()
  expect(asked('POST', { origin: 'http://10.0.0.1:3000' })).toBe('origin_not_allowed')
  expect(asked('POST', { 'sec-fetch-site': 'same-origin' })).toBeUndefined()
})

test('who was wrong too often is told when to try again', () => {
  const refusal = refusalOf({ method: 'GET', headers: { host: '10.0.0.1' } }, open, () => ({ wait: 1500 }))
  expect(refusal).toMatchObject({ status: 429, wait: 1500, message: expect.stringContaining('in 2 s') })
})

test.each([
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['::1', true],
  ['localhost', true],
  ['127.evil.example', false],
  ['0.0.0.0', false],
  ['::', false],
])('isLoopback(%s) is %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected)
})
