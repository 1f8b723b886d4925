// Servers of other makers, each with the stop or restart that its documentation gives: what a gateway sees of them is
// every kind of ending that there is. Each takes text messages, sends them back, and can kick one client.
import { existsSync, readFileSync } from 'node:fs'
import { Child } from './child.ts'
import { eventually, within } from './eventually.ts'
import { rawClient } from './raw-client.ts'
import { type Exchange, fixtures, type Subject, subjects } from './stopping-subjects.ts'
import { closedPort } from './tcp-server.ts'

const starting = 30_000
// gunicorn waits this long for its old worker, and puma restarts its workers one after the other.
const replacing = 60_000
// As `docker stop` does. Uvicorn 0.17.6 with wsproto often does not end by itself once a client has been kicked.
const grace = 10_000

/** One of these servers, with what there is to know about it. */
export interface StoppingServer {
  readonly name: string
  /** The code that its clients see when it is restarted; 1006: no Close. Measured directly, without a gateway. */
  readonly restartCode: number
  /**
   * What a restart is: `again`, SIGTERM, and then a new process on the same port; `in place`, a signal upon which the
   * process replaces its workers while it goes on listening.
   */
  readonly restart: 'again' | 'in place'
  /** Where it takes WebSockets. */
  readonly path: string
  readonly protocols: readonly string[]
  /** What a client sends first, and what the answer contains that it waits for. */
  readonly opening: readonly Exchange[]
  /** The codes with which it can kick; 1005: a Close without one. */
  readonly kicks: readonly number[]
  /** The message that asks for this one, to be kicked with such a code. */
  kick(code: number): string
  /** A message, and what the answer to it contains. */
  echo(text: string): Exchange
  /** Why it cannot be had on this machine; undefined when it can. */
  missing(): Promise<string | undefined>
  /** Resolves when it takes WebSockets, on the port, or on one that is free. */
  start(port?: number): Promise<RunningServer>
}

/** One that runs; disposed, it is killed with its workers. */
export interface RunningServer extends AsyncDisposable {
  readonly port: number
  readonly url: string
  /** Restarts it as its documentation says. Resolves when the new one takes WebSockets and nothing of the old is left. */
  restart(): Promise<void>
  /** Only stops it: SIGTERM, and SIGKILL ten seconds later. Resolves when nothing is left. */
  stop(): Promise<void>
  /** What it wrote last, for messages of tests. */
  describe(): string
}

/** All of them. */
export const stoppingServers: readonly StoppingServer[] = Object.entries(subjects).map(([name, subject]) => ({
  name,
  restartCode: subject.restartCode,
  restart: subject.inPlace ? 'in place' : 'again',
  path: subject.path ?? '/',
  protocols: subject.protocols ?? [],
  opening: subject.opening ?? [],
  kicks: subject.kicks ?? [1000, 1001, 4001],
  kick: subject.kick ?? ((code) => `kick ${code}`),
  echo: subject.echo ?? ((text) => ({ message: text, answer: text })),
  missing: async () => subject.missing(),
  start: async (port) => Running.start(subject, port ?? (await closedPort())),
}))

class Running implements RunningServer {
  static async start(subject: Subject, port: number): Promise<Running> {
    const server = new Running(subject, port)
    await server.#listens()
    return server
  }

  readonly port: number
  readonly #subject: Subject
  #child: Child

  private constructor(subject: Subject, port: number) {
    this.port = port
    this.#subject = subject
    this.#child = this.#begin()
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}${this.#subject.path ?? '/'}`
  }

  async restart(): Promise<void> {
    const { inPlace } = this.#subject
    if (inPlace === undefined) {
      await this.stop()
      this.#child = this.#begin()
    } else {
      const before = childrenOf(this.#child.pid)
      this.#child.signal(inPlace)
      await eventually('the old workers are gone', () => before.every((pid) => !existsSync(`/proc/${pid}`)), {
        limit: replacing,
        detail: () => this.describe(),
      })
    }
    await this.#listens()
  }

  async stop(): Promise<void> {
    this.#child.signal('SIGTERM')
    await within(grace, 'its end', this.#child.exited).catch(() => this.#child.signal('SIGKILL'))
    await this.#child.exited
  }

  describe(): string {
    return this.#child.describe()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const workers = childrenOf(this.#child.pid)
    await this.#child[Symbol.asyncDispose]()
    for (const pid of workers) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL')
  }

  #begin(): Child {
    const { command, args } = this.#subject.program(this.port)
    return new Child(command, [...args], {
      PYTHONPATH: fixtures,
      PYTHONDONTWRITEBYTECODE: '1',
      NODE_ENV: undefined,
    })
  }

  async #listens(): Promise<void> {
    const takes = async () => {
      if (this.#child.exit) throw new Error(`the server ended: ${this.describe()}`)
      try {
        await using client = await rawClient(this.url, { protocols: [...(this.#subject.protocols ?? [])] })
        return client.status === 101
      } catch {
        return false
      }
    }
    await eventually('it takes WebSockets', takes, { limit: starting, detail: () => this.describe() })
  }
}

/** The processes that a process has started, on Linux. */
function childrenOf(pid: number): number[] {
  try {
    const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
    return pids.split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
