import { describe, expect, test } from 'vitest'
import { faultOf, optionsFor, routeWith } from './config-text.ts'

const authOf = async (keys: string) => (await optionsFor(routeWith(`auth: { ${keys} }`))).routes[0]!.auth

describe('auth', () => {
  test.each([
    ['http://auth.internal', { tls: false, host: 'auth.internal', port: 80, path: '' }],
    ['https://auth.internal:9000/check/', { tls: true, port: 9000, path: '/check/' }],
    ['unix:/run/auth.sock:/check', { socketPath: '/run/auth.sock', path: '/check', serverName: 'localhost' }],
  ])('asks %s, for 2 s, and lets nobody in while that is away', async (url, target) => {
    expect(await authOf(`url: '${url}'`)).toMatchObject({
      target,
      headers: [],
      timeout: 2000,
      onError: 'deny',
    })
  })

  test('has fields, a time, and a memory', async () => {
    const auth = await authOf(
      "url: 'http://a/', headers: [X-User, Authorization], timeout: 500ms, cache: 10s",
    )
    expect(auth).toMatchObject({ headers: ['X-User', 'Authorization'], timeout: 500, cache: 10_000 })
  })

  test.each([
    ['', /missing key 'url' in routes\[0\]\.auth/],
    ["url: 'ws://a'", /auth\.url must be the URL of a service that speaks HTTP; write http:/],
    ["url: 'http://a?x'", /auth\.url must not hold a query/],
    ["url: 'http://u:p@a'", /must not hold a user name or password/],
    [
      'url: auth.internal',
      /auth\.url must be a URL that begins with http:.*; write http:\/\/auth\.internal$/,
    ],
    ["url: 'http://a', headers: [Host]", /headers\[0\] cannot be changed here/],
    ["url: 'http://a', headers: [X_Forwarded_For]", /headers\[0\] cannot be changed: the gateway itself/],
    ["url: 'http://a', headers: X-User", /headers must be a list of names of fields/],
    ["url: 'http://a', onError: open", /onError must be/],
    ["url: 'http://a', cache: 5", /cache must be a duration/],
    ["url: 'http://a', onError: allow", /warning: routes\[0\]\.auth\.onError is allow: .*everybody gets in/],
  ])('%s is told', async (keys, words) => {
    expect(await faultOf(routeWith(`auth: { ${keys} }`))).toMatch(words)
  })

  test.each(['forwardAuth', 'auth_request', 'jwt'])('%s of another program is named', async (key) => {
    expect(await faultOf(routeWith(`${key}: x`))).toMatch(/write auth: \{ url/)
  })
})
