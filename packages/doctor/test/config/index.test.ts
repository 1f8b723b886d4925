import { describe, expect, test } from 'vitest'
import { readProxyConfig } from '../../src/config/index.ts'
import { configKinds, kindOf } from '../../src/config/kinds.ts'
import { fixtures } from './fixtures.ts'

describe('the kind of a configuration', () => {
  test.each(fixtures)('is seen in the content of $kind/$name', ({ kind, text }) => {
    const expected = kind === 'ingress' || kind === 'gateway-api' ? 'kubernetes' : kind
    expect(kindOf({ path: '-', text })).toBe(expected)
  })

  test('is seen in the name where the content tells nothing', () => {
    expect(kindOf({ path: '/etc/caddy/Caddyfile', text: 'x' })).toBe('caddy')
    expect(kindOf({ path: 'haproxy.cfg', text: '' })).toBe('haproxy')
    expect(kindOf({ path: 'some.conf', text: 'x' })).toBeUndefined()
  })

  test('that nobody knows is a problem that names the kinds', () => {
    const { problems } = readProxyConfig('hello')
    expect(problems).toEqual([{ file: '-', line: 1, message: expect.stringContaining('nginx, haproxy') }])
    expect(readProxyConfig('services:\n  web: {}\n').problems[0]?.message).toContain('Compose')
    expect(readProxyConfig('').problems[0]?.message).toBe('empty')
    expect(readProxyConfig('a\0b', { kind: 'nginx' }).problems[0]?.message).toBe('not a text')
  })
})

describe('a broken file', () => {
  const broken = [
    ['nginx', 'http {\n  server {\n    listen 80\n  }\n}\n', 3, 'has no ";"'],
    ['nginx', 'http {\n  server {\n    listen 80;\n', 2, 'has no "}"'],
    ['nginx', 'events {}\n}\n', 2, 'unexpected "}"'],
    ['nginx', 'a "b;\n', 1, 'a quote is not closed'],
    ['nginx', `${'a {'.repeat(200)}`, 1, 'nested deeper than 100 levels'],
    ['haproxy', 'mode http\nfrontend a\n', 1, 'stands in no section'],
    ['haproxy', 'frontend a\n  bind "x\n', 2, 'a quote is not closed'],
    ['caddy', 'example.com {\n  reverse_proxy a:1 {\n}\n', 1, 'has no "}"'],
    ['caddy', 'example.com {\n}\n}\n', 3, 'unexpected "}"'],
    ['caddy', 'example.com {\n  respond `a\n}\n', 2, 'a quote is not closed'],
    ['caddy', 'example.com {\n  respond <<END\n  a\n}\n', 2, 'has no end'],
    ['apache', '<VirtualHost *:80>\nProxyPass / http://a/\n', 1, 'has no </virtualhost>'],
    ['apache', '<IfModule a>\n</VirtualHost>\n', 2, '</ifmodule> expected'],
    ['apache', 'Listen 80\n<VirtualHost *\n', 2, 'has no ">"'],
    ['apache', 'Listen 80\n{ }\n', 2, 'is no directive'],
    ['traefik', 'http:\n  routers: [\n', 3, 'not readable as YAML'],
    ['traefik', '[http]\na = \n', 2, 'not readable as TOML'],
    ['traefik', 'frontends:\n  a: {}\n', 1, 'Traefik 1'],
    ['envoy', 'static_resources:\n\tlisteners: []\n', 2, 'not readable as YAML'],
    ['envoy', `a: ${'['.repeat(500)}\n`, 1, 'nested deeper than 100 levels'],
    ['kubernetes', 'apiVersion: v1\nkind: *nothing\n', 2, 'an alias of nothing'],
    ['kubernetes', 'apiVersion: v1\nkind: {{ .Values.kind }}\n', 2, 'helm template'],
  ] as const

  test.each(broken)('of %s, %j, is a problem in line %i', (kind, text, line, words) => {
    const { problems } = readProxyConfig(text, { kind })
    expect(problems[0]).toEqual({ file: '-', line, message: expect.stringContaining(words) })
  })

  test('that repeats itself by aliases is stopped', () => {
    const rows = Array.from(
      { length: 30 },
      (_, row) => `a${row}: &a${row} [${row ? `*a${row - 1}, *a${row - 1}` : 'x'}]`,
    )
    const { problems } = readProxyConfig(rows.join('\n'), { kind: 'envoy' })
    expect(problems[0]?.message).toBe('more than 100000 values')
  })

  test('of several megabytes is refused', () => {
    expect(readProxyConfig('a'.repeat(5_000_000), { kind: 'nginx' }).problems[0]?.message).toContain('MiB')
  })

  test.each(configKinds)('of %s with a quoted word of two megabytes is survived', (kind) => {
    const text = `a "${'x\\"'.repeat(600_000)}" '${'y'.repeat(600_000)}';\n`
    expect(() => readProxyConfig(text, { kind })).not.toThrow()
  })

  test('with other ends of lines has the same lines', () => {
    const { findings } = readProxyConfig(
      '\uFEFFserver {\r\n  listen 80;\r\n  location /ws { proxy_pass ws://a; }\r\n}\r\n',
    )
    expect(findings[0]).toMatchObject({ code: 'nginx-scheme', where: { line: 3 } })
  })
})
