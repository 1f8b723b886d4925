import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from './child.ts'
import { eventually, waitLimitMs } from './eventually.ts'

const program = '/usr/bin/redis-server'

/** Whether Debian's redis-server is here. */
export const hasRedis = existsSync(program)

/** A real Redis of a test's own, on a port that was free. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
  readonly pid: number
  /** Sends one command and gives its answer, as redis-cli prints it. */
  cli(...args: string[]): string
  signal(name: NodeJS.Signals): void
  /** Ends it by SIGKILL. */
  kill(): Promise<void>
  /** Starts it again, on the same port and with what it had written; nothing is written unless asked for. */
  start(): Promise<void>
}

export interface RedisServerOptions {
  /** Arguments of redis-server. */
  args?: string[]
  /** Lines of a configuration file; `{port}` is the port. */
  config?: string
  port?: number
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  // The port of a cluster's own bus is 10000 above.
  for (;;) {
    const server = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as net.AddressInfo
    await new Promise((resolve) => server.close(resolve))
    if (port < 55_000) return port
  }
}

export async function startRedis({
  args = [],
  config = '',
  port,
}: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-redis-'))
  const at = port ?? (await freePort())
  const file = join(folder, 'redis.conf')
  // Sentinels write into theirs.
  writeFileSync(
    file,
    `port ${at}\nbind 127.0.0.1\ndir ${folder}\nsave ""\n${config.replaceAll('{port}', String(at))}\n`,
  )
  let child: Child | undefined
  const cli = (...command: string[]) =>
    spawnSync('redis-cli', ['-p', String(at), ...command], {
      encoding: 'utf8',
      timeout: waitLimitMs,
    }).stdout.trim()
  const start = async () => {
    child = new Child(program, [file, ...args])
    const started = child
    await eventually(
      `redis-server on ${at}`,
      () => {
        if (started.exit) throw new Error(started.describe())
        return /PONG|NOAUTH|LOADING/.test(cli('PING'))
      },
      { detail: () => started.describe() },
    )
  }
  await start()
  return {
    port: at,
    get pid() {
      return child?.pid ?? 0
    },
    cli,
    signal: (name) => child?.signal(name),
    async kill() {
      await child?.[Symbol.asyncDispose]()
    },
    start,
    async [Symbol.asyncDispose]() {
      await child?.[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
