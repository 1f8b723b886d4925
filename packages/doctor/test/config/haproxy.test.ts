import { describe, expect, test } from 'vitest'
import { readProxyConfig } from '../../src/config/index.ts'

const codesOf = (text: string) => readProxyConfig(text).findings.map(({ code }) => code)

describe('the reader of HAProxy', () => {
  const frontend = (line: string) =>
    `defaults\n mode http\n timeout tunnel 1h\nfrontend f\n ${line}\n default_backend b\nbackend b\n server s a:1\n`

  test.each([
    ['acl w hdr(Upgrade) -i WebSocket', []],
    ['acl w hdr(upgrade) websocket', []],
    ['acl w hdr(Connection) -m sub -i upgrade', []],
    ['acl w hdr(Upgrade) -m found', []],
    ['use_backend b if { hdr(Upgrade) -i WebSocket }', []],
    ['use_backend b if { req.hdr(Upgrade) WEBSOCKET }', ['haproxy-acl-case']],
    ['acl w hdr_beg(Connection) upgrade', ['haproxy-acl-case']],
    ['http-request del-header Upgrade', ['haproxy-header-rule']],
    ['http-request del-header Upgrade if { path /x }', []],
    ['http-request set-header Connection Upgrade', []],
    ['http-response del-header Sec-WebSocket-Accept', ['haproxy-header-rule']],
  ])('judges %s', (line, codes) => {
    expect(codesOf(frontend(line))).toEqual(codes)
  })

  test('takes what a section does not say from its defaults, by name too', () => {
    const text =
      'defaults a\n timeout tunnel 5s\ndefaults b\n timeout tunnel 1h\nlisten ws from a\n server s a:1\n'
    expect(codesOf(text)).toEqual(['haproxy-tunnel-timeout'])
    expect(codesOf(text.replace('from a', ''))).toEqual([])
  })
})
