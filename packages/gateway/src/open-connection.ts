// In: what a handshake, or another process, has brought about. Out: a running, registered connection. Next: pipe.ts.
import type { Duplex } from 'node:stream'
import { adviceFor, code, delayFor } from '@holdfast/close-codes'
import type { UnixMs } from './clock.ts'
import { type Connection, connectionInfo } from './connections.ts'
import { rsvOf } from './deflate.ts'
import type { HandshakeDeps } from './handshake.ts'
import { holdDeps, placeOf } from './held-connection.ts'
import type { HoldOptions } from './options.ts'
import { type PackedPipe, Pipe } from './pipe.ts'
import type { ReplayModule } from './replay.ts'
import type { RouteState } from './route-state.ts'
import type { UpgradeRequest } from './upgrade-request.ts'
import type { Upstream } from './upstreams.ts'

/** What a connection begins with. */
export interface Opening {
  client: Duplex
  /** The upstream's stream; absent when there is only something to say, or while the connection is held. */
  socket?: Duplex
  upstream?: Upstream
  protocol?: string
  /** What the upstream agreed to; the client may have been told more. */
  extensions?: string
  address: string
  http: '1.1' | '2'
  /**
   * On routes with `hold`: what the next upstream is told, and the route's options when the connection began, which
   * stay its own. (A worker of an earlier version hands on none.)
   */
  held?: { session: string; request: UpgradeRequest; hold?: HoldOptions }
  /** What goes with these options. */
  replay?: ReplayModule
  release: { upstream: () => void; admission: () => void }
  /** Number of the admission in the ledger of all workers. */
  admission?: number
  /** Present when the connection comes from another process. */
  before?: Before
}

/** What another process knew of a connection. */
export interface Before {
  id: string
  openedAt: UnixMs
  reattached: number
  place?: { name: string; address: string }
  pipe: PackedPipe
}

export function openConnection(opening: Opening, state: RouteState, deps: HandshakeDeps): Connection {
  const { options: route } = state
  const { upstream, protocol, extensions, release, before, held } = opening
  const hold = held?.hold ?? route.hold
  // Others are only told why there is no connection.
  const isReal = opening.socket !== undefined || before !== undefined
  const pipe = new Pipe({
    client: opening.client,
    upstream: opening.socket,
    rsv: rsvOf(extensions),
    manners: route,
    closeTimeout: route.timeouts.close,
    keepalive: route.keepalive,
    messageBytes: route.limits.messageBytes,
    messagesPerSecond: route.limits.messagesPerSecond,
    clock: deps.clock,
    retry: () =>
      Math.round(delayFor(adviceFor(code.serviceRestart), { attempt: 0, random: deps.random }) ?? 0),
    hold: hold && held && holdDeps(() => connection, { ...opening, ...held, hold }, state, deps),
    packed: before?.pipe,
    onError: (error) =>
      deps.log.error({ err: error, route: route.name, id: connection.id }, 'fault in a connection'),
    onClosed: ({ code, reason, by }) => {
      connection.leave()
      release.admission()
      const as = state.countClose(code, by)
      if (isReal) deps.onClosed?.(route.name, as)
      deps.log.debug({ ...connectionInfo(connection), code, reason, by }, 'connection closed')
      deps.emit({ type: 'close', at: deps.clock.wall(), route: route.name, code, reason, by })
    },
  })
  const connection: Connection = {
    id: before?.id ?? deps.newId(),
    route: route.name,
    upstream: upstream ? placeOf(upstream) : before?.place,
    address: opening.address,
    openedAt: before?.openedAt ?? deps.clock.wall(),
    protocol,
    http: opening.http,
    pipe,
    reattached: before?.reattached ?? 0,
    opening,
    leave() {
      unregister()
      release.upstream()
      state.countTraffic(pipe.traffic)
    },
  }
  const unregister = deps.connections.register(connection)
  if (isReal && !before) deps.onOpened?.(route.name)
  return connection
}
