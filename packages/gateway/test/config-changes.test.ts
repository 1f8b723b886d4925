import { certificate } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { faultOf, linesFor, optionsFor, routeWith } from './config-text.ts'

const pem = certificate()
const env = { TOKEN: 's3cret', BAD: 'a\r\nb' }
const readFile = (path: string) =>
  path.endsWith('cert.pem') || path.endsWith('ca.pem')
    ? Promise.resolve(pem.cert)
    : path.endsWith('key.pem')
      ? Promise.resolve(pem.key)
      : Promise.reject(Object.assign(new Error('none'), { code: 'ENOENT' }))

const route = async (keys: string) => (await optionsFor(routeWith(keys), { env, readFile })).routes[0]!

test('what a route changes is read, with the variables that it names', async () => {
  expect(
    await route(
      'strip: /chat/, host: upstream, hold: {}, headers: { set: { Authorization: "Bearer $TOKEN", X-Session: "{session}" }, ' +
        'add: { X-A: [a, "$$b"] }, remove: [Cookie], response: { set: { X-Served-By: holdfast }, remove: [Server] } }',
    ),
  ).toMatchObject({
    strip: '/chat',
    host: 'upstream',
    headers: {
      set: [
        ['Authorization', 'Bearer s3cret'],
        ['X-Session', '{session}'],
      ],
      add: [
        ['X-A', 'a'],
        ['X-A', '$b'],
      ],
      remove: ['Cookie'],
      response: { set: [['X-Served-By', 'holdfast']], remove: ['Server'] },
    },
  })
  expect(await route('rewrite: { from: /old/*, to: /new/* }, host: "Chat.Internal:8080"')).toMatchObject({
    rewrite: { from: '/old/*', to: '/new/*' },
    host: { name: 'chat.internal:8080' },
  })
})

describe('refused', () => {
  test.each([
    [
      'strip: chat',
      "strip must be a path such as /ws, or the beginning of one and *, not 'chat'; write /chat",
    ],
    ['strip: /', 'strip must not be /, which would take nothing away'],
    ['strip: /a/*', "strip must be a path without *, not '/a/*'; leave the * out"],
    ['strip: /a/../b', "strip must hold no space, backslash, empty or dot segment: '/a/../b'"],
    ['strip: /a, rewrite: { from: /a, to: /b }', 'rewrite does not go with strip; write one of the two'],
    [
      'rewrite: { from: /a* , to: /b/* }',
      "rewrite.from must end in /* and not in the middle of a segment: '/a*'",
    ],
    ['rewrite: { from: /a/*, to: /b }', 'rewrite.to must end in /* like from, or both must be exact'],
    ['host: "http://x"', "host must be client, upstream, or a host such as chat.internal, not 'http://x'"],
    ['host: "a b"', "host must be client, upstream, or a host such as chat.internal, not 'a b'"],
    ['headers: { set: { Host: x } }', 'headers.set.Host cannot be changed here; write host: beside headers'],
    [
      'headers: { add: { X_Forwarded_For: x } }',
      'headers.add.X_Forwarded_For cannot be changed: the gateway itself answers for this field',
    ],
    [
      'headers: { remove: [Upgrade] }',
      'headers.remove[0] cannot be changed: the gateway itself answers for this field',
    ],
    [
      'headers: { response: { set: { Sec-WebSocket-Accept: x } } }',
      'headers.response.set.Sec-WebSocket-Accept cannot be changed: the gateway itself answers for this field',
    ],
    ['headers: { set: { "a b": x } }', "headers.set['a b'] is not the name of a field"],
    ['headers: { set: { A: "" } }', 'headers.set.A must not be empty; write the name under remove'],
    [
      'headers: { set: { A: "a\\nb" } }',
      'headers.set.A must be a text that a field can carry: one line, no blanks around it, Latin-1',
    ],
    [
      'headers: { set: { A: "{clinet.address}" } }',
      'headers.set.A holds {clinet.address}; known are {client.address} and {session}',
    ],
    [
      'headers: { set: { A: "{session}" } }',
      'headers.set.A holds {session}, which only connections of a route with hold have',
    ],
    [
      'headers: { response: { add: { A: "{client.address}" } } }',
      'headers.response.add.A holds {client.address}, and nothing is filled into the fields of an answer',
    ],
    [
      'headers: { set: { A: $NONE } }',
      'headers.set.A names NONE, which is not set; set it where holdfast is started; $$ is a dollar',
    ],
    [
      'headers: { set: { A: $BAD } }',
      'headers.set.A must be a text that a field can carry: one line, no blanks around it, Latin-1',
    ],
  ])('%s', async (keys, words) => {
    const lines = await linesFor(routeWith(keys), { env, readFile })
    expect(lines.map((line) => line.replace(/^holdfast\.yaml:\d+:\d+: routes\[0\]\./, ''))).toEqual([words])
  })
})

