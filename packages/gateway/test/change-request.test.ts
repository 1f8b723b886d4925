import { posix } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchRoute } from '../src/handshake/route.ts'
import { isOwned } from '../src/http/field-names.ts'
import { changeAuthority, changeFields, changesPath, changeTarget } from '../src/upstream/change-request.ts'

describe('strip', () => {
  test.each([
    ['/chat', '/chat/ws?a=/chat', '/ws?a=/chat'],
    ['/chat', '/chat', '/'],
    ['/chat', '/chat?a', '/?a'],
    ['/chat', '/chatter', '/chatter'],
    ['/chat', '/ws', '/ws'],
    ['/chat', '/%63hat/w%73', '/w%73'],
    ['/chat', '/Chat/ws', '/Chat/ws'],
    ['/チャット', '/%E3%83%81%E3%83%A3%E3%83%83%E3%83%88/1', '/1'],
    ['/chat', '/cha%zz/1', '/cha%zz/1'],
    ['/a/b', '/a/b/c', '/c'],
  ])('%s makes of %s %s', (strip, target, expected) => {
    expect(changeTarget({ strip }, target)).toBe(expected)
  })
})

describe('rewrite', () => {
  test.each([
    ['/old/*', '/new/*', '/old/a/b?q', '/new/a/b?q'],
    ['/old/*', '/new/*', '/old/', '/new/'],
    ['/old/*', '/new/*', '/old', '/old'],
    ['/old/*', '/*', '/old/a', '/a'],
    ['/old', '/new', '/old?q', '/new?q'],
    ['/old', '/new', '/old/', '/old/'],
    ['/old', '/neu ö?', '/old', '/neu%20%C3%B6%3F'],
  ])('of %s to %s makes of %s %s', (from, to, target, expected) => {
    expect(changeTarget({ rewrite: { from, to } }, target)).toBe(expected)
  })
})

test('a path that can be read in two ways reaches no route that changes paths', () => {
  const routes = [
    { name: 'a', match: { path: '/a/*' }, strip: '/a' },
    { name: 'all', match: {}, rewrite: { from: '/x/*', to: '/*' } },
  ]
  const found = (target: string) => matchRoute(routes, 'h', target)?.name
  expect(['/a/b', '/x/b', '/%61/b', '/a/b%2fc'].map(found)).toEqual(['a', 'all', 'a', 'a'])
  for (const odd of ['/a/../b', '/a/./b', '/a//b', '/a/%2e%2e/b', '/a\\b', '/x/..%5cb', '/a/..']) {
    expect(found(odd), odd).toBeUndefined()
  }
})

test('whatever is asked for, what is left of a path is read in one way and lies where the route says', () => {
  const segment = fc.constantFrom(
    'a',
    'b',
    '..',
    '.',
    '',
    '%2e%2e',
    '%61',
    'a..',
    '..a',
    '%2f',
    'c%5c',
    '%252e',
  )
  const target = fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`)
  const changes = fc.constantFrom(
    { strip: '/a' },
    { strip: '/a/b' },
    { rewrite: { from: '/a/*', to: '/*' } },
    { rewrite: { from: '/a/*', to: '/b/a/*' } },
    { rewrite: { from: '/a', to: '/b' } },
  )
  fc.assert(
    fc.property(target, changes, (asked, change) => {
      const route = matchRoute([{ match: {}, ...change }], 'h', asked)
      if (!route) return
      const sent = changeTarget(change, asked)
      expect(sent.startsWith('/')).toBe(true)
      const once = decodeURIComponent(sent)
      expect(posix.normalize(once)).toBe(once)
      expect(sent).not.toContain('//')
    }),
    { numRuns: 2000 },
  )
})

test('nothing changes a path, a Host or a field where nothing is said', () => {
  const place = { tls: false, serverName: 'up', port: 80 }
  expect(changesPath({})).toBe(false)
  expect(changeTarget({}, '/a/../b')).toBe('/a/../b')
  expect(changeAuthority({}, 'a:1', place)).toBe('a:1')
  const fields: [string, string][] = [['A', 'b']]
  expect(changeFields(undefined, fields)).toBe(fields)
})

test.each([
  [{ tls: false, serverName: 'up', port: 80 }, 'up'],
  [{ tls: false, serverName: 'up', port: 443 }, 'up:443'],
  [{ tls: true, serverName: '::1', port: 443 }, '[::1]'],
])('the Host of the upstream %j is %s', (place, expected) => {
  expect(changeAuthority({ host: 'upstream' }, 'client', place)).toBe(expected)
  expect(changeAuthority({ host: { name: 'x:1' } }, 'client', place)).toBe('x:1')
})

describe('fields', () => {
  const named = { 'client.address': '192.0.2.1', session: 's1' }
  test('that are set or removed go in every spelling that CGI takes for the same', () => {
    const fields: [string, string][] = [
      ['X-User', 'me'],
      ['x_user', 'root'],
      ['X.User', 'root'],
      ['Cookie', 'a'],
      ['X-Other', '1'],
    ]
    expect(
      changeFields({ set: [['X-User', '{client.address}/{session}']], remove: ['cookie'] }, fields, named),
    ).toEqual([
      ['X-Other', '1'],
      ['X-User', '192.0.2.1/s1'],
    ])
  })

  test('that are added stand beside those of the client, and one without a value is left out', () => {
    const changes = { add: [['Via', 'a'] as [string, string], ['X-S', '{session}'] as [string, string]] }
    expect(changeFields(changes, [['Via', 'b']], { ...named, session: '' })).toEqual([
      ['Via', 'b'],
      ['Via', 'a'],
    ])
  })

  test('hold what a client says as it is: nothing in it is filled in', () => {
    const odd = { ...named, 'client.address': '{session}' }
    expect(changeFields({ set: [['A', '{client.address}']] }, [['B', '{session}']], odd)).toEqual([
      ['B', '{session}'],
      ['A', '{session}'],
    ])
  })

  test.each([
    'Host',
    'connection',
    'Upgrade',
    'Sec-WebSocket-Protocol',
    'sec_websocket_key',
    'Content-Length',
    'Transfer-Encoding',
    'X-Forwarded-For',
    'X_Forwarded_For',
    'Forwarded',
    'Holdfast-Session',
    'Trailer',
    'TE',
  ])('%s is the gateway’s own', (name) => {
    expect(isOwned(name)).toBe(true)
  })

  test.each(['Authorization', 'Cookie', 'Origin', 'X-Real-IP', 'X-Forwarded-Prefix', 'Set-Cookie'])(
    '%s is not',
    (name) => {
      expect(isOwned(name)).toBe(false)
    },
  )
})
