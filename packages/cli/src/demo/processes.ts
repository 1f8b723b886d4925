// The processes of the demo: each is ended with the demo, however that ends.
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Failure } from '../output.ts'
import type { BackendKind } from './backend.ts'

/** Milliseconds that a process has to start. */
const startLimit = 10_000

export class Processes implements AsyncDisposable {
  readonly #children = new Set<ChildProcess>()
  #folder: string | undefined

  async backend(kind: BackendKind): Promise<{ port: number; process: ChildProcess }> {
    const child = this.#keep(fork(fileURLToPath(new URL('./backend.js', import.meta.url)), [kind]))
    const [said] = await within(once(child, 'message'), `the ${kind} backend`)
    return { port: (said as { port: number }).port, process: child }
  }

  /** `holdfast serve` on this configuration, as a user would start it. */
  async gateway(config: object): Promise<{ port: number; process: ChildProcess }> {
    const file = await this.#file('holdfast.json', JSON.stringify(config))
    const main = fileURLToPath(new URL('../main.js', import.meta.url))
    const args = [main, 'serve', '-c', file, '--log-level', 'fatal']
    const child = this.#keep(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] }))
    const [line] = await within(once(createInterface(child.stdout!), 'line'), 'the gateway')
    const port = Number(/:(\d+)/.exec(String(line).replace(/^.*?\/\//, ''))?.[1])
    return { port, process: child }
  }

  /** nginx with the usual WebSocket settings; undefined where it is not installed. */
  async nginx(locations: string): Promise<{ port: number; process: ChildProcess } | undefined> {
    const path = ['/usr/sbin/nginx', 'nginx'].find((name) => spawnSync(name, ['-v']).status === 0)
    if (!path) return undefined
    const port = await freePort()
    const folder = await this.#ownFolder()
    const file = await this.#file('nginx.conf', nginxConf(folder, port, locations))
    const args = ['-c', file, '-p', folder, '-e', join(folder, 'error.log')]
    const child = this.#keep(spawn(path, args, { stdio: 'ignore' }))
    await within(listening(port), 'nginx')
    return { port, process: child }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const alive = [...this.#children].filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    )
    const ended = alive.map((child) => once(child, 'exit'))
    for (const child of alive) child.kill('SIGKILL')
    await Promise.all(ended)
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true })
  }

  #keep(child: ChildProcess): ChildProcess {
    this.#children.add(child)
    child.on('error', () => {})
    return child
  }

  async #ownFolder(): Promise<string> {
    this.#folder ??= await mkdtemp(join(tmpdir(), 'holdfast-demo-'))
    return this.#folder
  }

  async #file(name: string, text: string): Promise<string> {
    const path = join(await this.#ownFolder(), name)
    await writeFile(path, text)
    return path
  }
}

function nginxConf(folder: string, port: number, locations: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  )
  return `daemon off; master_process on; worker_processes 1; user root; pid ${join(folder, 'nginx.pid')};
worker_shutdown_timeout 2s;
events {}
http {
  access_log off;
  ${temporary.join(' ')}
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection upgrade;
  server {
    listen 127.0.0.1:${port};
    ${locations}
  }
}
`
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = net.connect(port, '127.0.0.1')
    const connected = await new Promise((resolve) => {
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    })
    socket.destroy()
    if (connected) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Failure(1, `${what} did not start`)), startLimit)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
