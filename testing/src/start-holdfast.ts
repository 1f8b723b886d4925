import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child, type Exit } from './child.ts'
import { awaitedLater, waitLimitMs } from './eventually.ts'
import { type LogLine, parseLogLine } from './log-line.ts'
import { childrenOf, rssOf } from './proc.ts'
import { holdfastMain } from './run-holdfast.ts'
import { runtime } from './runtime.ts'

export interface HoldfastOptions {
  /** Written to a file and given as `-c`: an object as JSON, a string as it is (YAML). */
  config?: object | string
  /** Arguments after `serve` (and `-c FILE`). */
  args?: string[]
  env?: Record<string, string | undefined>
  /** The command's main file. Default: that of the build. */
  main?: string
  /** How many files each of its processes may have open. */
  openFiles?: number
  /** Pid of a process in whose network namespace it runs. */
  inNetworkOf?: number
  /** A descriptor that the log goes to; `log` is empty then. */
  stderr?: number
  /** Milliseconds that the start may take. Default: that of `eventually`. */
  limit?: number
}

/** A running `holdfast serve`. */
export interface Holdfast extends AsyncDisposable {
  /** Where it listens, as it said itself: ws://…, wss://…. */
  readonly urls: string[]
  /** The first of them. */
  readonly url: string
  /** The admin API's base URL, or `unix:/path`; undefined when it is off. */
  readonly admin: string | undefined
  /** The supervisor's. */
  readonly pid: number
  /** The file that was given as `-c`. */
  readonly configFile: string | undefined
  /** The log so far; lines that are no JSON have level 0. */
  readonly log: LogLine[]
  readonly stdout: readonly string[]
  readonly exited: Promise<Exit>
  /** Overwrites the configuration file; SIGHUP or `reload` makes it count. */
  writeConfig(config: object | string): void
  waitForLog(what: string, find: (line: LogLine) => boolean, limit?: number): Promise<LogLine>
  signal(name: NodeJS.Signals): void
  /** Pids of the workers that are alive; empty where there is one process. */
  workers(): number[]
  /** Bytes of memory of the supervisor and of each worker. */
  rss(): { supervisor: number; workers: number[]; total: number }
  /** A request to the admin API, with the JSON of its answer. */
  api(path: string, init?: RequestInit): Promise<{ status: number; body: unknown }>
}

/**
 * Starts `holdfast serve` from the build, on the runtime under test, and waits until it listens.
 * Ports that neither `config` (as an object) nor `args` names are chosen by the system.
 */
export async function startHoldfast(options: HoldfastOptions = {}): Promise<Holdfast> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  const configFile = options.config === undefined ? undefined : join(folder, 'holdfast.yaml')
  if (configFile) writeConfig(configFile, options.config!)
  const command = [
    ...(options.inNetworkOf ? networkOf(options.inNetworkOf) : []),
    ...(options.openFiles ? ['prlimit', `--nofile=${options.openFiles}:${options.openFiles}`] : []),
    runtime().path,
    options.main ?? holdfastMain,
    'serve',
    ...serveArgs(options, configFile),
  ]
  const child = new Child(command[0]!, command.slice(1), options.env, options.stderr)
  const workers = () => childrenOf(child.pid)
  const dispose = async () => {
    const family = child.exit ? [] : workers()
    await child[Symbol.asyncDispose]()
    for (const pid of family) kill(pid)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const { urls, admin } = await child.line('holdfast listening', listeningLine, options.limit)
    const log = () => child.stderr.map(parseLogLine)
    return {
      urls,
      url: urls[0]!,
      admin,
      pid: child.pid,
      configFile,
      stdout: child.stdout,
      exited: child.exited,
      workers,
      get log() {
        return log()
      },
      writeConfig(config) {
        if (!configFile) throw new Error('started without a configuration file')
        writeConfig(configFile, config)
      },
      waitForLog(what, find, limit) {
        const detail = () => child.describe()
        return child.changes.until(`log line: ${what}`, () => log().find(find), { limit, detail })
      },
      signal: (name) => child.signal(name),
      rss: () => memory(child.pid, workers()),
      api: (path, init) => awaitedLater(request(admin, path, init)),
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** What a command is preceded by so that it runs in the network namespace of that process; it stays the same process. */
export function networkOf(pid: number): string[] {
  return ['nsenter', `--net=/proc/${pid}/ns/net`]
}

const ownPorts = { listen: '127.0.0.1:0', admin: '127.0.0.1:0' }

function writeConfig(file: string, config: object | string): void {
  const text = typeof config === 'string' ? config : JSON.stringify({ ...ownPorts, ...config }, undefined, 2)
  writeFileSync(file, text)
}

function serveArgs({ args = [] }: HoldfastOptions, configFile: string | undefined): string[] {
  if (configFile) return ['-c', configFile, ...args]
  const missing = Object.entries(ownPorts).filter(([name]) => !args.includes(`--${name}`))
  return [...missing.flatMap(([name, address]) => [`--${name}`, address]), ...args]
}

function memory(supervisor: number, workers: number[]) {
  const each = workers.map(rssOf)
  const own = rssOf(supervisor)
  return { supervisor: own, workers: each, total: each.reduce((sum, bytes) => sum + bytes, own) }
}

async function request(admin: string | undefined, path: string, init?: RequestInit) {
  if (!admin) throw new Error('the admin API is off')
  if (admin.startsWith('unix:')) return overSocket(admin.slice('unix:'.length), path, init)
  const response = await fetch(new URL(path, admin), { signal: AbortSignal.timeout(waitLimitMs), ...init })
  return { status: response.status, body: parseBody(await response.text()) }
}

/** The same of a socket of the file system, which `fetch` does not reach. */
async function overSocket(
  socketPath: string,
  path: string,
  { method, body, headers, ...init }: RequestInit = {},
) {
  const signal = init.signal ?? AbortSignal.timeout(waitLimitMs)
  const given = headers as Record<string, string> | undefined
  const request = http
    .request({ socketPath, path, method, headers: given, signal })
    .end(body as string | undefined)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const text = Buffer.concat(await response.toArray()).toString()
  return { status: response.statusCode ?? 0, body: parseBody(text) }
}

/** 'holdfast listening on ws://a:1, wss://b:2 (admin http://c:3) (pid 4)' in its parts. */
export function listeningLine(line: string): { urls: string[]; admin: string | undefined } | undefined {
  if (!line.startsWith('holdfast listening on ')) return undefined
  const urls = line.match(/wss?:\/\/[^\s,()]+/g) ?? []
  const admin = /\(admin ((?:https?:\/|unix:)\/[^\s)]+)\)/.exec(line)?.[1]
  return { urls, admin }
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended with its supervisor.
  }
}
