import { describe, expect, test } from 'vitest'
import { faultOf, full, linesFor, optionsFor, shortest } from './config-text.ts'

const faultBefore = (text: string) => faultOf(`${text}\n${shortest}`)

describe('a configuration', () => {
  test('needs only a route', async () => {
    expect(await optionsFor(shortest)).toEqual({
      listen: [{ host: '127.0.0.1', port: 8080, proxyProtocol: false }],
      admin: { host: '127.0.0.1', port: 10120 },
      workers: 'auto',
      trustedProxies: [],
      pending: { connections: 16_384, perAddress: 8_192, timeout: 10_000 },
      drain: { spread: 5_000, deadline: 30_000, retry: [1_000, 5_000] },
      upgrade: { canary: 0.01, settle: 3000, carry: 86_400_000, carriers: 3, memory: 1024 ** 3 },
      routes: [
        {
          name: 'a',
          match: {},
          upstreams: [{ name: 'ws://b', tls: false, host: 'b', port: 80, path: '', weight: 1 }],
          balance: { by: 'least-connections' },
          attempts: 3,
          timeouts: {
            connect: 2_000,
            handshake: 5_000,
            close: 5_000,
            response: 300_000,
            idle: false,
          },
          keepalive: { ping: 25_000, timeout: 10_000 },
          rejections: 'pass',
          badGateway: 'auto',
          admit: 'auto',
          closeCodes: { badGateway: 1014, restart: 1012, tryAgain: 1013 },
          limits: {},
        },
      ],
    })
  })

  test('may have every key', async () => {
    expect(await optionsFor(full)).toEqual({
      listen: [
        { host: '127.0.0.1', port: 8080, proxyProtocol: false },
        { host: '0.0.0.0', port: 8443, proxyProtocol: true },
        { host: '0.0.0.0', port: 443, proxyProtocol: false, tls: [], auto: true },
      ],
      acme: {
        agreed: true,
        directory: 'https://acme-staging-v02.api.letsencrypt.org/directory',
        email: 'admin@example.com',
        names: ['chat.example.com'],
        profile: 'shortlived',
        challenge: 'tls-alpn-01',
        stateDirectory: '/var/lib/holdfast',
      },
      admin: { host: '127.0.0.1', port: 10120, token: 'c2VjcmV0' },
      workers: 'auto',
      trustedProxies: ['10.0.0.0/8'],
      pending: { connections: 1_000, perAddress: 50, timeout: 5_000 },
      drain: { spread: 5_000, deadline: 30_000, retry: [1_000, 5_000] },
      accessLog: { access: { file: '/var/log/holdfast/access.log' }, format: 'combined', mask: ['room_key'] },
      fleet: {
        name: 'chat',
        store: {
          kind: 'single',
          nodes: [{ host: '10.0.0.5', port: 6379 }],
          tls: true,
          username: 'holdfast',
          password: 'p@ss',
          database: 1,
        },
        secrets: ['a secret of the fleet'],
        listen: { host: '10.0.0.1', port: 10_130 },
        drainWait: 120_000,
      },
      upgrade: { canary: 0.05, settle: 10_000, carry: 3_600_000, carriers: 5, memory: 512 * 1024 ** 2 },
      routes: [
        {
          name: 'chat',
          match: { host: 'chat.example.com', path: '/ws/*' },
          upstreams: [
            { name: 'ws://10.0.0.1:3000', tls: false, host: '10.0.0.1', port: 3000, path: '', weight: 1 },
            { name: 'wss://10.0.0.2:3000', tls: true, host: '10.0.0.2', port: 3000, path: '', weight: 2 },
            {
              name: 'ws://chat.internal:3000',
              tls: false,
              host: 'chat.internal',
              port: 3000,
              path: '',
              weight: 1,
              dnsEvery: 20_000,
            },
          ],
          balance: { by: 'hash', key: { from: 'cookie', name: 'sid' } },
          attempts: 4,
          timeouts: { connect: 1_000, handshake: 4_000, close: 3_000, response: false, idle: 60_000 },
          health: {
            path: '/ws',
            protocol: 'chat.v2',
            interval: 6_000,
            timeout: 3_000,
            ping: false,
            healthy: 3,
            unhealthy: 4,
          },
          keepalive: { ping: 20_000, timeout: 9_000 },
          rejections: 'close',
          badGateway: 'http',
          wait: 3_000,
          admit: 500,
          closeCodes: { badGateway: 4014, restart: 3012, tryAgain: 1013 },
          origins: ['https://chat.example.com'],
          auth: {
            target: {
              tls: true,
              host: 'auth.internal',
              port: 443,
              serverName: 'auth.internal',
              path: '/check',
            },
            headers: ['X-User'],
            timeout: 1_000,
            onError: 'deny',
            cache: 10_000,
          },
          limits: {
            scope: 'fleet',
            connections: 10_000,
            perAddress: 50,
            handshakesPerSecond: 500,
            waiting: 2_000,
            messageBytes: 1_048_576,
            messagesPerSecond: 100,
          },
        },
      ],
    })
  })

  test('may be JSON, with the name of its schema', async () => {
    const options = await optionsFor(
      '{\n\t"$schema": "holdfast.schema.json",\n\t"routes": [{ "name": "a", "upstreams": ["ws://b"] }]\n}\n',
    )
    expect(options).toEqual(await optionsFor(shortest))
  })
})

