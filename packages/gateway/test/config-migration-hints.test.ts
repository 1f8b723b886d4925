// What people write who come from nginx, HAProxy, Caddy, Traefik or Express: each gets the line that they meant, or is told that there
// is none. Nothing that cannot work passes.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readPathPattern, readUpstream } from '../src/config/addresses.ts'
import { Wrong } from '../src/config/errors.ts'
import { migrationHint, pathOfPattern } from '../src/config/migration-hints.ts'
import { anyText, faultOf, linesFor, optionsFor, routeWith, shortest } from './config-text.ts'

const braced = (name: string) => `$\{${name}}`
const onUpstream = (url: string) => `routes: [{ name: a, upstreams: ['${url}'] }]`

describe('an upstream that cannot be dialled is refused, with what to write', () => {
  test.each([
    ['ws://unix/run/chat.sock', /; write unix:\/run\/chat.sock$/],
    ['unix//run/chat.sock', /; write unix:\/run\/chat.sock$/],
    ['unix@/run/chat.sock', /; write unix:\/run\/chat.sock$/],
    ['/run/chat.sock', /; write unix:\/run\/chat.sock$/],
    ['unix://run/chat.sock', /must be unix: and the absolute path of a socket/],
    ['unix:chat.sock', /must be unix: and the absolute path of a socket/],
    ['unix:/run/chat.sock:ws', /second colon: a path prefix; write unix:\/run\/chat.sock:\/ws$/],
    ['unix:/run/chat.sock:/ws?x', /must not hold a query/],
    ['unix:/run/$APP.sock', /names APP, which is not set/],
    [`unix:/${'x'.repeat(120)}`, /has a path of more than 10\d bytes/],
    [
      'ws://$CHAT_HOST:3000',
      /names CHAT_HOST, which is not set; set it where holdfast is started; \$\$ is a dollar$/,
    ],
    [`wss://${braced('CHAT_HOST')}`, /names CHAT_HOST, which is not set/],
    [`ws://chat-${braced('ENV')}.internal:3000/x`, /names ENV, which is not set/],
    ['$CHAT_URL', /names CHAT_URL, which is not set/],
    [braced('CHAT_URL'), /names CHAT_URL, which is not set/],
    ['ws://$$HOST', /is not a valid URL/],
    ['3000', /; write ws:\/\/localhost:3000$/],
    [':3000', /; write ws:\/\/localhost:3000$/],
    ['ws://::1:3000', /needs brackets around its IPv6 address; write ws:\/\/\[::1\]:3000$/],
    ['wss://fe80::1/x', /write wss:\/\/\[fe80::1\]\/x$/],
  ])('%s', async (url, words) => {
    expect(await faultOf(onUpstream(url))).toMatch(words)
  })

  test.each(['ws://unix:3000', 'ws://unix/ws', 'ws://a/$$room', 'ws://[::1]:3000'])(
    '%s is none of these',
    async (url) => {
      expect((await optionsFor(onUpstream(url))).routes).toHaveLength(1)
    },
  )
})

test.each([
  ['unix:/run/chat.sock', 'unix:/run/chat.sock', ''],
  ['unix:///run/chat.sock', 'unix:/run/chat.sock', ''],
  ['ws://unix:/run/chat.sock', 'unix:/run/chat.sock', ''],
  ['http://unix:/run/chat.sock:', 'unix:/run/chat.sock', ''],
  ['http://unix:/run/chat.sock:/ws/', 'unix:/run/chat.sock:/ws', '/ws'],
  ['ws+unix:/run/chat.sock:/ws', 'unix:/run/chat.sock:/ws', '/ws'],
  ['ws+unix:///run/chat.sock:/ws', 'unix:/run/chat.sock:/ws', '/ws'],
  ['http+unix://%2Frun%2Fchat.sock/ws', 'unix:/run/chat.sock:/ws', '/ws'],
  ['https://unix:/run/chat.sock', 'wss://unix:/run/chat.sock', ''],
])('%s is a socket of the file system, as others write it', async (url, name, path) => {
  const { routes } = await optionsFor(onUpstream(url))
  expect(routes[0]!.upstreams).toMatchObject([{ name, path, socketPath: '/run/chat.sock' }])
})

