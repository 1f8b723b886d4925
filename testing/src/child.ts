import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { Changes } from './changes.ts'

/** Milliseconds that output may still come after the end, from children that hold the same pipes. */
const afterExit = 1_000

const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A process that a test started: its output by lines, its end, and its death by pid on dispose. */
export class Child implements AsyncDisposable {
  readonly pid: number
  readonly stdout: string[] = []
  readonly stderr: string[] = []
  /** Resolves when the process is gone. */
  readonly exited: Promise<Exit>
  readonly changes = new Changes()
  exit: Exit | undefined
  readonly #process: ChildProcess

  /** `stderr`: a descriptor in place of a pipe that is read by lines. */
  constructor(
    command: string,
    args: string[],
    env: Record<string, string | undefined> = {},
    stderr: 'pipe' | number = 'pipe',
  ) {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', stderr], env: { ...process.env, ...env } })
    this.#process = child
    this.pid = child.pid ?? 0
    alive.add(child)
    child.stdin?.on('error', () => {})
    this.#collect(child.stdout, this.stdout)
    this.#collect(child.stderr, this.stderr)
    this.exited = new Promise((resolve) => {
      const settle = (exit: Exit) => {
        alive.delete(child)
        this.exit ??= exit
        this.changes.notify()
        resolve(this.exit)
      }
      child.on('error', (error) => {
        this.stderr.push(error.message)
        settle({ code: null, signal: null })
      })
      child.on('exit', (code, signal) => {
        setTimeout(() => settle({ code, signal }), afterExit).unref()
      })
      // By then all its output has been read.
      child.on('close', (code, signal) => settle({ code, signal }))
    })
  }

  #collect(stream: Readable | null, lines: string[]): void {
    if (!stream) return
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      this.changes.notify()
    })
  }

  /** The first line of stdout for which `find` gives something; fails at once when the process ends before. */
  async line<T>(what: string, find: (line: string) => T | undefined, limit?: number): Promise<T> {
    const found = () => {
      for (const line of this.stdout) {
        const value = find(line)
        if (value !== undefined) return { value }
      }
      if (this.exit) throw new Error(`${what}: the process ended before; ${this.describe()}`)
      return undefined
    }
    return (await this.changes.until(what, found, { limit, detail: () => this.describe() })).value
  }

  /** How it ended and the last lines that it wrote. */
  describe(): string {
    const end = this.exit ? `exit ${this.exit.code ?? this.exit.signal}` : 'running'
    return [end, ...this.stdout.slice(-5), ...this.stderr.slice(-20)].join('\n')
  }

  /** Writes a line to its stdin. */
  say(line: string): void {
    this.#process.stdin?.write(`${line}\n`)
  }

  signal(name: NodeJS.Signals): void {
    // One that has just ended is no fault.
    this.#process.kill(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.exit && this.pid) this.#process.kill('SIGKILL')
    await this.exited
  }
}
