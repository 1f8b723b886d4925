import { posix } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { covers, matchRoute } from '../src/handshake/route.ts'

const route = (name: string, path?: string, host?: string) => ({
  name,
  match: { ...(path !== undefined && { path }), ...(host !== undefined && { host }) },
})
type Route = ReturnType<typeof route>

const found = (routes: Route[], target: string, host = 'example.com') =>
  matchRoute(routes, host, target)?.name

const ws = route('ws', '/ws/*')
const admin = route('admin', '/admin')
const below = route('below', '/admin/*')
const rest = route('rest')

describe('a path', () => {
  test.each([
    ['/ws', '/ws', true],
    ['/ws', '/ws?room=1', true],
    ['/ws', '/ws/', false],
    ['/ws', '/wsx', false],
    ['/ws', '/WS', false],
    ['/ws/*', '/ws/', true],
    ['/ws/*', '/ws/a/b?x=/../y', true],
    ['/ws/*', '/ws', false],
    ['/ws*', '/wsx', true],
    ['/*', '/', true],
    ['/ws', '/%77%73', true],
    ['/チャット/*', '/%E3%83%81%E3%83%A3%E3%83%83%E3%83%88/1', true],
    ['/ws', '*', false],
    ['/.well-known/x', '/.well-known/x', true],
    ['/ws/*', '/ws//a', true],
    ['/ws/*', '/ws/a%2Fb', true],
    ['/ws/*', '/ws/%zz', true],
    ['/ws', '/ws#/x', false],
    ['/ws', '', false],
  ])('pattern %s meets target %s: %s', (pattern, target, expected) => {
    expect(found([route('it', pattern)], target) === 'it').toBe(expected)
  })

  test('is left alone by a route without a path, except when a fragment makes it senseless', () => {
    expect(found([rest], '*')).toBe('rest')
    expect(found([rest], '/a/../b//c\\d')).toBe('rest')
    expect(found([rest], '/a#b')).toBeUndefined()
  })
})

describe('a host', () => {
  test.each([
    ['chat.example.com', 'CHAT.example.com', true],
    ['chat.example.com', 'example.com', false],
    ['*.example.com', 'chat.example.com', true],
    ['*.example.com', 'a.b.Example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', '.example.com', false],
    ['*.example.com', 'badexample.com', false],
    ['[::1]', '[::1]', true],
  ])('pattern %s meets %s: %s', (pattern, host, expected) => {
    expect(found([route('it', undefined, pattern)], '/', host) === 'it').toBe(expected)
  })
})

