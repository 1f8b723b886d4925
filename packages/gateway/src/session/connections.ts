// The registry of live connections: what a drain, a reload, the operator and the metrics walk.

import assert from 'node:assert/strict'
import type { Renewal } from '../auth/index.ts'
import type { Pipe } from '../connection/index.ts'
import type { Clock, ConnectionInfo, RestoredBy, ShownState, UnixMs } from '../core/index.ts'
import type { UpgradeRequest } from '../http/index.ts'
import type { Return, Session, SessionGiver } from '../resume/index.ts'
import type { Departing } from './departing.ts'
import type { Admission, Carried, Opening, Place } from './opening.ts'

/** One live connection and what is known of it besides its bytes. */
export interface Connection {
  readonly id: string
  readonly route: string
  /** The upstream's name and the address dialled: while the connection is held, of the last one. */
  readonly upstream?: Place
  /** The client's address. */
  readonly address: string
  readonly openedAt: UnixMs
  readonly protocol?: string
  readonly http: '1.1' | '2'
  readonly pipe: Pipe
  /** What its client comes back to. */
  readonly session?: Session
  /** How many times it went on with another upstream. */
  readonly reattached: number
  /** Who restored its session the last time. */
  readonly restoredBy?: RestoredBy
  /** It goes to another gateway: called in place of a dial, once it has no upstream, which may have not read all (`hasLost`). */
  onFree?: ((hasLost: boolean) => void) | undefined
  /** A drain has chosen it: it has to go, and is not taken to another process first. */
  drained?: true
  /** Its session is about to be given to another gateway: it is not taken to another process meanwhile. */
  readonly isBeingGiven: boolean
  /** When the authentication service wants to be asked again. */
  readonly renewal?: Renewal<UpgradeRequest>
  /** What it began with. */
  readonly opening: Opening
  readonly admission: Admission
  /** Where streams of it stayed, as long as it has them. */
  readonly carried?: Carried
  /** It goes on with another upstream, the so-manyth. */
  wentOn(upstream: Place | undefined, reattached: number, by: RestoredBy): void
  /** Its session has lost its client's connection, and with it what carried that. */
  clientAway(): void
  /** Its client is back, and counts as where it is now. */
  clientReturned(how: Return): void
  /** Gives its session to another gateway. Undefined: it has none that could be given. False: nobody has taken it, and it goes on here. */
  give(giving: Giving): Promise<boolean> | undefined
  /** Takes it out of all counts but those of how connections ended. */
  leave(): void
}

/** How a session is given to another gateway. */
export interface Giving {
  giver: SessionGiver
  /** The connection, where that is in another process. Default: this one. */
  departing?: Departing | undefined
  /** Id of the only node that is asked. Default: any. */
  to?: string | undefined
  /** Milliseconds. */
  withinMs: number
  /** Nobody has taken it, and what its client has said meanwhile is about to be read: whoever ends it does so now. */
  onStays?: (() => void) | undefined
}

/** It is over; another gateway has it; it has gone on with another upstream. */
export type ConnectionChange = 'gone' | 'given' | 'moved'

type Watcher = (connection: Connection, how: ConnectionChange) => void

export class Connections {
  readonly #live = new Map<string, Connection>()
  readonly #watchers = new Set<Watcher>()
  /** Those that other processes have, and whose sessions are here. */
  readonly #split = new Map<string, Connection>()

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
    assert(!this.#live.has(connection.id), 'two connections have one id')
    this.#live.set(connection.id, connection)
    return () => {
      if (this.#live.delete(connection.id)) this.#tell(connection, 'gone')
    }
  }

  /** It goes to another process, and its session stays here. */
  split(connection: Connection): void {
    this.#split.set(connection.id, connection)
  }

  /** Its session is over. */
  sessionOver({ id }: Connection): void {
    this.#split.delete(id)
  }

  /** As it was when it went to another process; undefined: its session is not here. */
  splitOf(id: string): Connection | undefined {
    return this.#split.get(id)
  }

  /** The connection has gone on with another upstream. */
  moved(connection: Connection): void {
    this.#tell(connection, 'moved')
  }

  /** Another gateway has the connection. */
  given(connection: Connection): void {
    this.#tell(connection, 'given')
  }

  #tell(connection: Connection, how: ConnectionChange): void {
    for (const watcher of [...this.#watchers]) watcher(connection, how)
  }

  /** Calls the watcher with every connection that has been taken out, was given away or has moved; the result ends that. */
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
  return {
    id: connection.id,
    route: connection.route,
    upstream: connection.upstream?.name ?? '',
    address: connection.address,
    state: shownState(connection.pipe),
    reattached: connection.reattached,
    restoredBy: connection.restoredBy,
    openedAt: connection.openedAt,
    protocol: connection.protocol,
    http: connection.http,
    ...connection.pipe.traffic.total,
  }
}
