// The processes of a command that was started here: which there are, which of them listens, and how all of them end.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { plainCommand } from './command-words.ts'

/** One process of a command. */
export interface Member {
  /** Process id. */
  pid: number
  /** Its command line, as far as it can be read: `node server.mjs`. */
  command: string
  /** Whether it is the first of them: the one that a container would run as process 1. */
  main: boolean
  /** TCP port by TCP port, in ascending order, on which it listens. */
  ports: number[]
}

/** How a process ended: an exit status, or the signal that killed it. */
export interface Exit {
  /** Null when a signal killed it. */
  status: number | null
  signal: NodeJS.Signals | null
}

const maxOutput = 16 * 1024

/** In the environment of a command and of all that comes from it, also of what leaves its session and its parent. */
const mark = 'HOLDFAST_CHECK_RESTART'

/** A command that runs, in a session of its own and with a mark in its environment, so that nothing of it is missed. */
export class ProcessTree {
  readonly pid: number
  /** Resolves when the first process has ended. */
  readonly exited: Promise<Exit>
  /** How the first process ended; undefined while it runs. */
  exit: Exit | undefined
  readonly #child: ChildProcess
  /** Those that were seen, by process id, with the time of their start, so that a number that is used again is not taken for them. */
  readonly #seen = new Map<number, string>()
  /** Those that have nothing to do with it, in the same way: nobody is looked at twice. */
  readonly #strangers = new Map<number, string>()
  readonly #mark: string
  #output = ''

  private constructor(child: ChildProcess, pid: number, marked: string) {
    this.#mark = `${mark}=${marked}`
    this.#child = child
    this.pid = pid
    const keep = (bytes: Buffer) => {
      this.#output = (this.#output + bytes.toString('utf8')).slice(-maxOutput)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    this.exited = new Promise((resolve) => {
      child.once('exit', (status, signal) => {
        this.exit = { status, signal }
        resolve(this.exit)
      })
    })
    process.on('exit', this.#killAll)
  }

  /** Starts a command, by a shell where it needs one; undefined when there is no such program. */
  static async start(
    command: string,
    env: NodeJS.ProcessEnv = process.env,
  ): Promise<ProcessTree | undefined> {
    const plain = plainCommand(command)
    const marked = randomUUID()
    const { program, args } = plain ?? { program: '/bin/sh', args: ['-c', command] }
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, ...plain?.env, [mark]: marked },
    })
    const started = await new Promise<boolean>((resolve) => {
      child.once('spawn', () => resolve(true))
      child.once('error', () => resolve(false))
    })
    return started && child.pid !== undefined ? new ProcessTree(child, child.pid, marked) : undefined
  }

  /** The end of what it has printed. */
  get output(): string {
    return this.#output
  }

  /** The processes that run now, the first one first. Without `/proc` only that one is known. */
  members(): Member[] {
    const all = processes()
    const inside = all.filter((one) => this.#has(one, all))
    for (const { pid, started } of inside) this.#seen.set(pid, started)
    const known = inside.length > 0 || this.exit ? inside : [{ pid: this.pid, command: '' }]
    const listening = listeningPorts()
    return known
      .map(({ pid, command }) => ({
        pid,
        command,
        main: pid === this.pid,
        ports: portsOf(pid, listening),
      }))
      .sort((a, b) => Number(b.main) - Number(a.main) || a.pid - b.pid)
  }

  /** It is in the session of the first one, comes from one of them, or was one of them before. */
  #has({ pid, session, started, parents }: Process, all: readonly Process[]): boolean {
    if (session === this.pid || pid === this.pid) return true
    if (this.#seen.get(pid) === started) return true
    if (this.#strangers.get(pid) === started) return false
    if (parents(all).some((parent) => parent === this.pid || this.#seen.has(parent))) return true
    const environ = read(`/proc/${pid}/environ`)
    if (environ.split('\0').includes(this.#mark)) return true
    // Between two programs a process has none.
    if (environ !== '') this.#strangers.set(pid, started)
    return false
  }

  /** Whether a process of it still runs. */
  get alive(): boolean {
    return this.exit === undefined || this.members().length > 0
  }

  /** Whether the first process has a handler of its own for SIGTERM; true where that cannot be seen. */
  get catchesTerm(): boolean {
    // proc(5): a mask in hexadecimal, in which the lowest bit is signal 1.
    const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(read(`/proc/${this.pid}/status`))?.[1]
    return mask === undefined || (BigInt(`0x${mask}`) >> 14n) % 2n === 1n
  }

  /** Sends a signal to the first process only, as a container's runtime does. */
  signalMain(signal: NodeJS.Signals): void {
    if (!this.exit) send(this.pid, signal)
  }

  /** Sends a signal to all, as systemd does to a control group. */
  signalAll(signal: NodeJS.Signals): void {
    for (const { pid } of this.members()) send(pid, signal)
    if (process.platform !== 'linux') send(-this.pid, signal)
  }

  readonly #killAll = () => this.signalAll('SIGKILL')

  /** Ends all of them, at once. */
  async end(): Promise<void> {
    // One that forks between the look and the signal is found by the next look.
    for (let i = 0; i < 50 && this.alive; i++) {
      this.#killAll()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    process.off('exit', this.#killAll)
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended.
  }
}

interface Process {
  pid: number
  session: number
  /** Ticks since the machine was started; with the process id it tells one process from all others. */
  started: string
  command: string
  parents(all: readonly Process[]): number[]
}

/** All processes of this machine that are no zombies; none where there is no `/proc`. */
function processes(): Process[] {
  const parentOf = new Map<number, number>()
  return entries('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    const stat = read(`/proc/${name}/stat`)
    // proc(5): the name, in brackets, may hold anything; what comes behind it is state, ppid, pgrp, session, …, starttime (22nd).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, ppid, , session] = fields
    if (state === undefined || state === '' || state === 'Z' || state === 'X') return []
    const pid = Number(name)
    parentOf.set(pid, Number(ppid))
    const command = read(`/proc/${name}/cmdline`).split('\0').join(' ').trim()
    const parents = () => ancestors(pid, parentOf)
    return [{ pid, session: Number(session), started: fields[19] ?? '', command, parents }]
  })
}

function ancestors(pid: number, parentOf: ReadonlyMap<number, number>): number[] {
  const found: number[] = []
  for (let at = parentOf.get(pid); at !== undefined && at > 1 && !found.includes(at); at = parentOf.get(at)) {
    found.push(at)
  }
  return found
}

/** Ports that are listened on, by the inode of their socket. */
function listeningPorts(): Map<string, number> {
  const ports = new Map<string, number>()
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of read(file).split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
      if (state === '0A' && inode)
        ports.set(inode, Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16))
    }
  }
  return ports
}

function portsOf(pid: number, listening: ReadonlyMap<string, number>): number[] {
  const found = entries(`/proc/${pid}/fd`).flatMap((fd) => {
    const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`))?.[1]
    const port = inode === undefined ? undefined : listening.get(inode)
    return port === undefined ? [] : [port]
  })
  return [...new Set(found)].sort((a, b) => a - b)
}

// Processes come and go while they are looked at.
const orNothing = <T>(run: () => T, nothing: T): T => {
  try {
    return run()
  } catch {
    return nothing
  }
}
const entries = (path: string) => orNothing(() => readdirSync(path), [])
const read = (path: string) => orNothing(() => readFileSync(path, 'utf8'), '')
const link = (path: string) => orNothing(() => readlinkSync(path), '')
