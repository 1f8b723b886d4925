import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judge } from '../../src/config/apache-expr.ts'
import { Report } from '../../src/config/context.ts'
import { aclsOf, conditionOf, holds } from '../../src/config/haproxy-conditions.ts'
import { parseHaproxy } from '../../src/config/haproxy-syntax.ts'
import { readProxyConfig } from '../../src/config/index.ts'
import type { ConfigKind } from '../../src/config/kinds.ts'
import { ruleHolds } from '../../src/config/traefik-rule.ts'
import { handshakes, pageRequest } from '../../src/config/truth.ts'
import { missesHandshakes } from '../../src/config/websocket.ts'

/** What a condition is for the handshakes of Chrome and Firefox, and for a page. */
const judged = (truth: (request: (typeof handshakes)[number]) => boolean | undefined) =>
  [...handshakes, pageRequest].map(truth)

const yes = [true, true, false]
const no = [false, false, true]
const unknown = [undefined, undefined, undefined]

describe('an expression of Apache', () => {
  test.each([
    ["%{HTTP:Upgrade} == 'websocket'", yes],
    ["%{HTTP:Upgrade} != 'websocket'", no],
    ["! (%{HTTP:Upgrade} = 'websocket')", no],
    ['%{HTTP:Upgrade} =~ /WebSocket/i', yes],
    ['%{HTTP:Upgrade} =~ /WebSocket/', [false, false, false]],
    ['%{HTTP:Upgrade} !~ m#^web#', no],
    ["req('Upgrade') -strcmatch 'Web*'", yes],
    ["tolower(req('Connection')) =~ /upgrade/", yes],
    ['-n %{HTTP:Upgrade} && -n %{HTTP:Sec-WebSocket-Key}', yes],
    ['-z %{HTTP:Upgrade} || %{REQUEST_URI} =~ m#^/x#', [undefined, undefined, true]],
    ["%{HTTP:Connection} == 'Upgrade'", [true, false, false]],
    ["%{REMOTE_ADDR} == '10.0.0.1'", unknown],
    ['%{HTTP:Upgrade} -ipmatch 10.0.0.0/8', unknown],
    ["%{HTTP:Upgrade} == 'websocket", unknown],
    ['true && !false', [true, true, true]],
  ])('%s is judged', (text, expected) => expect(judged((request) => judge(text, request))).toEqual(expected))

  test('is judged or not understood, whatever it is', () => {
    const part = fc.constantFrom(
      '%{HTTP:Upgrade}',
      '!',
      '(',
      ')',
      '&&',
      '||',
      '==',
      '=~',
      '/a/',
      "'x'",
      '-n',
      'true',
      'req',
      ' ',
      '"',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((list) => list.join(' ')),
        ),
        (text) => {
          for (const request of handshakes) expect([true, false, undefined]).toContain(judge(text, request))
        },
      ),
    )
  })
})

describe('a condition of HAProxy', () => {
  const acls = `frontend f
 acl ws hdr(Upgrade) -i WebSocket
 acl up hdr(Connection) -m sub -i upgrade
 acl firefox hdr(Connection) keep-alive
 acl path path_beg /ws
 acl many req.hdr_cnt(Upgrade) gt 0
 acl listed hdr(Upgrade) -i -f /etc/haproxy/words
`
  const [section] = parseHaproxy([{ path: 'a', text: acls }], new Report())

  test.each([
    ['if ws', yes],
    ['if ws up', yes],
    ['if !ws', no],
    ['unless ws', no],
    ['unless !ws', yes],
    ['if ! ws', no],
    ['if { req.hdr(upgrade),lower -m beg web }', yes],
    ['if !{ hdr(Upgrade) -i websocket }', no],
    ['unless { hdr(Upgrade) -i websocket } up', no],
    ['if { hdr(Upgrade) WebSocket }', [false, false, false]],
    ['if { hdr_reg(Upgrade) -i ^web }', yes],
    ['if { hdr(Upgrade) -m found }', yes],
    ['if many METH_GET', yes],
    ['if path', unknown],
    ['if path !ws', [false, false, undefined]],
    ['if path || ws', [true, true, undefined]],
    ['if listed', unknown],
    ['if firefox', [false, true, true]],
    ['if { ssl_fc }', unknown],
  ])('%s is judged', (line, expected) => {
    const condition = conditionOf(['use_backend', 'b', ...line.split(' ')])
    if (!condition || !section) throw new Error('a condition was given')
    expect(judged((request) => holds(condition, aclsOf(section), request))).toEqual(expected)
  })
})

