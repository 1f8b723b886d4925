// Sockets of one listener that have not sent a whole request yet: how many there may be, and for how long.
import { attempt, type PendingOptions } from '../core/index.ts'

/** What holds unless the configuration says otherwise. */
export const defaultPending: PendingOptions = { connections: 16_384, perAddress: 8_192, timeout: 10_000 }

/** One socket from its accept to the end of its first request head, or to its first HTTP/2 stream. */
export interface Opening {
  /** Whose socket it is, once a PROXY header has said so; until then it counts as the proxy's. */
  from(address: string): void
  /** What to do when the time is up, in place of destroying the socket. */
  onLate(act: () => void): void
  /** The request is here: the socket counts no longer. */
  done(): void
}

/** The part of a socket that is used here. */
interface Ending {
  destroy(): unknown
  once(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

interface Entry {
  socket: Ending
  address: string
  timer: NodeJS.Timeout
  late: () => void
}

export interface PendingDeps {
  /** Asked each time, so that a reload holds at once. */
  options: () => PendingOptions
  /** Addresses that speak for many others have no share of their own: proxies. */
  shared: (address: string) => boolean
  /** One had to give way to another. */
  onRefused: () => void
}

/**
 * At a cap the socket that has waited longest gives way to the newest: who means well needs milliseconds here. It is
 * one of the newcomer's own address when that has more than its share of the places.
 */
export class Pending {
  readonly #deps: PendingDeps
  /** In the order of their accept, as sets are. */
  readonly #all = new Set<Entry>()
  readonly #byAddress = new Map<string, Set<Entry>>()

  constructor(deps: PendingDeps) {
    this.#deps = deps
  }

  get size(): number {
    return this.#all.size
  }

  /** Counts a socket that was accepted. */
  add(socket: Ending, address: string): Opening {
    const entry: Entry = { socket, address, late: () => socket.destroy(), timer: undefined as never }
    const done = () => {
      clearTimeout(entry.timer)
      // It would have the handshake live as long as the connection.
      socket.off('close', done)
      if (this.#all.delete(entry)) this.#leave(entry)
    }
    entry.timer = setTimeout(() => {
      done()
      attempt(entry.late, () => socket.destroy())
    }, this.#deps.options().timeout)
    socket.once('close', done)
    this.#all.add(entry)
    this.#join(entry)
    return {
      from: (actual) => {
        if (!this.#all.has(entry) || actual === entry.address) return
        this.#leave(entry)
        entry.address = actual
        this.#join(entry)
      },
      onLate: (act) => {
        entry.late = act
      },
      done,
    }
  }

  #join(entry: Entry): void {
    const own = this.#byAddress.get(entry.address) ?? new Set()
    this.#byAddress.set(entry.address, own)
    own.add(entry)
    const { connections, perAddress } = this.#deps.options()
    if (own.size > perAddress && !this.#deps.shared(entry.address)) this.#refuse(own)
    if (this.#all.size <= connections) return
    const share = Math.max(1, connections / this.#byAddress.size)
    this.#refuse(own.size > share ? own : this.#all)
  }

  #leave(entry: Entry): void {
    const own = this.#byAddress.get(entry.address)
    own?.delete(entry)
    if (own?.size === 0) this.#byAddress.delete(entry.address)
  }

  /** Ends the oldest of them. */
  #refuse(among: Set<Entry>): void {
    const [oldest] = among
    if (!oldest) return
    clearTimeout(oldest.timer)
    this.#all.delete(oldest)
    this.#leave(oldest)
    oldest.socket.destroy()
    this.#deps.onRefused()
  }
}
