import { describe, expect, test } from 'vitest'
import { faultOf, linesFor, optionsFor, routeWith } from './config-text.ts'

const fault = (keys: string) => faultOf(routeWith(keys))
const route = async (keys: string) => (await optionsFor(routeWith(keys))).routes[0]!

describe('routes', () => {
  test.each([
    ['listen: 127.0.0.1:1', "missing key 'routes'; give a list of at least one route"],
    ['routes: []', 'routes is empty: it needs at least one route'],
    ['routes: [{ upstreams: [ws://b] }]', "missing key 'name' in routes[0]; give a name"],
    [
      'routes: [{ name: a }]',
      "missing key 'upstreams' in routes[0]; give a list of at least one upstream such as ws://localhost:3000",
    ],
    [
      'routes: [{ name: a b, upstreams: [ws://b] }]',
      "routes[0].name must be 1 to 64 letters, digits, dots, dashes or underscores, not 'a b'",
    ],
    [
      'routes: [{ name: a, upstreams: [] }]',
      'routes[0].upstreams is empty: it needs at least one upstream such as ws://localhost:3000',
    ],
    ['routes: [5]', 'routes[0] must be a mapping of keys, not 5'],
  ])('refuses %s', async (text, line) => {
    expect(await faultOf(text)).toBe(line)
  })

  test('refuses a second route of one name, and says so beside other faults', async () => {
    const text =
      'routes:\n  - { name: a, upstreams: [ws://b] }\n  - { name: a, upstreams: [ws://b], attempts: 0 }\n'
    expect(await linesFor(text)).toEqual([
      "holdfast.yaml:3:13: routes[1].name is a second route 'a'; give each route a name of its own",
      'holdfast.yaml:3:47: routes[1].attempts must be a whole number from 1 to 100, not 0',
    ])
  })
})

describe('an upstream', () => {
  test.each([
    ['5', 'must be a URL such as ws://localhost:3000, or a mapping with url or dns, not 5'],
    ['{}', 'must have one of the keys url and dns'],
    ['{ url: ws://x, dns: ws://x }', 'must have one of the keys url and dns'],
    ['{ url: ws://x, weight: 0 }', 'weight must be a whole number from 1 to 1000, not 0'],
    ['{ url: ws://x, weight: 1.5 }', 'weight must be a whole number from 1 to 1000, not 1.5'],
    ['{ url: ws://x, every: 5s }', 'every goes with dns only; write dns in place of url'],
    ['{ dns: ws://x, every: 5ms }', 'every must be at least 1s, not 5ms'],
    ['{ dns: ws://10.0.0.1 }', 'dns must hold a name to look up, not an address; write url in place of dns'],
    [
      '{ dns: "ws://[::1]:80" }',
      'dns must hold a name to look up, not an address; write url in place of dns',
    ],
  ])('is not %s', async (upstream, words) => {
    const line = await faultOf(`routes: [{ name: a, upstreams: [${upstream}] }]`)
    expect(line.replace(/^routes\[0\]\.upstreams\[0\][ .]/, '')).toBe(words)
  })

  test('is looked up every 10 s where only dns is said', async () => {
    const { routes } = await optionsFor('routes: [{ name: a, upstreams: [{ dns: ws://x }] }]')
    expect(routes[0]?.upstreams[0]?.dnsEvery).toBe(10_000)
  })

  test('stands once in a route, however it is written', async () => {
    expect(await faultOf('routes: [{ name: a, upstreams: [ws://b, { url: "http://B:80/" }] }]')).toBe(
      "routes[0].upstreams[1] is a second upstream 'ws://b'; list it once; a weight gives it a larger share",
    )
  })
})

