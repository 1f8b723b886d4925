import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { waitLimitMs } from '@holdfast/testing'
import type { FixtureKind } from './fixtures.ts'

/** What a program says of a configuration, or why it was not asked. */
export type Verdict = { status: number | null; output: string } | { skipped: string }

/** Asks the real programs whether they take a configuration. */
export class Programs {
  readonly #folder = mkdtempSync(join(tmpdir(), 'doctor-programs-'))

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** The verdict on a text; `path` is where it stands, for includes beside it. */
  verdict(kind: FixtureKind, path: string, text: string): Verdict {
    if (kind === 'nginx') return this.#nginx(path, text)
    if (kind === 'haproxy') return this.#haproxy(text)
    if (kind === 'caddy') return this.#caddy(path, text)
    if (kind === 'apache') return this.#apache(text)
    return { skipped: 'there is no program to ask' }
  }

  #run(program: string, args: string[]): Verdict {
    if (!existsSync(program)) return { skipped: `${program} is not on this machine` }
    const env = { PATH: process.env.PATH, HOME: this.#folder, APACHE_LOG_DIR: this.#folder }
    const { status, stdout, stderr } = spawnSync(program, args, {
      encoding: 'utf8',
      timeout: waitLimitMs,
      env,
    })
    return { status, output: stdout + stderr }
  }

  #write(name: string, text: string): string {
    const file = join(this.#folder, name)
    writeFileSync(file, text)
    return file
  }

  #nginx(path: string, text: string): Verdict {
    // What is included stands beside a fixture of several files; one for conf.d needs a whole configuration around it.
    if (basename(path) === 'nginx.conf') cpSync(dirname(path), this.#folder, { recursive: true })
    const whole = /^\s*events\b/m.test(text) ? text : `events {}\nhttp {\n${text}\n}\n`
    const file = this.#write('nginx.conf', whole)
    const errors = join(this.#folder, 'error.log')
    const own = ['-p', this.#folder, '-e', errors, '-c', file, '-g', `pid ${this.#folder}/pid;`]
    const verdict = this.#run('/usr/sbin/nginx', ['-t', ...own])
    if ('skipped' in verdict) return verdict
    if (/ngx_stream_module\.so.*No such file/.test(verdict.output))
      return { skipped: 'the stream module is not installed' }
    return /Permission denied/.test(verdict.output)
      ? { skipped: 'nginx -t needs folders of its own' }
      : verdict
  }

  #haproxy(text: string): Verdict {
    return this.#run('/usr/sbin/haproxy', ['-c', '-f', this.#write('haproxy.cfg', text)])
  }

  #caddy(path: string, text: string): Verdict {
    const json = path.endsWith('.json')
    const file = this.#write(json ? 'caddy.json' : 'Caddyfile', text)
    const ask = json ? ['validate'] : ['adapt', '--adapter', 'caddyfile']
    const verdict = this.#run('/usr/bin/caddy', [...ask, '--config', file])
    if ('skipped' in verdict) return verdict
    const old = /(?:subdirective|field)\s*\\?"?stream_/.test(verdict.output)
    return old ? { skipped: 'Caddy has stream_timeout since 2.7' } : verdict
  }

  #apache(text: string): Verdict {
    const modules = '/usr/lib/apache2/modules'
    const names =
      'mpm_event authz_core authz_host proxy proxy_http proxy_wstunnel proxy_balancer slotmem_shm lbmethod_byrequests rewrite headers setenvif env alias socache_shmcb ssl'
    const loads = names.split(' ').map((one) => `LoadModule ${one}_module ${modules}/mod_${one}.so`)
    // A whole configuration brings its own root and modules, from where other systems keep them.
    const site = this.#write('site.conf', text.replace(/^(?:ServerRoot|LoadModule) .*$/gm, ''))
    const file = this.#write(
      'main.conf',
      [...loads, 'ServerName localhost', `Include ${site}`, ''].join('\n'),
    )
    mkdirSync(join(this.#folder, 'logs'), { recursive: true })
    return this.#run('/usr/sbin/apache2', ['-t', '-d', this.#folder, '-f', file])
  }
}
