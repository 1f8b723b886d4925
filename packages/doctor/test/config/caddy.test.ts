import { describe, expect, test } from 'vitest'
import { readProxyConfig } from '../../src/config/index.ts'

const codesOf = (text: string) => readProxyConfig(text).findings.map(({ code }) => code)

describe('the reader of Caddy', () => {
  test('follows snippets with arguments, and reads heredocs and several lines as one', () => {
    const text = `(proxy) {
  reverse_proxy {args[0]} {
    transport http {
      read_timeout {args[1]}
    }
  }
}
example.com {
  respond /robots.txt <<TXT
    reverse_proxy nothing {
    TXT 200
  header X-A \\
    "b"
  import proxy localhost:3000 3s
}
`
    const { findings, problems } = readProxyConfig(text)
    expect(problems).toEqual([])
    expect(findings).toMatchObject([
      { code: 'caddy-read-timeout', args: { timeout: '3s' }, where: { line: 4 } },
    ])
  })

  test.each([
    ['rewrite * /index.html', '/ws*', ['caddy-rewritten-first']],
    ['rewrite /old /index.html', '/ws*', []],
    ['rewrite * /ws{uri}', '/ws*', []],
    ['uri strip_prefix /ws', '/ws/*', ['caddy-rewritten-first']],
    ['uri strip_prefix /api', '/ws/*', []],
    ['try_files {path} =404', '/ws', []],
    ['redir https://example.org{uri}', '/ws', ['caddy-rewritten-first']],
  ])('knows that with %s a proxy of %s is reached or not', (line, path, codes) => {
    expect(codesOf(`example.com {\n${line}\nreverse_proxy ${path} localhost:3000\n}\n`)).toEqual(codes)
  })

  test('looks at the order of lines only in a route', () => {
    const route = (lines: string) => `example.com {\nroute {\n${lines}\n}\n}\n`
    expect(codesOf(route('reverse_proxy /ws a:1\nrewrite * /index.html'))).toEqual([])
    expect(codesOf(route('rewrite * /index.html\nreverse_proxy /ws a:1'))).toEqual(['caddy-rewritten-first'])
  })
})
