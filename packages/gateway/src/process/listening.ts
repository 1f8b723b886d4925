// The listeners: bound for the supervisor's whole life, whatever happens to workers.

import net from 'node:net'
import type { Logger } from 'pino'
import {
  type Descriptors,
  guarded,
  type Handle,
  isShortage,
  type ListenOptions,
  unixPath,
} from '../core/index.ts'
import { applyRights, bindHandle, cannotListen, listen } from '../listen/index.ts'
import { listenerKeys } from '../worker/index.ts'
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
    return [...this.#bound.values()].map(({ options, port }) => ({ options, port }))
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

  /** Stops accepting on every listener that is not among these, and takes over the new options of the others. */
  async closeOthers(listeners: readonly ListenOptions[], workers: readonly WorkerLink[]): Promise<void> {
    const keys = listenerKeys(listeners)
    const closing: Promise<unknown>[] = []
    for (const [key, bound] of this.#bound) {
      const at = keys.indexOf(key)
      if (at >= 0) {
        bound.options = listeners[at]!
        this.#applyRights(bound.options)
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

  async #bind(key: string, options: ListenOptions): Promise<Bound> {
    // Node gives a worker no way to listen on the handle of a socket of the file system.
    if (this.#deps.mode === 'shared' && unixPath(options.host) === undefined)
      return { mode: 'shared', options, ...(await bindHandle(options)) }
    const server = net.createServer(
      { allowHalfOpen: true, noDelay: true, pauseOnConnect: this.#deps.otherProcess },
      guarded(
        (socket: net.Socket) => {
          if (this.#deps.descriptors.admits(socket)) this.#deps.balancer.assign(key, socket)
        },
        (err, socket) => {
          this.#deps.log.error({ err, listener: key }, 'fault while handing a socket to a worker')
          socket.destroy()
        },
      ),
    )
    await listen(server, options)
    // Too many open files, most of all: worth a line, not worth a crash.
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (isShortage(error)) this.#deps.descriptors.ranShort('descriptors')
      else this.#deps.log.warn({ code: error.code, listener: key }, 'cannot accept connections')
    })
    const address = server.address()
    return { mode: 'handed-out', options, server, port: typeof address === 'object' ? address!.port : 0 }
  }
}

function release(bound: Bound): void {
  if (bound.mode === 'shared') bound.handle.close()
  else bound.server.close()
}