describe('matchRoute', () => {
  test('takes the first route that matches', () => {
    expect(found([ws, rest], '/ws/1')).toBe('ws')
    expect(found([rest, ws], '/ws/1')).toBe('rest')
    expect(found([ws, admin], '/other')).toBeUndefined()
  })

  test.each([
    '/admin/../ws/x',
    '/ws/../admin',
    '/ws/%2e%2e/admin',
    '/ws/.%2E/admin',
    '/ws/..%2fadmin',
    '/ws%2F..%2Fadmin',
    '/ws\\..\\admin',
    '/ws/..\\admin',
    '/ws/%5c..%5c..%5cadmin',
    '//admin',
    '/./admin',
    '/ws/a%2fb/../../admin',
    '/ws/../a//../ws/x',
  ])('finds no route for %s, which servers read in different ways', (target) => {
    expect(found([ws, admin, rest], target)).toBeUndefined()
  })

  test('serves an odd path when every reading of it leads to one route', () => {
    expect(found([ws, admin], '/ws/a/../b')).toBe('ws')
    expect(found([ws, admin], '/ws/./b//c')).toBe('ws')
  })

  // What other programs make of a path, independent of the code under test.
  const readers: Record<string, (path: string) => string> = {
    'a URL parser': (path) => decodeURIComponent(new URL(`http://host${path}`).pathname),
    'a POSIX path library': (path) => posix.normalize(decodeURIComponent(path)),
    'a URL parser after decoding': (path) =>
      decodeURIComponent(new URL(`http://host${decodeURIComponent(path)}`).pathname),
    'a server that compares as it stands': (path) => decodeURIComponent(path),
  }
  const piece = fc.constantFrom(
    '/',
    '/',
    '/',
    '.',
    '..',
    '%2e',
    '%2F',
    '%5c',
    '\\',
    'ws',
    'admin',
    'a',
    'b',
    '%61',
  )
  const path = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`)

  test.each(Object.keys(readers))('never routes otherwise than %s would', (name) => {
    const read = readers[name]!
    const routes = [ws, admin, below, route('exact', '/a/b')]
    fc.assert(
      fc.property(path, (target) => {
        const chosen = found([...routes, rest], target)
        const meant = routes.find(({ match: { path: pattern = '' } }) =>
          pattern.endsWith('*') ? read(target).startsWith(pattern.slice(0, -1)) : read(target) === pattern,
        )
        if (chosen !== undefined) expect([target, chosen]).toEqual([target, meant?.name ?? 'rest'])
      }),
      { numRuns: 5_000 },
    )
  })

  test('never throws, and without odd characters agrees with a plain comparison', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (host, target) => {
        matchRoute([ws, admin, rest], host, target)
      }),
    )
    const simple = fc.stringMatching(/^(\/[a-z]{1,3}){1,3}$/)
    fc.assert(
      fc.property(simple, (target) => {
        expect(found([ws, admin], target)).toBe(
          target.startsWith('/ws/') ? 'ws' : target === '/admin' ? 'admin' : undefined,
        )
      }),
    )
  })
})

describe('covers', () => {
  test.each([
    [{}, {}, true],
    [{}, { host: 'a.b', path: '/x' }, true],
    [{ path: '/*' }, { path: '/x' }, true],
    [{ path: '/*' }, {}, true],
    [{ path: '/ws/*' }, { path: '/ws/a' }, true],
    [{ path: '/ws/*' }, { path: '/ws/a/*' }, true],
    [{ path: '/ws/a/*' }, { path: '/ws/*' }, false],
    [{ path: '/ws' }, { path: '/ws' }, true],
    [{ path: '/ws' }, { path: '/ws*' }, false],
    [{ path: '/ws' }, {}, false],
    [{ host: '*.a.b' }, { host: 'x.a.b' }, true],
    [{ host: '*.a.b' }, { host: '*.x.a.b' }, true],
    [{ host: '*.a.b' }, { host: 'a.b' }, false],
    [{ host: '*.a.b' }, {}, false],
    [{ host: 'a.b', path: '/x' }, { host: 'a.b', path: '/y' }, false],
  ])('of %j over %j is %s', (earlier, later, expected) => {
    expect(covers(earlier, later)).toBe(expected)
  })

  test('means that the later route never serves', () => {
    const hosts = fc.option(fc.constantFrom('a.b', '*.a.b', 'x.a.b', '*.x.a.b'), { nil: undefined })
    const paths = fc.option(fc.constantFrom('/', '/*', '/a', '/a*', '/a/*', '/a/b', '/a/b/*'), {
      nil: undefined,
    })
    const targets = fc.constantFrom('/', '/a', '/ab', '/a/', '/a/b', '/a/b/c')
    const given = fc.constantFrom('a.b', 'x.a.b', 'y.x.a.b', 'c')
    fc.assert(
      fc.property(hosts, paths, hosts, paths, given, targets, (h1, p1, h2, p2, host, target) => {
        const routes = [route('earlier', p1, h1), route('later', p2, h2)]
        if (covers(routes[0]!.match, routes[1]!.match)) {
          expect(found(routes, target, host)).not.toBe('later')
        }
      }),
      { numRuns: 3_000 },
    )
  })
})
