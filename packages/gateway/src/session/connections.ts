// The registry of live connections: what a drain, a reload, the operator and the metrics walk.

import type { Renewal } from '../auth/index.ts'
import type { Pipe } from '../connection/index.ts'
import type { Clock, ConnectionInfo, RestoredBy, ShownState, UnixMs } from '../core/index.ts'
import type { UpgradeRequest } from '../http/index.ts'
import type { Session } from '../resume/index.ts'
import type { Carried, Opening } from './opening.ts'

/** One live connection and what is known of it besides its bytes. */
export interface Connection {
  id: string
  route: string
  /** The upstream's name and the address dialled; absent while the connection is held. */
  upstream?: { name: string; address: string }
  /** The client's address. */
  address: string
  openedAt: UnixMs
  protocol?: string
  http: '1.1' | '2'
  pipe: Pipe
  /** What its client comes back to. */
  session?: Session
  /** How many times it went on with another upstream. */
  reattached: number
  /** Who restored its session the last time. */
  restoredBy?: RestoredBy
  /** A drain has chosen it: it has to go, and is not taken to another process first. */
  drained?: true
  /** When the authentication service wants to be asked again. */
  renewal?: Renewal<UpgradeRequest>
  /** What it began with. */
  opening: Opening
  /** Where streams of it stayed, as long as it has them. */
  carried?: Carried
  /** Takes it out of all counts but those of how connections ended. */
  leave: () => void
}

type Watcher = (connection: Connection, how: 'gone' | 'moved') => void

export class Connections {
  readonly #live = new Map<string, Connection>()
  readonly #watchers = new Set<Watcher>()

  get size(): number {
    return this.#live.size
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#live.values()
  }

  get(id: string): Connection | undefined {
    return this.#live.get(id)
  }

  /** Adds a connection; the result takes it out again. */
  register(connection: Connection): () => void {
    this.#live.set(connection.id, connection)
    return () => {
      if (this.#live.delete(connection.id)) this.#tell(connection, 'gone')
    }
  }

  /** The connection has gone on with another upstream. */
  moved(connection: Connection): void {
    this.#tell(connection, 'moved')
  }

  #tell(connection: Connection, how: 'gone' | 'moved'): void {
    for (const watcher of [...this.#watchers]) watcher(connection, how)
  }

  /** Calls the watcher with every connection that has been taken out or has moved; the result ends that. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Lets every connection look at its keepalive, every `everyMs`. The result ends that. */
  sweep(everyMs: number, clock: Clock, also: (now: number) => void = () => {}): () => void {
    let timer: unknown
    const again = () => {
      timer = clock.setTimeout(() => {
        again()
        const now = clock.now()
        for (const connection of this.#live.values()) connection.pipe.tick(now)
        also(now)
      }, everyMs)
    }
    again()
    return () => clock.clearTimeout(timer)
  }
}

/** The state as operators and metrics know it. */
export function shownState({ state }: Pipe): ShownState {
  if (state === 'held') return 'held'
  return state === 'open' || state === 'leaving' || state === 'judging' ? 'open' : 'closing'
}

export function connectionInfo(connection: Connection): ConnectionInfo {
  const { pipe, upstream, ...known } = connection
  return {
    id: known.id,
    route: known.route,
    upstream: upstream?.name ?? '',
    address: known.address,
    state: shownState(pipe),
    reattached: known.reattached,
    restoredBy: known.restoredBy,
    openedAt: known.openedAt,
    protocol: known.protocol,
    http: known.http,
    ...pipe.total,
  }
}
