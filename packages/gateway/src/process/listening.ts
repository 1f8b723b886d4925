// The listeners: bound for the supervisor's whole life, whatever happens to workers.

import net from 'node:net'
import type { Logger } from 'pino'
import {
  type Descriptors,
  guarded,
  type Handle,
  type HostPort,
  isShortage,
  type ListenOptions,
  unixPath,
} from '../core/index.ts'
import {
  applyRights,
  backlog,
  bindHandle,
  cannotListen,
  descriptorOf,
  formatHostPort,
  inheritHandle,
  leaveName,
  listen,
  listenOn,
  removeName,
} from '../listen/index.ts'
import { listenerKeys, relayListener } from '../worker/index.ts'
import type { SocketBalancer } from './socket-balancer.ts'
import type { WorkerLink } from './worker-link.ts'

/**
 * - `shared`: the one worker accepts from the supervisor's handle; the supervisor itself never accepts.
 * - `handed-out`: the supervisor accepts and hands each socket to a worker.
 */
export type AcceptMode = 'shared' | 'handed-out'

type Bound = { options: ListenOptions; port: number } & (
  | { mode: 'shared'; handle: Handle }
  | { mode: 'handed-out'; server: net.Server }
)

export interface ListeningDeps {
  mode: AcceptMode
  balancer: SocketBalancer
  /** Who gets the sockets of listeners with `front`; nobody: workers do TLS themselves. */
  fronts?: Pick<SocketBalancer, 'assign'> | undefined
  /** Whether accepted sockets go to another process: they must not be read here. */
  otherProcess: boolean
  descriptors: Descriptors
  log: Logger
}

/** Listeners that are bound, but not served yet. Exactly one of the two must be called. */
export interface Opened {
  /** Serves them with this worker and all later ones. */
  keep(workers: readonly WorkerLink[]): Promise<void>
  /** Closes them again. */
  discard(): void
}

export class Listening {
  readonly #deps: ListeningDeps
  #bound = new Map<string, Bound>()

  constructor(deps: ListeningDeps) {
    this.#deps = deps
  }

