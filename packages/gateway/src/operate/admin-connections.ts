// How many connections the admin port has, and which gives way when there are too many.
import type { Socket } from 'node:net'

/**
 * At the cap the connection goes that has been there longest without a request that was let in: who knows the token
 * comes in however many strangers hold connections.
 */
export class AdminConnections {
  readonly #max: number
  readonly #all = new Set<Socket>()
  /** In the order in which they came, as sets are. */
  readonly #strangers = new Set<Socket>()

  constructor(max: number) {
    this.#max = max
  }

  /** Counts a connection that was accepted. */
  add(socket: Socket): void {
    this.#all.add(socket)
    this.#strangers.add(socket)
    socket.once('close', () => this.#remove(socket))
    if (this.#all.size <= this.#max) return
    const [oldest = socket] = this.#strangers
    this.#remove(oldest)
    oldest.destroy()
  }

  /** A request on it was let in. */
  letIn(socket: Socket): void {
    this.#strangers.delete(socket)
  }

  #remove(socket: Socket): void {
    this.#all.delete(socket)
    this.#strangers.delete(socket)
  }
}