describe('a rule of Traefik', () => {
  test.each([
    ['Host(`a`) && Header(`Upgrade`, `websocket`)', [undefined, undefined, false]],
    ['Host(`a`) && !Header(`Upgrade`, `websocket`)', [false, false, undefined]],
    ['!(HeaderRegexp(`Connection`, `(?i)upgrade`) || Header(`Upgrade`, `websocket`))', no],
    ['Headers(`Connection`, `Upgrade`)', [true, false, false]],
    ['Method(`GET`)', [true, true, true]],
    ['Header(`Upgrade`, `websocket`) &&', [undefined, undefined, false]],
  ])('%s is judged', (rule, expected) => {
    expect(judged((request) => ruleHolds(rule, request))).toEqual(expected)
  })
})

describe('a test for a handshake', () => {
  const equal = (wanted: string) => (value: string, ignoreCase: boolean) =>
    ignoreCase ? value.toLowerCase() === wanted.toLowerCase() : value === wanted

  test.each([
    ['Upgrade', 'websocket', false],
    ['Upgrade', 'WebSocket', true],
    ['Upgrade', 'h2c', false],
    ['Upgrade', '', false],
    ['Connection', 'Upgrade', true],
    ['Connection', 'keep-alive', false],
    ['Origin', 'x', false],
  ])('that compares %s with "%s" misses some: %s', (header, wanted, misses) => {
    expect(missesHandshakes(header, equal(wanted))).toBe(misses)
  })
})

/** Forms that tell WebSockets from pages: right ones, and what is wrong with the others. */
const forms: readonly (readonly [kind: ConfigKind, text: string, codes: readonly string[]])[] = [
  [
    'apache',
    '<Location /a>\nRewriteRule ^(.*) http://a/$1 [P]\n</Location>\n<Location /b>\nRewriteRule ^(.*) ws://a/$1 [P]\n</Location>',
    [],
  ],
  [
    'apache',
    '<If "%{HTTP:Upgrade} != \'websocket\'">\nRewriteRule ^/?(.*) http://a/$1 [P]\n</If>\n<Else>\nRewriteRule ^/?(.*) ws://a/$1 [P]\n</Else>',
    [],
  ],
  [
    'apache',
    'RewriteCond %{HTTP:Upgrade} ^$\nRewriteRule ^/(.*) http://a/$1 [P]\nRewriteRule ^/(.*) ws://a/$1 [P]',
    [],
  ],
  [
    'apache',
    'RewriteCond %{HTTP:Upgrade} !websocket\nRewriteRule ^/(.*) ws://a/$1 [P]',
    ['apache-rewrite-cond'],
  ],
  [
    'apache',
    'RewriteCond %{HTTP_UPGRADE} websocket [NC]\nRewriteRule ^/(.*) ws://a/$1 [P]',
    ['apache-rewrite-cond'],
  ],
  [
    'apache',
    'RewriteCond %{HTTP:Upgrade} !=WebSocket\nRewriteRule ^/(.*) http://a/$1 [P]\nRewriteRule ^/(.*) ws://a/$1 [P]',
    ['apache-rewrite-cond', 'apache-rewrite-order'],
  ],
  ['apache', 'RewriteCond expr "%{HTTP:Upgrade} == \'websocket\'"\nRewriteRule ^/(.*) ws://a/$1 [P]', []],
  [
    'apache',
    'RewriteCond %{REQUEST_URI} ^/socket.io [NC]\nRewriteCond %{QUERY_STRING} transport=websocket [NC]\nRewriteRule /(.*) ws://a/$1 [P,L]',
    [],
  ],
  [
    'apache',
    'RewriteRule ^/(.*) http://a/$1 [P]\nRewriteRule ^/(.*) ws://a/$1 [P]',
    ['apache-rewrite-order'],
  ],
  ['apache', 'RewriteRule ^/pages/(.*) http://a/$1 [P]\nRewriteRule ^/(.*) ws://a/$1 [P]', []],
  [
    'apache',
    '<If "%{HTTP:Upgrade} == \'websocket\'">\nRequestHeader unset Upgrade\n</If>\nProxyPass / ws://a/',
    ['apache-header-unset'],
  ],
  [
    'haproxy',
    'frontend f\n acl ws hdr(Upgrade) WebSocket\n acl ws hdr(Upgrade) websocket\n use_backend b if ws',
    [],
  ],
  ['haproxy', 'frontend f\n use_backend b unless { hdr(Upgrade) WebSocket }', ['haproxy-acl-case']],
  ['haproxy', 'frontend f\n http-request deny if !{ hdr(Upgrade) -i websocket }', []],
  ['haproxy', 'frontend f\n http-request reject if { hdr(Upgrade) -i websocket }', ['haproxy-denied']],
  [
    'haproxy',
    'frontend f\n http-request del-header Upgrade if { hdr(Upgrade) -m found }',
    ['haproxy-header-rule'],
  ],
  ['caddy', 'a.example {\n@a not header Upgrade WebSocket\nreverse_proxy @a b:1\n}', ['caddy-matcher']],
  ['caddy', 'a.example {\n@a header_regexp Connection ^Upgrade$\nreverse_proxy @a b:1\n}', ['caddy-matcher']],
  ['caddy', 'a.example {\n@a header_regexp up Connection (?i)upgrade\nreverse_proxy @a b:1\n}', []],
  ['traefik', 'http:\n  routers:\n    a:\n      rule: "!Header(`Upgrade`, `WebSocket`)"', ['traefik-rule']],
  ['traefik', 'http:\n  routers:\n    a:\n      rule: "!Header(`Upgrade`, `h2c`)"', []],
]

