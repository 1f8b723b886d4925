import { describe, expect, test } from 'vitest'
import { readProxyConfig } from '../../src/config/index.ts'

describe('the trees of YAML and TOML', () => {
  test('know the lines of TOML in tables, lists of tables and dotted keys', () => {
    const text = `# traefik
[http.services.a.loadBalancer]
  passHostHeader = false
[[http.services.a.loadBalancer.servers]]
  url = "http://a"
[[http.services.a.loadBalancer.servers]]
  url = "ws://b"
[http.middlewares]
  m.headers.customRequestHeaders.Upgrade = ""
  [http.middlewares."n".headers.customRequestHeaders]
    "Connection" = "close"
`
    const { findings } = readProxyConfig([{ path: 'dynamic.toml', text }])
    const lines = findings.map(({ code, where }) => [code, where && 'line' in where && where.line])
    expect(lines).toEqual([
      ['traefik-pass-host', 3],
      ['traefik-scheme', 7],
      ['traefik-headers', 9],
      ['traefik-headers', 11],
    ])
  })

  test('follow aliases and merge keys, and several documents', () => {
    const text = `http:
  services:
    a: &a
      loadBalancer: { servers: [{ url: "ws://a" }] }
    b:
      <<: *a
---
http:
  services:
    c: { loadBalancer: { servers: [{ url: "wss://c" }] } }
`
    const { findings, problems } = readProxyConfig(text, { kind: 'traefik' })
    expect(problems).toEqual([])
    expect(findings.map(({ where }) => where && 'line' in where && where.line)).toEqual([4, 10])
  })
})