test.each([
  [
    'match: { host: "*" }',
    "match.host must be a host such as chat.example.com or *.example.com, not '*'; leave host out to match every host",
  ],
  [
    'match: { path: ws }',
    "match.path must be a path such as /ws, or the beginning of one and *, not 'ws'; write /ws",
  ],
  [
    'balance: hash',
    "balance must be a way to balance, not 'hash'; use least-connections, round-robin, random-two, hash(address), hash(cookie:NAME), hash(header:NAME) or hash(query:NAME)",
  ],
  [
    'balance: round-robbin',
    "balance must be a way to balance, not 'round-robbin'; did you mean 'round-robin'?",
  ],
  ['attempts: "3"', "attempts must be a whole number from 1 to 100, not '3'; write 3 without quotes"],
  [
    'timeouts: { connect: 5 }',
    'timeouts.connect must be a duration such as 250ms, 5s, 2m or 1h, not 5; write 5s or 5ms',
  ],
  ['timeouts: { close: 0s }', 'timeouts.close must be at least 1ms, not 0ms'],
  ['health: { timeout: 6s }', 'health.timeout must not be longer than health.interval (5s), not 6s'],
  [
    'health: { path: "/a b" }',
    "health.path must be a path such as /ws, percent-encoded where needed, not '/a b'",
  ],
  [
    'health: { protocol: "a, b" }',
    "health.protocol must be one subprotocol without spaces or commas, not 'a, b'",
  ],
  ['health: ', 'health must be a mapping of keys, not nothing; write health: {}, or remove the key'],
  ['keepalive: true', 'keepalive must be { ping, timeout }, or off, not true; write keepalive: {}'],
  ['keepalive: of', "keepalive must be { ping, timeout }, or off, not 'of'"],
  ['keepalive: { pings: 5s }', "unknown key 'pings' in routes[0].keepalive; did you mean 'ping'?"],
  ['rejections: clos', "rejections must be one of pass, close, not 'clos'; did you mean 'close'?"],
  ['badGateway: 1014', 'badGateway must be one of auto, close, http, not 1014'],
  ['wait: 5', 'wait must be a duration such as 5s, or off, not 5; write 5s or 5ms'],
  ['admit: 500', 'admit must be a rate such as 500/s, or auto, not 500'],
  ['admit: 0/s', "admit must be a rate such as 500/s, or auto, not '0/s'"],
  ['limits: { waiting: 0 }', 'limits.waiting must be a whole number from 1 to 2147483647, not 0'],
  [
    'closeCodes: { restart: 1006 }',
    'closeCodes.restart must not be 1006, which never stands in a Close frame',
  ],
  [
    'closeCodes: { restart: 1010 }',
    'closeCodes.restart must not be 1010 (Mandatory Extension), which a server does not send',
  ],
  [
    'closeCodes: { restart: 2000 }',
    'closeCodes.restart must not be 2000, which is not assigned; write 1012, or one from 3000 to 4999',
  ],
  ['closeCodes: { restart: 5000 }', 'closeCodes.restart must be a whole number from 1000 to 4999, not 5000'],
  ['origins: []', 'origins is empty: it needs at least one origin'],
  ['origins: ["https://a/"]', "origins[0] must have no path: 'https://a/'; write https://a"],
  ['limits: { connections: 0 }', 'limits.connections must be a whole number from 1 to 2147483647, not 0'],
  [
    'limits: { messageBytes: 1MB }',
    "limits.messageBytes must be a size such as 512B, 64KiB or 1MiB, not '1MB'; write 1MiB",
  ],
  [
    'limits: { messageBytes: 0 }',
    'limits.messageBytes must be a whole number from 1 to 9007199254740991, not 0',
  ],
  ['limits: { messageBytes: 0KiB }', 'limits.messageBytes must be at least 1B'],
  [
    'limits: { messageBytes: true }',
    'limits.messageBytes must be a size such as 512B, 64KiB or 1MiB, not true',
  ],
  ['hold: { on: [1000] }', 'hold.on[0] must not be 1000, which always reaches the client; leave it out'],
  ['hold: { on: [gone] }', "hold.on[0] must be a close code such as 1012, or lost, not 'gone'"],
  [
    'hold: { replay: socket.io }',
    "hold.replay must be auto, none, { first: N }, { file: PATH }, or one of graphql-transport-ws, phoenix, action-cable, stomp, mqtt, nats, trpc, yjs, hocuspocus, socketcluster, not 'socket.io'",
  ],
  ['hold: { state: kept }', "hold.state must be one of auto, none, not 'kept'; use auto or none"],
  ['resume: true', 'resume must be a mapping of keys, not true; write resume: {}'],
  ['resume: { bind: sid }', "resume.bind must be cookie:NAME or header:NAME, not 'sid'"],
  ['resume: { buffer: 1KiB }', 'resume.buffer must be at least 16384B'],
  ['resume: { total: 64KiB }', 'resume.total must not be less than resume.buffer (1048576 bytes), not 65536'],
  [
    'resume: { buffer: 64KiB }, limits: { messageBytes: 65KiB }',
    'limits.messageBytes must not be more than resume.buffer (65536 bytes): such a message could never be kept',
  ],
])('a route with %s is refused', async (keys, words) => {
  expect((await fault(keys)).replace(/^routes\[0\]\./, '')).toBe(words)
})

test.each([
  [
    'health: {}',
    { health: { path: '/', interval: 5_000, timeout: 2_000, ping: true, healthy: 2, unhealthy: 3 } },
  ],
  [
    'hold: {}',
    {
      hold: {
        for: 30_000,
        on: [1012, 'lost'],
        state: 'auto',
        buffer: 262_144,
        replay: { by: 'auto' },
      },
    },
  ],
  ['hold: { state: none, replay: none }', { hold: { state: 'none', replay: { by: 'none' } } }],
  ['hold: { on: [1012, 4000] }', { hold: { on: [1012, 4000] } }],
  ['hold: { replay: { first: 2 } }', { hold: { replay: { by: 'first', messages: 2 } } }],
  ['hold: { replay: stomp }', { hold: { replay: { by: 'protocol', name: 'stomp' } } }],
  ['keepalive: off', { keepalive: false }],
  ['keepalive: false', { keepalive: false }],
  ['keepalive: { ping: 5s }', { keepalive: { ping: 5_000, timeout: 10_000 } }],
  ['limits: { messageBytes: 1000 }', { limits: { messageBytes: 1_000 } }],
  ['limits: { messageBytes: 64KiB }', { limits: { messageBytes: 65_536 } }],
  ['wait: 0s', { wait: 0 }],
  ['wait: off', { wait: 0 }],
  ['wait: 0', { wait: 0 }],
  ['wait: 7s', { wait: 7_000 }],
  ['admit: 25/s', { admit: 25 }],
  ['badGateway: close', { badGateway: 'close' }],
  ['closeCodes: { restart: 1001 }', { closeCodes: { badGateway: 1014, restart: 1001, tryAgain: 1013 } }],
  ['match: { host: Chat.Example.com. }', { match: { host: 'chat.example.com' } }],
])('a route with %s is taken', async (keys, part) => {
  expect(await route(keys)).toMatchObject(part)
})

test('routes may share values through aliases', async () => {
  const { routes } = await optionsFor(
    'routes:\n  - { name: a, match: { path: /a }, upstreams: &u [ws://x], limits: &l { connections: 5 } }\n' +
      '  - { name: b, upstreams: *u, limits: *l }\n',
  )
  expect(routes[1]).toMatchObject({ upstreams: [{ name: 'ws://x' }], limits: { connections: 5 } })
})
