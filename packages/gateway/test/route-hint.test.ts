import { routeOptions } from '@holdfast/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { routeHint } from '../src/handshake/route-hint.ts'
import { anyText } from './config-text.ts'

const routes = [
  routeOptions({ name: 'ws', match: { path: '/ws' }, upstreams: [] }),
  routeOptions({ name: 'rooms', match: { path: '/rooms/*' }, upstreams: [] }),
  routeOptions({ name: 'chat', match: { host: 'chat.example.com', path: '/socket' }, upstreams: [] }),
]

test.each([
  ['a.example', '/ws/', 'route ws serves /ws: did you mean /ws?'],
  ['a.example', '/WS', 'route ws serves /ws: did you mean /ws?'],
  ['a.example', '/rooms', 'route rooms serves /rooms/*: did you mean /rooms/?'],
  ['a.example', '/socket', 'route chat serves this path for the host chat.example.com'],
  ['a.example', '/roms/7', 'did you mean /rooms/*, of route rooms?'],
  ['chat.example.com', '/sockets', 'did you mean chat.example.com/socket, of route chat?'],
  ['a.example', '/something/else/altogether', 'the routes serve /ws, /rooms/*, chat.example.com/socket'],
])('%s%s: %s', (host, path, hint) => {
  expect(routeHint(routes, host, `${path}?token=secret`)).toEqual({ host, path, hint })
})

test('it says something of any request, in bounded length and without its query', () => {
  const check = (host: string, path: string) => {
    const said = routeHint(routes, host, `/${path}?secret`)
    expect(said.path.length).toBeLessThanOrEqual(200)
    expect(said.host.length).toBeLessThanOrEqual(200)
    expect(JSON.stringify(said)).not.toContain('?secret')
  }
  fc.assert(fc.property(anyText(300), anyText(300), check))
  check('a'.repeat(10_000), 'b'.repeat(100_000))
})
