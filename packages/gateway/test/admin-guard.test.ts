import type { IncomingHttpHeaders } from 'node:http'
import { expect, test } from 'vitest'
import { isLoopback, refusalOf } from '../src/admin-guard.ts'

const local = { host: '127.0.0.1', port: 10120 }
const open = { host: '0.0.0.0', port: 10120, token: 'right' }
const bearer = { authorization: 'Bearer right' }

function refusal(
  method: string,
  headers: IncomingHttpHeaders,
  admin: typeof local & { token?: string } = local,
) {
  return refusalOf({ method, headers: { host: '127.0.0.1:10120', ...headers }, probe: false }, admin)?.code
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

test('a probe is answered without token and under any Host', () => {
  expect(refusalOf({ method: 'GET', headers: { host: 'pod-1' }, probe: true }, open)).toBeUndefined()
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
