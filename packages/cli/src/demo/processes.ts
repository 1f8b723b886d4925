// The processes of the demo: each is ended with the demo, however that ends.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../output.ts'

/** Milliseconds that a process has to start. */
const startTimeoutMs = 15_000

/** A process that has started. */
export interface Running {
  readonly pid: number
  /** What it said when it was ready. */
  readonly said: string
  readonly exited: Promise<unknown>
  signal(name: NodeJS.Signals): void
}

export class Processes {
  readonly #alive = new Set<ChildProcess>()
  #folder: string | undefined
  #ended = false

  constructor() {
    process.once('exit', this.#clear)
  }

  /** Starts a script of the demo, which sends a message when it is ready. */
  async script(what: string, file: URL, args: string[]): Promise<Running> {
    const child = this.#keep(
      // A group of its own: Ctrl-C in the terminal is for the demo, which then ends its children.
      fork(file, args, {
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      }),
    )
    return this.#started(what, child, async () => String((await once(child, 'message'))[0]))
  }

  /** Starts a program that is ready when `ready` resolves. */
  async program(
    what: string,
    path: string,
    args: string[],
    ready: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<Running> {
    const child = this.#keep(spawn(path, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] }))
    return this.#started(what, child, async (signal) => {
      await ready(signal)
      return ''
    })
  }

  /** A folder that is removed at the end. */
  folder(): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'holdfast-demo-'))
    return this.#folder
  }

  /** Ends all that is left, at once. */
  async end(): Promise<void> {
    this.#ended = true
    const ended = [...this.#alive].map((child) => once(child, 'exit'))
    this.#clear()
    await Promise.all(ended)
    process.off('exit', this.#clear)
  }

  #keep(child: ChildProcess): ChildProcess {
    child.on('error', () => {})
    if (child.pid === undefined) return child
    this.#alive.add(child)
    child.once('exit', () => this.#alive.delete(child))
    if (this.#ended) killGroup(child)
    return child
  }

  #clear = (): void => {
    for (const child of this.#alive) killGroup(child)
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true })
  }

  async #started(
    what: string,
    child: ChildProcess,
    ready: (signal: AbortSignal) => Promise<string>,
  ): Promise<Running> {
    const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
    const lastWords = listen(child)
    const done = new AbortController()
    const limit = AbortSignal.timeout(startTimeoutMs)
    try {
      const said = await Promise.race([
        ready(done.signal),
        exited.then(() => fail(what, lastWords())),
        once(limit, 'abort').then(() => fail(what, `no word of it in ${startTimeoutMs / 1000} s`)),
      ])
      return { pid: child.pid!, said, exited, signal: (name) => void child.kill(name) }
    } finally {
      done.abort()
    }
  }
}

function fail(what: string, why: string): never {
  throw new Failure(1, `${what} did not start${why && `: ${why}`}`)
}

/** Remembers the last line that a process wrote to standard error. */
function listen(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-2000)
  })
  child.once('error', (error) => {
    text += error.message
  })
  return () =>
    text
      .trim()
      .split('\n')
      .at(-1)!
      .replace(/^holdfast: /, '')
}

/** The process and its own children: nginx and the gateway have workers. */
function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL')
  } catch {
    // It is gone.
  }
}