describe('a listener on a socket of the file system', () => {
  test.each([
    ["mode: '0660'", { mode: 0o660 }],
    ['mode: 0660', { mode: 0o660 }],
    ['mode: 660', { mode: 0o660 }],
    ['owner: www-data', { owner: { user: 'www-data' } }],
    ['owner: "1000:www-data"', { owner: { user: '1000', group: 'www-data' } }],
    ['owner: ":www-data"', { owner: { group: 'www-data' } }],
  ])('may have %s', async (keys, meant) => {
    const { listen } = await optionsFor(`listen: [{ address: 'unix:/run/in.sock', ${keys} }]\n${shortest}`)
    expect(listen).toMatchObject([{ host: 'unix:/run/in.sock', port: 0, ...meant }])
  })

  test.each([
    ["[{ address: 'unix:/run/in.sock', mode: 432 }]", /mode must be/],
    ["[{ address: 'unix:/run/in.sock', mode: rw }]", /must be octal digits/],
    ["[{ address: 'unix:/run/in.sock', owner: 'a b' }]", /must be user, user:group or :group/],
    ["[{ address: '127.0.0.1:1', mode: '660' }]", /mode goes with unix:\/PATH only/],
    ["['unix:/run/a.sock', 'unix:/run/a.sock']", /same port as listen\[0\]/],
    ["'unix:in.sock'", /absolute path/],
  ])('%s is told', async (listen, words) => {
    expect(await faultOf(`listen: ${listen}\n${shortest}`)).toMatch(words)
  })

  test('whose clients would all count as one address is a warning, unless the proxy before it is believed', async () => {
    const text = `listen: 'unix:/run/in.sock'\n${routeWith('limits: { perAddress: 5 }')}`
    expect(await faultOf(text)).toMatch(
      /warning: routes\[0\]\.limits\.perAddress counts all clients of unix:/,
    )
    expect(await faultOf(`trustedProxies: ['unix:']\n${text}`)).toBe('')
  })
})

describe('a path in the language of another program', () => {
  test.each([
    ['^/ws/.*', '/ws/*'],
    ['^/ws', '/ws*'],
    ['^/ws$', '/ws'],
    ['~ ^/ws/(.*)$', '/ws/*'],
    ['~* ^/ws/', '/ws/*'],
    ['^~ /ws/', '/ws/*'],
    ['= /ws', '/ws'],
    ['/ws/.*', '/ws/*'],
    ['/ws/**', '/ws/*'],
    ['/ws/(?<room>[^/]+)', '/ws/*'],
    ['/rooms/{id}/ws', '/rooms/*'],
    ['/rooms/:id', '/rooms/*'],
    ['/rooms/{id:[0-9]+}', '/rooms/*'],
  ])('%s is told to be %s', async (text, meant) => {
    expect(await faultOf(routeWith(`match: { path: '${text}' }`))).toMatch(
      new RegExp(`there are no expressions and no placeholders; write ${meant.replaceAll(/[*/]/g, '\\$&')}$`),
    )
  })

  test.each(['/c++/*', '/a(b)', '/a$b', '/a:b', '/ws/*', '/', '/a~b'])('%s is a path', (text) => {
    expect(pathOfPattern(text)).toBeUndefined()
    expect(readPathPattern(text)).toBe(text)
  })

  test('what is proposed for any text is a path, or nothing is', () => {
    const check = (text: string) => {
      const wrong = readPathPattern(text)
      const meant = wrong instanceof Wrong && /^write (\/.*)$/.exec(wrong.fix ?? '')?.[1]
      if (meant) expect(readPathPattern(meant), text).toBe(meant)
    }
    fc.assert(
      fc.property(fc.oneof(anyText(30), fc.stringMatching(/^[~^=]? ?\/[a-z/:{}()*.$^[\]]{0,20}$/)), check),
    )
  })

  test('in braces of YAML it is one line, with what to write', async () => {
    const text = 'routes:\n  - name: a\n    match: { path: /rooms/{id}/ws }\n    upstreams: [ws://b]\n'
    expect(await linesFor(text)).toEqual([
      'holdfast.yaml:3:20: a path with { } is no path here: there are no placeholders; write /rooms/*',
    ])
  })

  test('a slash at its end is allowed and hardly meant', async () => {
    expect(await linesFor(routeWith('match: { path: /ws/ }'))).toEqual([
      expect.stringMatching(
        /warning: routes\[0\]\.match\.path matches \/ws\/ alone, .*; write \/ws\/\* or \/ws$/,
      ),
    ])
    expect(await linesFor(routeWith('match: { path: / }'))).toEqual([])
  })
})

test.each([
  ['listen: 0.0.0.0:$PORT', /^listen names PORT, which is not set; set it where holdfast is started/],
  ['workers: $WORKERS', /^workers names WORKERS, which is not set/],
  ['drain: { spread: $SPREAD }', /^drain.spread names SPREAD, which is not set/],
  ['trustedProxies: [$LB]', /^trustedProxies\[0\] names LB, which is not set/],
])('%s: a variable that is not set is named', async (line, words) => {
  expect(await faultOf(`${line}\nroutes: [{ name: a, upstreams: [ws://b] }]`)).toMatch(words)
})

test.each([
  ['import: x', /unknown key 'import'; write include: \[routes\/\*\.yaml\]/],
  ['env: { A: b }', /unknown key 'env'; write \$NAME where the value is to stand/],
])('%s of another program', async (line, words) => {
  expect(await faultOf(`${line}\nroutes: [{ name: a, upstreams: [ws://b] }]`)).toMatch(words)
})