test.each(forms)('%s: %s', (kind, text, codes) => {
  const before = kind === 'apache' ? 'RewriteEngine on\nProxyTimeout 3600\n' : ''
  const { findings, problems } = readProxyConfig(before + text, { kind })
  expect([problems, findings.map(({ code }) => code)]).toEqual([[], codes])
})

describe('an if of nginx', () => {
  const site = (condition: string, maps = '') =>
    `${maps}\nserver { location /ws { if (${condition}) { return 400; } proxy_pass http://a; proxy_http_version 1.1; proxy_read_timeout 1h; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; } }`

  test.each([
    ['$http_upgrade != "websocket"', []],
    ['$http_upgrade !~* websocket', []],
    ['$http_upgrade = ""', []],
    ['$http_upgrade != "WebSocket"', ['nginx-if']],
    ['$http_connection != "Upgrade"', ['nginx-if']],
    ['$http_connection !~* upgrade', []],
    ['$http_connection !~* "^upgrade$"', ['nginx-if']],
    ['$http_sec_websocket_key = ""', []],
    ['$http_origin !~ example', []],
    ['$request_method = GET', []],
    ['$request_method != GET', []],
    ['-f $request_filename', []],
  ])('(%s) that answers 400 is judged', (condition, codes) => {
    expect(readProxyConfig(site(condition)).findings.map(({ code }) => code)).toEqual(codes)
  })

  test('looks through a map', () => {
    const map = (lines: string) => `map $http_upgrade $plain { ${lines} }`
    const codes = (lines: string) =>
      readProxyConfig(site('$plain', map(lines))).findings.map(({ code }) => code)
    expect(codes('default 1; websocket 0;')).toEqual([])
    expect(codes("default 0; '' 1;")).toEqual([])
    expect(codes("default 1; '' 0;")).toEqual(['nginx-if'])
  })
})

test('a condition that is not understood is named, and nobody is accused', () => {
  const apache = `<VirtualHost *:80>\nProxyTimeout 3600\n<If "%{HTTP:Upgrade} -in {'a'} frob">\nRequestHeader unset Upgrade\n</If>\nProxyPass / ws://a/\n</VirtualHost>\n`
  expect(readProxyConfig(apache)).toMatchObject({
    findings: [],
    unread: [{ line: 4, message: expect.stringContaining('RequestHeader unset Upgrade') }],
  })
  const caddy = 'a.example {\n\t@ws expression {header.Upgrade}.matches("x")\n\treverse_proxy @ws b:1\n}\n'
  expect(readProxyConfig(caddy)).toMatchObject({ findings: [], unread: [{ line: 2 }] })
})
