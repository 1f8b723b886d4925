// Starts what stands between the demo's clients and their end: backends, the gateway, nginx.
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RestartOptions } from '@holdfast/restart'
import { freePort, untilListening } from './ports.ts'
import type { Processes, Running } from './processes.ts'

/** A process that listens. */
export interface Listening extends Running {
  readonly port: number
}

/** An echo server: with the restart helper if it gets its options, else one that says a bare 1012 on SIGTERM. */
export async function startBackend(
  processes: Processes,
  { name = 'a backend', port, restart }: { name?: string; port?: number; restart?: RestartOptions } = {},
): Promise<Listening> {
  const at = port ?? (await freePort())
  const args = [String(at), ...(restart ? [JSON.stringify(restart)] : [])]
  return { port: at, ...(await processes.script(name, new URL('./backend.js', import.meta.url), args)) }
}

/** `holdfast serve` with this configuration, and more listeners than its own. */
export async function startGateway(
  processes: Processes,
  config: object,
  port?: number,
  more: object[] = [],
): Promise<Listening & { admin?: string }> {
  const at = port ?? (await freePort())
  const file = join(processes.folder(), `gateway-${at}.json`)
  await writeFile(file, JSON.stringify({ listen: [`127.0.0.1:${at}`, ...more], ...config }, null, 2))
  const args = ['serve', '-c', file, '--log-level', 'fatal']
  const running = await processes.script('the gateway', new URL('./gateway.js', import.meta.url), args)
  return { port: at, admin: /admin (http:\S+)\)/.exec(running.said)?.[1], ...running }
}

/** nginx with the usual WebSocket settings, one `location` for each entry; undefined where it is not installed. */
export async function startNginx(
  processes: Processes,
  upstreams: Record<string, number>,
): Promise<Listening | undefined> {
  const path = ['nginx', '/usr/sbin/nginx'].find((name) => spawnSync(name, ['-v']).status === 0)
  if (!path) return undefined
  const port = await freePort()
  const folder = processes.folder()
  const file = join(folder, 'nginx.conf')
  await writeFile(file, nginxConfig(folder, port, upstreams))
  const args = ['-c', file, '-p', folder]
  const running = await processes.program('nginx', path, args, (signal) => untilListening(port, true, signal))
  return { port, ...running }
}

/** Seconds that nginx leaves its clients after `quit`. */
export const nginxShutdown = 2

function nginxConfig(folder: string, port: number, upstreams: Record<string, number>): string {
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${join(folder, name)};\n`,
  )
  const locations = Object.entries(upstreams).map(
    ([path, to]) => `    location ${path} { proxy_pass http://127.0.0.1:${to}; }\n`,
  )
  return `daemon off;
worker_processes 1;
worker_shutdown_timeout ${nginxShutdown}s;
pid ${join(folder, 'nginx.pid')};
error_log stderr crit;
events {}
http {
  access_log off;
${scratch.join('')}  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection upgrade;
  server {
    listen 127.0.0.1:${port};
${locations.join('')}  }
}
`
}