describe('listen', () => {
  test('takes an address or a list of addresses', async () => {
    const one = await optionsFor(`listen: 127.0.0.1:0\n${shortest}`)
    expect(one.listen).toEqual([{ host: '127.0.0.1', port: 0, proxyProtocol: false }])
    const two = await optionsFor(`listen: ['[::1]:0', { address: 0.0.0.0:0 }]\n${shortest}`)
    expect(two.listen.map(({ host }) => host)).toEqual(['::1', '0.0.0.0'])
  })

  test.each([
    [
      'listen: 8080',
      'listen must be HOST:PORT such as 127.0.0.1:8080, or a list of such, not 8080; write 127.0.0.1:8080',
    ],
    ['listen: []', 'listen is empty: it needs at least one address'],
    ['listen: {}', 'listen must be HOST:PORT such as 127.0.0.1:8080, or a list of such, not a mapping'],
    ['listen: [{}]', "missing key 'address' in listen[0]; give HOST:PORT such as 127.0.0.1:8080"],
    [
      'listen: [127.0.0.1:1, 127.0.0.1:1]',
      'listen[1] listens on the same port as listen[0]; remove one of them',
    ],
    [
      'listen: [127.0.0.1:1, { address: 0.0.0.0:1 }]',
      'listen[1] listens on the same port as listen[0]; remove one of them',
    ],
    ['listen: 127.0.0.1:10120', 'admin uses the same port as listen[0]'],
    [
      'listen: [{ address: 127.0.0.1:1, proxyProtocol: yes }]',
      "listen[0].proxyProtocol must be true or false, not 'yes'; write true",
    ],
    [
      'listen: [{ address: 127.0.0.1:1, tls: }]',
      'listen[0].tls must be a mapping of keys, a list of such, or auto, not nothing; give it a value, or remove the key',
    ],
    [
      'listen: [{ address: 127.0.0.1:1, tls: { cert: a } }]',
      "missing key 'key' in listen[0].tls; give the path of a PEM file",
    ],
    [
      'listen: [{ address: 127.0.0.1:1, tls: { cert: a, key: "" } }]',
      "listen[0].tls.key must be the path of a PEM file, not ''",
    ],
  ])('refuses %s', async (text, line) => {
    expect(await faultBefore(text)).toBe(line)
  })

  test('reports two listeners on one port even if a third is wrong in itself', async () => {
    expect(await faultBefore('listen: [127.0.0.1:1, 5, 127.0.0.1:1]')).toBe(
      [
        'listen[1] must be HOST:PORT such as 127.0.0.1:8080, or a list of such, not 5; write 127.0.0.1:5',
        'listen[2] listens on the same port as listen[0]; remove one of them',
      ].join('\n'),
    )
  })
})

