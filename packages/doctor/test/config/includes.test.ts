import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readAmong } from '../../src/config/among.ts'
import { readFromDisk } from '../../src/config/files.ts'
import { readProxyConfig } from '../../src/config/index.ts'

describe('what nginx -T prints', () => {
  const dump = `nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
# configuration file /etc/nginx/nginx.conf:
events {}
http {
    include mime.types;
    include /etc/nginx/conf.d/*.conf;
}

# configuration file /etc/nginx/mime.types:
types { text/html html; }

# configuration file /etc/nginx/conf.d/app.conf:
server {
    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 5s;
    }
}
`

  test('is taken apart, and findings name the file and its line', () => {
    const { findings, problems, kinds } = readProxyConfig(dump)
    expect([problems, kinds]).toEqual([[], ['nginx']])
    expect(findings).toMatchObject([
      { code: 'nginx-read-timeout', level: 'error', where: { file: '/etc/nginx/conf.d/app.conf', line: 7 } },
    ])
  })
})

describe('includes on disk', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'doctor-includes-'))
    mkdirSync(join(folder, 'sites-enabled'))
    mkdirSync(join(folder, 'sites-enabled', 'a-folder'))
    writeFileSync(join(folder, 'sites-enabled', 'b'), 'b')
    writeFileSync(join(folder, 'sites-enabled', 'a'), 'a')
    writeFileSync(join(folder, 'sites-enabled', '.hidden'), 'c')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('are found by wildcards, in order, without folders and hidden files', () => {
    expect(readFromDisk()(`${folder}/sites-*/*`).map(({ text }) => text)).toEqual(['a', 'b'])
    expect(readFromDisk()(`${folder}/sites-enabled/[b-z]`).map(({ text }) => text)).toEqual(['b'])
    expect(readFromDisk()(`${folder}/sites-enabled/?`)).toHaveLength(2)
    expect(readFromDisk()(`${folder}/nothing`)).toEqual([])
  })

  test('and among given files mean the same', () => {
    const files = ['/a/b.conf', '/a/c/d.conf', '/a/e.txt'].map((path) => ({ path, text: '' }))
    expect(readAmong(files)('/a/*.conf').map(({ path }) => path)).toEqual(['/a/b.conf'])
    expect(readAmong(files)('/a/*/d.conf')).toHaveLength(1)
  })

  test('that are not there are a problem, unless they have wildcards', () => {
    const text = 'events {}\nhttp {\n  include gone.conf;\n  include gone/*.conf;\n}\n'
    expect(readProxyConfig(text, { read: readFromDisk() }).problems).toEqual([
      { file: '-', line: 3, message: 'include gone.conf could not be followed: no such file' },
    ])
    expect(readProxyConfig(text).problems).toHaveLength(2)
  })

  test('that are given beside the main file are not read twice', () => {
    const files = [
      { path: 'conf.d/app.conf', text: 'server { location /ws { proxy_pass http://a; } }' },
      {
        path: 'nginx.conf',
        text: 'http {\n proxy_http_version 1.1;\n proxy_read_timeout 1h;\n proxy_set_header Upgrade $http_upgrade;\n proxy_set_header Connection upgrade;\n include conf.d/*.conf;\n}',
      },
    ]
    expect(readProxyConfig(files)).toMatchObject({ findings: [], problems: [] })
  })

  test('that lead back to themselves are a problem', () => {
    const files = [
      { path: '/a', text: 'include /b;' },
      { path: '/b', text: 'include /a;' },
    ]
    const { problems } = readProxyConfig('include /a;', { kind: 'nginx', read: readAmong(files) })
    expect(problems).toEqual([{ file: '/b', line: 1, message: 'include /a leads back to itself' }])
  })
})