  /** Where it listens, with the actual ports. */
  get addresses(): { options: ListenOptions; port: number }[] {
    return [...this.#bound]
      .filter(([key]) => key !== relayListener)
      .map(([, { options, port }]) => ({ options, port }))
  }

  /** Where other nodes of the fleet find this one, with the actual port. */
  get relay(): string | undefined {
    const bound = this.#bound.get(relayListener)
    return bound && formatHostPort(bound.options.host, bound.port)
  }

  /** Binds the port for other nodes. No reload closes it, nor does a drain: clients come back there until the end. */
  async openRelay(at: HostPort): Promise<void> {
    this.#bound.set(relayListener, await this.#bind(relayListener, { ...at, proxyProtocol: false }))
  }

  closeRelay(): void {
    const bound = this.#bound.get(relayListener)
    if (bound) release(bound)
    this.#bound.delete(relayListener)
  }

  /** Binds those of the listeners that are not bound yet: all of them, or none, with an error that says why. */
  async open(listeners: readonly ListenOptions[]): Promise<Opened> {
    const opened = new Map<string, Bound>()
    const keys = listenerKeys(listeners)
    try {
      for (const [i, options] of listeners.entries()) {
        const key = keys[i]!
        if (!this.#bound.has(key)) opened.set(key, await this.#bind(key, options))
      }
    } catch (error) {
      for (const bound of opened.values()) release(bound)
      throw error
    }
    return {
      keep: async (workers) => {
        for (const [key, bound] of opened) this.#bound.set(key, bound)
        await Promise.all(workers.map((worker) => this.#attach(worker, opened)))
      },
      discard: () => {
        for (const bound of opened.values()) release(bound)
      },
    }
  }

  /** The descriptors of all that is bound, for a process that inherits them. */
  get descriptors(): [key: string, descriptor: number][] {
    return [...this.#bound].map(([key, bound]) => [
      key,
      descriptorOf(bound.mode === 'shared' ? bound.handle : bound.server),
    ])
  }

  /** Serves listeners that another process has bound, by their descriptors here. Accepts at once; workers are attached later. */
  async inherit(
    listeners: readonly ListenOptions[],
    descriptors: readonly (readonly [key: string, descriptor: number])[],
    relay?: HostPort,
  ): Promise<void> {
    const keys = listenerKeys(listeners)
    for (const [key, descriptor] of descriptors) {
      const options =
        key === relayListener ? relay && { ...relay, proxyProtocol: false } : listeners[keys.indexOf(key)]
      if (options) this.#bound.set(key, await this.#bind(key, options, descriptor))
    }
  }

  /** Closes what this process has of the listeners: another one has inherited them, and accepts. */
  letGo(): void {
    for (const bound of this.#bound.values()) {
      const path = unixPath(bound.options.host)
      if (path !== undefined && !leaveName(path))
        this.#deps.log.error({ path }, 'a socket has lost its name: no client finds it')
      close(bound)
    }
    this.#bound.clear()
  }

  /** Stops accepting on every listener that is not among these, and takes over the new options of the others. */
  async closeOthers(listeners: readonly ListenOptions[], workers: readonly WorkerLink[]): Promise<void> {
    const keys = listenerKeys(listeners)
    const closing: Promise<unknown>[] = []
    for (const [key, bound] of this.#bound) {
      if (key === relayListener) continue
      const at = keys.indexOf(key)
      if (at >= 0) {
        bound.options = listeners[at]!
        this.#applyRights(bound.options)
        if (bound.mode === 'shared' && this.#isHandedOut(bound.options))
          closing.push(this.#handOut(key, bound, workers))
        continue
      }
      this.#bound.delete(key)
      if (bound.mode === 'shared') {
        closing.push(...workers.map((worker) => worker.ask('unlisten', { listener: key })))
      }
      release(bound)
    }
    await Promise.allSettled(closing)
  }

  /** Has the worker accept. It needs to know its options first. */
  async attach(worker: WorkerLink): Promise<void> {
    this.#deps.balancer.add(worker)
    await this.#attach(worker, this.#bound)
  }

  async #attach(worker: WorkerLink, listeners: ReadonlyMap<string, Bound>): Promise<void> {
    const asked = [...listeners].map(async ([key, bound]) => {
      if (bound.mode !== 'shared') return
      const { error } = await worker.ask('listen', { listener: key }, { handle: bound.handle })
      if (error) throw cannotListen(bound.options, error)
    })
    await Promise.all(asked)
  }

  /** A reload may have changed the mode or the owner of a socket of the file system. */
  #applyRights(options: ListenOptions): void {
    const path = unixPath(options.host)
    if (path === undefined) return
    try {
      applyRights(path, options)
    } catch (error) {
      this.#deps.log.error({ error: (error as Error).message }, 'the file of a listener keeps its rights')
    }
  }

  /** `descriptor`: of what another process has bound. */
  async #bind(key: string, options: ListenOptions, descriptor?: number): Promise<Bound> {
    if (!this.#isHandedOut(options)) {
      const its = descriptor === undefined ? await bindHandle(options) : inheritHandle(descriptor)
      return { mode: 'shared', options, ...its }
    }
    const server = this.#newServer(key, options)
    await (descriptor === undefined ? listen(server, options) : listenOn(server, descriptor))
    this.#watch(server, key)
    const address = server.address()
    const port = address && typeof address === 'object' ? address.port : 0
    return { mode: 'handed-out', options, server, port }
  }

  /** Node gives a worker no way to listen on the handle of a socket of the file system, and fronts share what they get. */
  #isHandedOut({ host, front }: ListenOptions): boolean {
    const { mode, fronts } = this.#deps
    return mode === 'handed-out' || unixPath(host) !== undefined || (front === true && fronts !== undefined)
  }

  /** A reload has given a listener fronts that workers have accepted from: this process does now. Clients wait in the kernel meanwhile. */
  async #handOut(
    key: string,
    { options, port, handle }: Bound & { mode: 'shared' },
    workers: readonly WorkerLink[],
  ): Promise<void> {
    const server = this.#newServer(key, options)
    this.#watch(server, key)
    // At once, so that no other worker is attached.
    this.#bound.set(key, { mode: 'handed-out', options, server, port })
    await Promise.allSettled(workers.map((worker) => worker.ask('unlisten', { listener: key })))
    server.listen(handle, backlog)
  }

  #newServer(key: string, options: ListenOptions): net.Server {
    return net.createServer(
      { allowHalfOpen: true, noDelay: true, pauseOnConnect: this.#deps.otherProcess },
      guarded(
        (socket: net.Socket) => {
          if (!this.#deps.descriptors.admits(socket)) return
          const { balancer, fronts } = this.#deps
          const { front } = this.#bound.get(key)?.options ?? options
          const to = front ? (fronts ?? balancer) : balancer
          to.assign(key, socket)
        },
        (err, socket) => {
          this.#deps.log.error({ err, listener: key }, 'fault while handing a socket to a worker')
          socket.destroy()
        },
      ),
    )
  }

  /** Too many open files, most of all: worth a line, not worth a crash. */
  #watch(server: net.Server, listener: string): void {
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (isShortage(error)) this.#deps.descriptors.ranShort('descriptors')
      else this.#deps.log.warn({ code: error.code, listener }, 'cannot accept connections')
    })
  }
}

function release(bound: Bound): void {
  close(bound)
  const path = unixPath(bound.options.host)
  if (path !== undefined) removeName(path)
}

function close(bound: Bound): void {
  if (bound.mode === 'shared') bound.handle.close()
  else bound.server.close()
}
