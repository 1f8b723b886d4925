import { describe, expect, test } from 'vitest'
import { readProxyConfig } from '../../src/config/index.ts'

const codesOf = (text: string) => readProxyConfig(text, { kind: 'apache' }).findings.map(({ code }) => code)

describe('the reader of Apache', () => {
  const site = (lines: string) =>
    `<VirtualHost *:80>\n${/timeout/i.test(lines) ? '' : 'ProxyTimeout 3600\n'}${lines}\n</VirtualHost>\n`

  test.each([
    [
      '<Location /ws>\nProxyPass ws://a/ws\n</Location>\n<Location />\nProxyPass http://a/\n</Location>',
      ['apache-order'],
    ],
    ['<Location />\nProxyPass http://a/\n</Location>\n<Location /ws>\nProxyPass ws://a/ws\n</Location>', []],
    ['ProxyPass / http://a/\n<Location /ws>\nProxyPass ws://a/ws\n</Location>', []],
    ['ProxyPass /ws !\nProxyPass /ws ws://a/ws', ['apache-order']],
    ['<Proxy http://a>\nProxySet upgrade=websocket\n</Proxy>\nProxyPass / http://a/', []],
    ['ProxyPass / http://a', ['apache-no-upgrade', 'apache-path-slash']],
    ['Timeout 15\nProxyTimeout 120\nProxyPass / http://a/ upgrade=websocket', []],
    ['ProxyTimeout 5\nProxyPass / http://a/ upgrade=websocket', ['apache-default-timeout']],
    ['Timeout 15\nProxyPass / http://a/ upgrade=websocket timeout=90', []],
    ['<Proxy http://a>\nProxySet timeout=600 upgrade=websocket\n</Proxy>\nProxyPass / http://a/', []],
    ['<Proxy http://b>\nProxySet timeout=600\n</Proxy>\nProxyPass / ws://a/', ['apache-default-timeout']],
    ['<Proxy *>\nProxySet timeout=600\n</Proxy>\nProxyPass / ws://a/', []],
    [
      'RequestHeader unset Upgrade "expr=%{REQUEST_URI} =~ m#x#"\nProxyPass / http://a/ upgrade=websocket',
      [],
    ],
  ])('judges %j as Apache behaves', (lines, codes) => {
    expect(codesOf(site(lines))).toEqual(codes)
  })

  test('takes RewriteEngine of the main server for a virtual host that says nothing', () => {
    const rule = 'RewriteCond %{HTTP:Upgrade} =WebSocket [NC]\nRewriteRule ^/(.*) ws://a/$1 [P]'
    expect(codesOf(`RewriteEngine On\n${site(rule)}`)).toEqual([])
    expect(codesOf(site(rule))).toEqual(['apache-rewrite-off'])
  })
})
