// Takes a connection apart so that another process can go on with it (handover.ts), and puts it together there.
import type { Handle } from './channel.ts'
import type { Clock } from './clock.ts'
import type { Connection } from './connections.ts'
import type { HandshakeDeps } from './handshake.ts'
import { type Before, type Opening, openConnection } from './open-connection.ts'
import { loadedReplay, type ReplayModule } from './replay.ts'
import type { RouteState } from './route-state.ts'
import { socketOf } from './socket-handle.ts'

/** A connection without its sockets, as data that JSON can carry. */
export interface PackedConnection
  extends Pick<Opening, 'protocol' | 'extensions' | 'address' | 'http' | 'held' | 'admission'> {
  route: string
  before: Before
}

/** A connection whose sockets belong to whoever has this. */
export interface Packed {
  state: PackedConnection
  client: Handle
  /** Absent while the connection is held. */
  upstream?: Handle
  /** Number of its admission in the ledger of all workers. */
  admission?: number
}

/** Milliseconds between two looks at write queues that are not empty. */
const lookEvery = 2

/**
 * Stops reading both sides, hands on what was read, and waits at most `within` milliseconds until all of it has gone
 * out. Undefined: it cannot be taken now, and goes on as before.
 */
export async function packConnection(
  connection: Connection,
  within: number,
  clock: Clock,
): Promise<Packed | undefined> {
  const { pipe, opening } = connection
  if (!pipe.isMovable) return undefined
  pipe.freeze()
  const until = clock.now() + within
  while (!isEmpty(connection) && clock.now() < until) {
    await new Promise<void>((resolve) => clock.setTimeout(resolve, lookEvery))
  }
  if (!isEmpty(connection) || !pipe.isMovable) {
    pipe.thaw()
    return undefined
  }
  const { id, route, openedAt, reattached, upstream: place } = connection
  const { state, client, upstream } = pipe.pack()
  connection.leave()
  const { protocol, extensions, address, http, held, admission } = opening
  const before = { id, openedAt, reattached, place, pipe: state }
  return {
    state: { route, protocol, extensions, address, http, held, admission, before },
    client,
    upstream,
    admission,
  }
}

function isEmpty({ pipe }: Connection): boolean {
  return pipe.client.isEmpty && pipe.upstream.isEmpty
}

/** Goes on with a connection of another process. */
export function unpackConnection(
  { state: packed, client, upstream }: Packed,
  releaseAdmission: () => void,
  state: RouteState,
  deps: HandshakeDeps,
): void {
  const { place } = packed.before
  const known = state.pool.upstreams.find(
    ({ name, target }) => name === place?.name && `${target.host}:${target.port}` === place.address,
  )
  const isHeld = packed.before.pipe.upstream === undefined
  const replay = replayOf(packed, isHeld, state)
  const counted = known && !isHeld ? state.pool.acquire(known) : () => {}
  const { pipe } = openConnection(
    {
      ...packed,
      replay: replay === 'gone' ? undefined : replay,
      client: socketOf(client),
      socket: upstream && socketOf(upstream),
      upstream: known,
      release: { upstream: counted, admission: releaseAdmission },
    },
    state,
    deps,
  )
  // A reload has taken `hold` from the route, or the module that knows what the next upstream has to be told.
  if (isHeld && (replay === 'gone' || !state.options.hold)) {
    pipe.end({ what: 'upstream-not-back', retry: pipe.retry() })
  }
}

/**
 * The module for the options that the connection began with. Where it is gone a held client has to come back anew.
 *
 * @throws {GatewayError} It is gone, and the connection is not held: it goes on where it is.
 */
function replayOf(
  { held }: PackedConnection,
  isHeld: boolean,
  state: RouteState,
): ReplayModule | undefined | 'gone' {
  const hold = held?.hold ?? state.options.hold
  try {
    return held && hold && loadedReplay(hold.replay)
  } catch (error) {
    if (!isHeld) throw error
    return 'gone'
  }
}