describe('tls of an upstream', () => {
  const upstream = (keys: string) => `routes: [{ name: a, upstreams: [{ ${keys} }] }]`
  const words = async (keys: string) =>
    (await linesFor(upstream(keys), { env, readFile })).map((line) =>
      line.replace(/^holdfast\.yaml:\d+:\d+: /, '').replace(/routes\[0\]\.upstreams\[0\]\.?/, ''),
    )

  test('is read with its files', async () => {
    const keys = 'url: wss://b, tls: { ca: ca.pem, cert: cert.pem, key: key.pem, serverName: Chat.Internal }'
    const { routes } = await optionsFor(upstream(keys), { env, readFile })
    expect(routes[0]?.upstreams[0]?.secure).toEqual({
      ca: pem.cert,
      cert: pem.cert,
      key: pem.key,
      serverName: 'chat.internal',
      verify: true,
    })
  })

  test.each([
    ['url: ws://b, tls: {}', 'tls goes with wss:// and https:// only'],
    ['url: wss://b, tls: { cert: cert.pem }', 'tls must have both cert and key, or neither'],
    ['url: wss://b, tls: { ca: none.pem }', 'tls.ca names a file that does not exist; check the path'],
    ['url: wss://b, tls: { ca: key.pem }', 'tls.ca holds no PEM certificate; cert and key are swapped'],
    [
      'url: wss://b, tls: { serverName: 10.0.0.1 }',
      "tls.serverName must be a name such as chat.internal, not '10.0.0.1'",
    ],
    [
      'url: wss://b, tls: { serverName: "a:1" }',
      "tls.serverName must be a name such as chat.internal, not 'a:1'",
    ],
    [
      'url: wss://b, tls: { ca: ca.pem, verify: false }',
      'tls.ca has no effect where verify is false; leave verify out',
    ],
  ])('is not %s', async (keys, expected) => {
    expect(await words(keys)).toEqual([expected])
  })

  test('that checks nothing is a warning', async () => {
    expect(await words('url: wss://b, tls: { verify: false }')).toEqual([
      'warning: tls.verify is false: whoever can answer in its place is taken for this upstream; name the authority of its certificate as ca',
    ])
  })
})

test.each([
  ['match: { path: /ws/* }, strip: /chat', 'strip has no effect: the route serves /ws/* only'],
  [
    'match: { path: /ws }, rewrite: { from: /a, to: /b }',
    'rewrite.from has no effect: the route serves /ws only',
  ],
])('warned of: %s', async (keys, words) => {
  expect(await faultOf(routeWith(keys))).toBe(`warning: routes[0].${words}`)
})

test.each([
  'match: { path: /chat/* }, strip: /chat',
  'match: { path: /* }, strip: /chat',
  'match: { path: /a/b/* }, strip: /a',
])('not warned of: %s', async (keys) => {
  expect(await faultOf(routeWith(keys))).toBe('')
})
