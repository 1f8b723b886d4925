// What the page "Try it" plays with: one backend that fails when it is told to, directly and behind a gateway.
import { setTimeout as pause } from 'node:timers/promises'
import type { Ask } from '../admin-client.ts'
import { object } from '../remote-answer.ts'
import { Answering, garbage } from './answering.ts'
import type { Processes } from './processes.ts'
import { holdPath } from './stage.ts'
import { type Listening, startBackend, startGateway } from './start.ts'

/** What the backend does at the moment. */
export type BackendState = 'running' | 'stopped' | 'hanging' | 'garbage'

export const actions = ['stop', 'kill', 'hang', 'garbage', 'start', 'drain'] as const
export type Action = (typeof actions)[number]

export interface Snapshot {
  backend: BackendState
  /** Where a page connects: to the backend, through the gateway, and through it with hold. */
  urls: Record<'direct' | 'gateway' | 'hold', string>
}

/** Milliseconds over which a drain or a restart closes, and the delays that clients are told. */
const spread = 300
const retry = [1000, 3000] as const
/** Milliseconds after which a restart cuts what has not closed. */
const deadline = 3000
/** Milliseconds that a process has to end. */
const endTimeoutMs = 2 * deadline

/** An action that makes no sense at the moment. */
export class NotNow extends Error {}

export class Playground implements Disposable {
  readonly gateway: Listening & { admin?: string }
  readonly #processes: Processes
  readonly #ask: Ask
  #backend: Listening
  #state: BackendState = 'running'
  #garbage: Answering | undefined
  #busy = false

  private constructor(
    processes: Processes,
    backend: Listening,
    gateway: Listening & { admin?: string },
    ask: Ask,
  ) {
    this.#processes = processes
    this.gateway = gateway
    this.#ask = ask
    this.#backend = this.#watch(backend)
  }

  /** Starts the backend and its gateway. `askAt` speaks to the gateway with an admin port. */
  static async set(processes: Processes, askAt: (admin: string) => Ask): Promise<Playground> {
    const backend = await startBackend(processes, backendInit())
    const gateway = await startGateway(processes, gatewayConfig(backend))
    return new Playground(processes, backend, gateway, askAt(gateway.admin!))
  }

  get backends(): readonly Listening[] {
    return [this.#backend]
  }

  get snapshot(): Snapshot {
    const through = `ws://127.0.0.1:${this.gateway.port}`
    return {
      backend: this.#state,
      urls: {
        direct: `ws://127.0.0.1:${this.#backend.port}/`,
        gateway: `${through}/`,
        hold: `${through}${holdPath}`,
      },
    }
  }

  /** Resolves when it has been done; rejects with NotNow when it cannot be done now. */
  async act(action: Action): Promise<void> {
    if (this.#busy) throw new NotNow('the last action is still under way; wait for it')
    this.#busy = true
    try {
      await this.#acts[action]()
    } finally {
      this.#busy = false
    }
  }

  [Symbol.dispose](): void {
    this.#garbage?.[Symbol.dispose]()
  }

  readonly #acts: Record<Action, () => Promise<void>> = {
    stop: () => this.#end('SIGTERM'),
    kill: () => this.#end('SIGKILL'),
    hang: async () => {
      this.#mustRun()
      this.#backend.signal('SIGSTOP')
      this.#state = 'hanging'
    },
    garbage: async () => {
      await this.#end('SIGKILL')
      this.#garbage = new Answering()
      await this.#garbage.listen(garbage, this.#backend.port)
      this.#state = 'garbage'
    },
    start: () => this.#start(),
    drain: async () => {
      const drains = routeNames.map((route) =>
        this.#ask('POST', '/api/drain', { body: { route }, shape: object({}) }),
      )
      await Promise.all(drains)
      // A drained route stays out until it is taken back in.
      await this.#ask('POST', '/api/undrain', { body: {}, shape: object({}) })
    },
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#mustRun()
    this.#backend.signal(signal)
    const limit = new AbortController()
    await Promise.race([
      this.#backend.exited,
      pause(endTimeoutMs, undefined, { signal: limit.signal }).catch(() => {}),
    ])
    limit.abort()
  }

  async #start(): Promise<void> {
    switch (this.#state) {
      case 'running':
        throw new NotNow('the backend runs already')
      case 'hanging':
        this.#backend.signal('SIGCONT')
        break
      case 'garbage':
      case 'stopped':
        this.#garbage?.[Symbol.dispose]()
        this.#garbage = undefined
        this.#state = 'stopped'
        this.#backend = this.#watch(await startBackend(this.#processes, backendInit(this.#backend.port)))
    }
    this.#state = 'running'
  }

  #mustRun(): void {
    if (this.#state !== 'running') throw new NotNow('the backend does not run; start it first')
  }

  /** It may also end by somebody else's hand. */
  #watch(backend: Listening): Listening {
    void backend.exited.then(() => {
      if (backend === this.#backend) this.#state = 'stopped'
    })
    return backend
  }
}

function backendInit(port?: number) {
  return { name: 'the backend', port, restart: { spread, retry, deadline } }
}

const routeNames = ['hold', 'echo']

function gatewayConfig({ port }: Listening): object {
  const route = {
    upstreams: [`ws://127.0.0.1:${port}`],
    timeouts: { handshake: '2s' },
    // A backend that hangs is noticed while one looks.
    keepalive: { ping: '1s', timeout: '2s' },
  }
  const drain = {
    spread: `${spread}ms`,
    retry: retry.map((ms) => `${ms}ms`),
    deadline: `${deadline}ms`,
  }
  const routes = [
    { name: 'hold', match: { path: holdPath }, ...route, hold: { for: '60s', state: 'none' } },
    // A page sees no HTTP status, and this one shows what it sees.
    { name: 'echo', ...route, wait: '500ms', badGateway: 'close' },
  ]
  return { admin: '127.0.0.1:0', workers: 1, drain, routes }
}
