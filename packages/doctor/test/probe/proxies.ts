import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child, eventually } from '@holdfast/testing'

/** A proxy that listens, in a process and a folder of its own. */
export interface RunningProxy extends AsyncDisposable {
  readonly url: string
}

const programs = { nginx: '/usr/sbin/nginx', haproxy: 'haproxy', caddy: 'caddy', apache: '/usr/sbin/apache2' }

export type Program = keyof typeof programs

/** Whether a program is not on this machine. */
export function missing(program: Program): boolean {
  const ask = program === 'caddy' ? 'version' : '-v'
  return spawnSync(programs[program], [ask], { stdio: 'ignore' }).error !== undefined
}

/** nginx with this in its only server; `ssl` makes it one for TLS. */
export function nginx(inServer: string, ssl: 'ssl' | '' = ''): Promise<RunningProxy> {
  return start('nginx', (folder, address) => ({
    config: `daemon off; master_process off; pid ${folder}/pid; error_log stderr error;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
  uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  server { listen ${address} ${ssl}; ${inServer} }
}
`,
    args: (file) => ['-p', folder, '-c', file],
  }))
}

/** What nginx needs to pass WebSockets on to a server. */
export function nginxPass(upstream: string, more = ''): string {
  return `location / {
  proxy_pass ${upstream.replace('ws:', 'http:')}; proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_set_header Host $host;
  ${more}
}`
}

/** HAProxy in front of a server. */
export function haproxy(upstream: string, defaults: string): Promise<RunningProxy> {
  return start('haproxy', (_, address) => ({
    config: `defaults
  mode http
  timeout connect 2s
  timeout client 20s
  timeout server 20s
  ${defaults}
frontend in
  bind ${address}
  default_backend app
backend app
  server app ${new URL(upstream).host}
`,
    args: (file) => ['-db', '-f', file],
  }))
}

/** Caddy with these directives in its only site, which is that of its address or of every host. */
export function caddy(directives: string, hosts: 'own' | 'every' = 'own'): Promise<RunningProxy> {
  return start('caddy', (folder, address) => ({
    config: `{
  admin off
  auto_https off
  storage file_system ${folder}
}
http://${hosts === 'own' ? address : `:${port}`} {
  bind ${address.split(':')[0]}
  ${directives}
}
`,
    args: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
    env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
  }))
}

export const apacheModules = '/usr/lib/apache2/modules'

/** Apache with these modules beyond mod_proxy, and these directives. */
export function apache(modules: readonly string[], directives: string): Promise<RunningProxy> {
  const all = ['mpm_event', 'authz_core', 'proxy', ...modules]
  return start('apache', (folder, address) => ({
    config: `ServerRoot ${folder}
ServerName 127.0.0.1
PidFile ${folder}/pid
DefaultRuntimeDir ${folder}
Mutex file:${folder}
ErrorLog ${folder}/error.log
Listen ${address}
${all.map((name) => `LoadModule ${name}_module ${apacheModules}/mod_${name}.so`).join('\n')}
${directives}
`,
    // One process, which is the one that the test ends.
    args: (file) => ['-X', '-d', folder, '-f', file],
  }))
}

/** A configuration that a proxy is started with. */
export interface Setup {
  config: string
  args(file: string): string[]
  env?: Record<string, string>
}

/** Below the ports that the system gives to connections and to servers that let it choose. */
const port = 20_000 + (process.pid % 10_000)
let started = 0

/** Proxies cannot let the system choose their port, so each has a loopback address of its own. */
function ownAddress(): string {
  started += 1
  return `127.${64 + (process.pid % 128)}.${started >> 8}.${started & 255}`
}

/** Starts a proxy with a folder of its own, at an address of its own. */
export async function start(
  program: Program,
  setUp: (folder: string, address: string) => Setup,
): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), `holdfast-${program}-`))
  const host = ownAddress()
  const { config, args, env } = setUp(folder, `${host}:${port}`)
  const file = join(folder, 'config')
  writeFileSync(file, config)
  const child = new Child(programs[program], args(file), env)
  const dispose = async () => {
    await child[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await eventually(`${program} to listen`, () => listens(host, child), {
      detail: () => child.describe(),
    })
  } catch (error) {
    await dispose()
    throw error
  }
  return { url: `ws://${host}:${port}`, [Symbol.asyncDispose]: dispose }
}

function listens(host: string, child: Child): Promise<boolean> {
  if (child.exit) throw new Error(`the proxy ended: ${child.describe()}`)
  return new Promise((resolve) => {
    const socket = net.connect(port, host, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