describe('a value of another form', () => {
  test.each([
    ['hold: true', 'hold must be a mapping of keys, not true; write hold: {}'],
    ['hold: ', 'hold must be a mapping of keys, not nothing; write hold: {}, or remove the key'],
    ['health: /healthz', "health must be a mapping of keys, not '/healthz'; write { path: /healthz }"],
    ['match: /ws', "match must be a mapping of keys, not '/ws'; write { path: /ws }"],
    ['match: a.example', "match must be a mapping of keys, not 'a.example'; write { host: a.example }"],
    ['keepalive: 20s', "keepalive must be { ping, timeout }, or off, not '20s'; write { ping: 20s }"],
    ['origins: https://a.example', /^origins must be a list .*; write origins: \[https:\/\/a\.example\]$/],
    ['origins: []', 'origins is empty: it needs at least one origin'],
    ['health: /a b', /^health must be a mapping of keys, not '\/a b'$/],
    ['limits: 5', 'limits must be a mapping of keys, not 5'],
  ])('%s', async (keys, words) => {
    const line = (await faultOf(routeWith(keys))).replace('routes[0].', '')
    if (typeof words === 'string') expect(line).toBe(words)
    else expect(line).toMatch(words)
  })

  test.each([
    ['routes: [{ name: a, upstreams: ws://b }]', 'write upstreams: [ws://b]'],
    ['routes: [{ name: a, upstreams: { url: ws://b } }]', 'put a - before it'],
    ['routes: { name: a, upstreams: [ws://b] }', 'put a - before it'],
    [
      'routes: [{ name: a, upstreams: [] }]',
      'is empty: it needs at least one upstream such as ws://localhost:3000',
    ],
  ])('%s: %s', async (text, end) => {
    expect((await faultOf(text)).endsWith(end), await faultOf(text)).toBe(true)
  })

  test('is not proposed where it would not do', async () => {
    const text = `listen: [{ address: 127.0.0.1:1, tls: true }]\n${routeWith('wait: 1s')}`
    expect(await faultOf(text)).toBe(
      'listen[0].tls must be a mapping of keys, a list of such, or auto, not true',
    )
  })
})

describe('a key of another program', () => {
  test.each([
    ['sticky: true', /balance: hash\(cookie:NAME\)/],
    ['tls: { ca: ca.pem }', /tls: \{ ca, cert, key \} beside its url/],
    ['stripPrefix: /x', /write strip: \/prefix/],
    ['strip_prefix: /x', /write strip: \/prefix/],
    ['set_headers: {}', /headers: \{ set, add, remove \}.*X-Forwarded-For/],
    ['forwardAuth: {}', /write auth: \{ url: http:.*on the route/],
    ['location: /ws', /match: \{ path: \/ws\/\* \}/],
    ['proxy_pass: x', /upstreams: \[ws:\/\/HOST:PORT\]/],
  ])('%s', async (key, words) => {
    expect(await faultOf(routeWith(key))).toMatch(words)
  })

  test('a near key of Holdfast wins over it', async () => {
    expect(await faultOf(routeWith('limit: {}'))).toMatch(/did you mean 'limits'\?/)
    expect(migrationHint('constructor')).toBeUndefined()
    expect(migrationHint('__proto__')).toBeUndefined()
  })
})

describe('a line that is indented one space off', () => {
  test.each([
    ['routes:\n  - name: a\n   upstreams: [ws://b]\n', 3, "less than 'name' in line 2"],
    ['routes:\n  - name: a\n     upstreams: [ws://b]\n', 3, "more than 'name' in line 2"],
    ['routes:\n  - name: a\n    upstreams: [ws://b]\n   hold: {}\n', 4, "less than 'upstreams' in line 3"],
    [
      'routes:\n  - name: a\n    match:\n      path: /a\n     host: b\n    upstreams: [ws://b]\n',
      5,
      "less than 'path' in line 4",
    ],
    ['listen: 127.0.0.1:80\n admin: off\nroutes: []\n', 2, "more than 'listen' in line 1"],
  ])('%j', async (text, line, words) => {
    const lines = await linesFor(text)
    expect(lines).toEqual([expect.stringContaining(`:${line}:`)])
    expect(lines[0]).toContain(`line ${line} is indented ${words}`)
  })
})

test('no text makes the reader of upstreams fail, and what passes names a host without a variable', () => {
  const check = (text: string) => {
    const read = readUpstream(text)
    if (!(read instanceof Wrong)) expect(read.host).toMatch(/^[a-z0-9.:_-]+$/)
  }
  fc.assert(
    fc.property(fc.oneof(anyText(40), fc.stringMatching(/^(ws|http):\/\/[$a-z{}:./[\]]{0,20}$/)), check),
  )
})
