import { gatewayOptions } from '@holdfast/testing'
import { expect, test } from 'vitest'
import type { GatewayOptions } from '../src/core/options.ts'
import { describeChanges } from '../src/process/reload-changes.ts'

const before = gatewayOptions({
  listen: [{ port: 1 }, { port: 2, tls: { cert: 'a', key: 'a' } }],
  admin: { host: '127.0.0.1', port: 3, token: 'a' },
  routes: [
    { name: 'chat', upstreams: ['ws://a', 'ws://b'] },
    { name: 'feed', upstreams: ['ws://c'] },
  ],
})

function after(more: Partial<GatewayOptions>): string[] {
  return describeChanges(before, { ...before, ...more }).changes
}

const [plain, secure] = before.listen as [GatewayOptions['listen'][0], GatewayOptions['listen'][0]]
const [chat, feed] = before.routes as [GatewayOptions['routes'][0], GatewayOptions['routes'][0]]

test.each<[string, Partial<GatewayOptions>, string[]]>([
  ['nothing', structuredClone(before), []],
  ['a listener more', { listen: [plain, secure, { ...plain, port: 9 }] }, ['listener 127.0.0.1:9 added']],
  ['a listener less', { listen: [secure] }, ['listener 127.0.0.1:1 removed']],
  [
    'PROXY protocol',
    { listen: [{ ...plain, proxyProtocol: true }, secure] },
    ['listener 127.0.0.1:1 changed'],
  ],
  [
    'another certificate',
    { listen: [plain, { ...secure, tls: { cert: 'b', key: 'b' } }] },
    ['listener 127.0.0.1:2 has a new certificate'],
  ],
  ['TLS taken away', { listen: [plain, { ...plain, port: 2 }] }, ['listener 127.0.0.1:2 changed']],
  ['admin off', { admin: false }, ['admin switched off']],
  ['admin elsewhere', { admin: { host: '::1', port: 3, token: 'a' } }, ['admin moved to [::1]:3']],
  ['another token', { admin: { host: '127.0.0.1', port: 3, token: 'b' } }, ['admin has another token']],
  ['a route less', { routes: [chat] }, ['route feed removed']],
  ['a route more', { routes: [chat, feed, { ...feed, name: 'x' }] }, ['route x added']],
  ['a changed route', { routes: [{ ...chat, attempts: 9 }, feed] }, ['route chat changed']],
  [
    'an upstream in place of another',
    { routes: [{ ...chat, upstreams: [chat.upstreams[0]!, feed.upstreams[0]!] }, feed] },
    ['route chat: upstream ws://c added', 'route chat: upstream ws://b removed'],
  ],
  ['another order', { routes: [feed, chat] }, ['routes have another order']],
  ['another drain', { drain: { ...before.drain, spread: 1 } }, ['drain changed']],
])('describeChanges finds %s', (_, more, changes) => {
  expect(after(more)).toEqual(changes)
})

test('describeChanges says that another number of workers needs a new start', () => {
  const { changes, notes } = describeChanges(before, { ...before, workers: 4 })
  expect(changes).toEqual([])
  expect(notes).toEqual(['workers: 4 instead of 1 takes effect at the next start'])
})