describe('admin', () => {
  test.each([
    ['admin: off', false],
    ['admin: false', false],
    ['admin: localhost:0', { host: 'localhost', port: 0 }],
    ['admin: { address: 0.0.0.0:1, token: a.b~c== }', { host: '0.0.0.0', port: 1, token: 'a.b~c==' }],
    ['admin: { address: "[::1]:1" }', { host: '::1', port: 1 }],
  ])('takes %s', async (text, admin) => {
    expect((await optionsFor(`${text}\n${shortest}`)).admin).toEqual(admin)
  })

  const reachable =
    'admin must have a token, since 0.0.0.0 can be reached from other machines; ' +
    'give { address, token: $HOLDFAST_ADMIN_TOKEN } in a configuration file, or use 127.0.0.1'

  test.each([
    ['admin: 0.0.0.0:1', reachable],
    ['admin: { address: 0.0.0.0:1 }', reachable],
    ['admin: true', 'admin must be HOST:PORT, unix:/PATH, { address, token }, or off, not true'],
    [
      'admin: { address: 127.0.0.1:1, token: 123456 }',
      'admin.token must be a token, or a variable such as $NAME',
    ],
    [
      'admin: { address: 127.0.0.1:1, token: "hunter 2" }',
      'admin.token must be a token that an Authorization header can carry, or a variable such as $NAME; use letters, digits and - . _ ~ + / only',
    ],
    [
      ['admin: { address: 127.0.0.1:1, token: "x$', '{TOKEN}" }'].join(''),
      'admin.token must be a token that an Authorization header can carry, or a variable such as $NAME; use letters, digits and - . _ ~ + / only',
    ],
    [
      'admin: { address: 127.0.0.1:1, token: $MISSING }',
      'admin.token names the variable MISSING, which is not set; set it where holdfast is started',
    ],
  ])('refuses %s and keeps the token to itself', async (text, line) => {
    expect(await faultBefore(text)).toBe(line)
  })
})

test.each([
  ['workers: 0', 'workers must be a whole number from 1 to 256, not 0'],
  ['workers: "2"', "workers must be auto or a whole number from 1 to 256, not '2'; write 2 without quotes"],
  [
    'trustedProxies: 10.0.0.0/8',
    "trustedProxies must be a list of at least one address or range, not '10.0.0.0/8'; write trustedProxies: [10.0.0.0/8]",
  ],
  [
    'trustedProxies: [10.0.0.0/40]',
    "trustedProxies[0] must be an address or a range such as 10.0.0.0/8, not '10.0.0.0/40'; write a prefix length from 0 to 32",
  ],
  ['drain: { spread: 30s }', 'drain.spread must be shorter than drain.deadline (30s), not 30s'],
  ['drain: { retry: [5s, 1s] }', 'drain.retry must have the lesser duration first; write [1s, 5s]'],
  ['drain: { retry: 5s }', "drain.retry must be two durations, the least and the greatest, not '5s'"],
  ['drain: { retry: [5s] }', 'drain.retry must be two durations, the least and the greatest, not a list'],
  ['drain: { deadline: 0s, spread: 0s }', 'drain.deadline must be at least 1ms, not 0ms'],
  ['sessions: redis://localhost', 'sessions cannot be redis in this version; write memory'],
  ['sessions: disk', "sessions must be memory, not 'disk'"],
])('a configuration with %s is refused', async (text, line) => {
  expect(await faultBefore(text)).toBe(line)
})

test('a configuration of another kind than a mapping is refused', async () => {
  expect(await linesFor('[1]')).toEqual([
    'holdfast.yaml:1:1: the configuration must be a mapping of keys, not a list',
  ])
  expect(await linesFor('hello')).toEqual([
    "holdfast.yaml:1:1: the configuration must be a mapping of keys, not 'hello'",
  ])
  expect(await linesFor('# nothing\n')).toEqual([
    'holdfast.yaml:1:1: the file is empty; name at least one route',
  ])
})
