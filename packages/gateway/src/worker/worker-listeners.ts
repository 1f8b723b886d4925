// The listeners of a worker that accepts for itself: servers on handles that the supervisor has bound and keeps.
import net from 'node:net'
import type { Logger } from 'pino'
import { guarded, type Handle, isShortage } from '../core/index.ts'
import { backlog } from '../listen/index.ts'
import { type Accepted, acceptHandles } from '../wire/index.ts'

type OnSocket = (listener: string, socket: net.Socket | Accepted) => void

export class WorkerListeners {
  readonly #onSocket: OnSocket
  readonly #log: Logger
  /** The system has no descriptor left for a socket. */
  readonly #onShortage: () => void
  readonly #servers = new Map<string, net.Server>()

  constructor(onSocket: OnSocket, log: Logger, onShortage: () => void) {
    this.#onSocket = onSocket
    this.#onShortage = onShortage
    this.#log = log
  }

  /** Accepts from a bound handle; the answer is an error code of the system when it cannot. */
  listen(listener: string, handle: unknown): Promise<{ error?: string }> {
    if (this.#servers.has(listener)) {
      // One that was to leave, and had not begun to, has its place again.
      ;(handle as Handle | undefined)?.close()
      return Promise.resolve({})
    }
    const take = guarded(
      (socket: net.Socket | Accepted) => this.#onSocket(listener, socket),
      (err, socket) => {
        this.#log.error({ err, listener }, 'fault while taking a socket')
        socket.destroy()
      },
    )
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, take)
    return new Promise((resolve) => {
      server.on('error', (error: NodeJS.ErrnoException) => {
        // Too many open files, most of all: worth a line, not worth a crash.
        if (isShortage(error)) this.#onShortage()
        else this.#log.warn({ code: error.code, listener }, 'cannot accept connections')
        resolve({ error: error.code ?? 'UNKNOWN' })
      })
      server.listen(handle, backlog, () => {
        this.#servers.set(listener, server)
        acceptHandles(server, take)
        resolve({})
      })
    })
  }

  /** Accepts no more from one listener, or from all; connections live on. */
  unlisten(listener?: string): void {
    for (const [key, server] of this.#servers) {
      if (listener !== undefined && key !== listener) continue
      server.close()
      this.#servers.delete(key)
    }
  }
}
