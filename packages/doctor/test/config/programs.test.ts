import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FixtureKind, fixtures } from './fixtures.ts'

/** Fixtures whose fault is that the program refuses them, with what it says. */
const refused: Readonly<Record<string, RegExp>> = {
  'nginx-map-missing': /unknown "connection_upgrade" variable/,
  'nginx-scheme': /invalid URL prefix/,
  'caddy-upstream-path': /only support scheme, host, and port/,
  'caddy-v1': /unrecognized directive: gzip/,
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-fixtures-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(program: string, args: string[]): { status: number | null; output: string } {
  const env = { PATH: process.env.PATH, HOME: folder, APACHE_LOG_DIR: folder }
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 20_000, env })
  return { status, output: stdout + stderr }
}

function of(kind: FixtureKind) {
  return fixtures.filter((fixture) => fixture.kind === kind)
}

function check(name: string, { status, output }: { status: number | null; output: string }): void {
  const expected = refused[name]
  if (expected) {
    expect(output).toMatch(expected)
    expect(status).not.toBe(0)
  } else {
    expect(status, output).toBe(0)
  }
}

const nginx = '/usr/sbin/nginx'
describe.runIf(existsSync(nginx))('nginx -t', () => {
  test.for(of('nginx'))('takes $name', ({ name, path, text }, { skip }) => {
    let file = path
    if (!/^\s*events\b/m.test(text)) {
      // A file for conf.d: it needs a whole configuration around it.
      file = join(folder, `${name}.conf`)
      writeFileSync(file, `events {}\nhttp {\ninclude ${path};\n}\n`)
    }
    const errors = join(folder, 'error.log')
    const result = run(nginx, ['-t', '-p', folder, '-e', errors, '-c', file, '-g', `pid ${folder}/pid;`])
    skip(/ngx_stream_module\.so.*No such file/.test(result.output), 'the stream module is not installed')
    skip(/Permission denied/.test(result.output), 'nginx -t needs folders of its own')
    check(name, result)
  })
})

const haproxy = '/usr/sbin/haproxy'
describe.runIf(existsSync(haproxy))('haproxy -c', () => {
  test.for(of('haproxy'))('takes $name', ({ name, path }) => {
    check(name, run(haproxy, ['-c', '-f', path]))
  })
})

const caddy = '/usr/bin/caddy'
describe.runIf(existsSync(caddy))('caddy adapt', () => {
  test.for(of('caddy'))('takes $name', ({ name, path }, { skip }) => {
    const result = path.endsWith('.json')
      ? run(caddy, ['validate', '--config', path])
      : run(caddy, ['adapt', '--adapter', 'caddyfile', '--config', path])
    skip(/(?:subdirective|field)\s*\\?"?stream_/.test(result.output), 'Caddy has stream_timeout since 2.7')
    check(name, result)
  })
})

const apache = '/usr/sbin/apache2'
const modules = '/usr/lib/apache2/modules'
describe.runIf(existsSync(apache))('apache2 -t', () => {
  const names =
    'mpm_event authz_core authz_host proxy proxy_http proxy_wstunnel proxy_balancer slotmem_shm lbmethod_byrequests rewrite headers setenvif env alias socache_shmcb ssl'
  test.for(of('apache'))('takes $name', ({ name, path }) => {
    const loads = names.split(' ').map((one) => `LoadModule ${one}_module ${modules}/mod_${one}.so`)
    const site = join(folder, `${name}.conf`)
    // A whole configuration brings its own root and modules, from where other systems keep them.
    const text = readFileSync(path, 'utf8').replace(/^(?:ServerRoot|LoadModule) .*$/gm, '')
    writeFileSync(site, text)
    const file = join(folder, `${name}.main.conf`)
    writeFileSync(file, [...loads, 'ServerName localhost', `Include ${site}`, ''].join('\n'))
    mkdirSync(join(folder, 'logs'), { recursive: true })
    check(name, run(apache, ['-t', '-d', folder, '-f', file]))
  })
})
