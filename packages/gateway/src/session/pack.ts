// Takes a connection apart so that another process can go on with it (handover.ts), and puts it together there.

import assert from 'node:assert/strict'
import type { SideName } from '../connection/index.ts'
import type { Clock, Handle, HoldOptions } from '../core/index.ts'
import { loadedReplay, type Replay, type ReplayModule } from '../hold/replay/index.ts'
import { addressOf } from '../upstream/index.ts'
import { type Carry, wireOfHandle } from '../wire/index.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import type { Connection } from './connections.ts'
import { openConnection } from './open-connection.ts'
import { type PackedConnection, readPacked, writePacked } from './packed-connection.ts'
import type { RouteState } from './route-state.ts'

/** A connection whose sockets belong to whoever has this. */
export interface Packed {
  /** What `readPacked` reads. */
  record: string
  /** For the counts, as long as it is on its way. */
  route?: string
  client: Handle
  /** Absent while the connection is held. */
  upstream?: Handle
  /** Number of its admission in the ledger of all workers. */
  admission?: number
  /** What its replay module knows, for this process: it goes on with it when nobody else takes the connection. */
  replay?: Replay
}

/** What joins streams that have to stay in this process to the next one. */
export interface Carrier {
  /** The worker that it is in. */
  readonly worker: number
  /**
   * The way for the stream of one side of a connection.
   *
   * @throws {Error} There is none, and the connection stays.
   */
  way(side: SideName, connection: string): Promise<CarrierWay>
}

export interface CarrierWay {
  /** Joins the stream to it; the result is the end for the other process. */
  carry: Carry
  /** It is not needed after all. */
  discard(): void
}

/** Milliseconds between two looks at write queues that are not empty. */
const lookEvery = 2

/**
 * Stops reading both sides, hands on what was read, and waits at most `within` milliseconds until all of it has gone
 * out. Undefined: it cannot be taken now, and goes on as before. Without `carrier` that is so where a stream has to stay.
 *
 * @throws {Error} Its state cannot be written down, or there is no way for a stream that stays; it goes on as before.
 */
export async function packConnection(
  connection: Connection,
  within: number,
  clock: Clock,
  carrier?: Carrier,
): Promise<Packed | undefined> {
  const { pipe } = connection
  const carried = carrier !== undefined
  if (!pipe.isMovable(carried)) return undefined
  // Made while everything still flows.
  const ways = await makeWays(connection, carrier)
  if (!pipe.isMovable(carried)) {
    discard(ways)
    return undefined
  }
  pipe.freeze()
  let packed: Packed | undefined
  try {
    const until = clock.now() + within
    while (!pipe.isEmpty && clock.now() < until) {
      await new Promise<void>((resolve) => clock.setTimeout(resolve, lookEvery))
    }
    // A held connection may have found its next upstream meanwhile.
    const known = pipe.needCarriers.every((side) => ways[side])
    packed =
      known && pipe.isEmpty && pipe.isMovable(carried) ? takeApart(connection, ways, carrier) : undefined
  } finally {
    if (!packed) {
      discard(ways)
      pipe.thaw()
    }
  }
  return packed
}

type Ways = Partial<Record<SideName, CarrierWay>>

async function makeWays({ id, pipe }: Connection, carrier: Carrier | undefined): Promise<Ways> {
  const ways: Ways = {}
  try {
    for (const side of pipe.needCarriers) ways[side] = await carrier!.way(side, id)
  } catch (error) {
    discard(ways)
    throw error
  }
  return ways
}

function discard(ways: Ways): void {
  for (const way of Object.values(ways)) way.discard()
}

function takeApart(connection: Connection, ways: Ways, carrier: Carrier | undefined): Packed {
  const { pipe, opening, id, route, openedAt, reattached, restoredBy, upstream: place } = connection
  const { address, http } = connection
  const { protocol, extensions, asked } = opening
  const admission = connection.admission.id
  const held = opening.held && { ...opening.held, hold: packedHold(opening.held.hold) }
  const resumes = connection.session || opening.resumes ? true : undefined
  const before = { id, openedAt, reattached, restoredBy, place, pipe: pipe.pack() }
  const needed = pipe.needCarriers
  const by = (side: SideName) => (needed.includes(side) ? carrier?.worker : connection.carried?.[side])
  // A stream that came from another worker is a socket here: what it came through, and is no socket, is a front.
  const front =
    connection.carried?.front ?? (needed.includes('client') ? connection.carried?.client : undefined)
  const places = { client: by('client'), upstream: before.pipe.upstream && by('upstream'), front }
  const carried = (places.client ?? places.upstream) === undefined ? undefined : places
  // All that can fail comes first: a replay module's `save`, and what it returned.
  const record = writePacked({
    ...{ route, protocol, extensions, address, http, held, admission },
    ...{ auth: connection.renewal?.pack(), asked, carried, resumes, before },
  })
  for (const side of ['client', 'upstream'] as const) {
    if (!needed.includes(side)) ways[side]?.discard()
  }
  const given = pipe.giveAway({ client: ways.client?.carry, upstream: ways.upstream?.carry })
  connection.leave()
  return { record, route, ...given, admission }
}

/** Not `stopping`, which is as the route says now. */
function packedHold(hold: HoldOptions | undefined): HoldOptions | undefined {
  if (!hold) return hold
  const { stopping, ...own } = hold
  return own
}

/**
 * Goes on with a connection that was packed, here or in another process.
 *
 * @throws {Error} The record is not what it should be, or there is no such route. The sockets were not touched.
 */
export function unpackConnection(
  { record, client, upstream, replay: knows }: Packed,
  releaseAdmission: () => void,
  routeOf: (route: string) => { state: RouteState; deps: ConnectionDeps },
): void {
  const packed = readPacked(record)
  const isHeld = packed.before.pipe.upstream === undefined
  assert(isHeld === (upstream === undefined), 'a record and the sockets beside it do not belong together')
  const { state, deps } = routeOf(packed.route)
  const { place } = packed.before
  const known = state.pool.upstreams.find(
    ({ name, target }) => name === place?.name && addressOf(target) === place.address,
  )
  const module = replayOf(packed, isHeld, state)
  const replay = module === 'gone' ? undefined : module
  const leave = deps.entered?.(packed)
  const counted = known && !isHeld ? state.pool.acquire(known) : () => {}
  try {
    const { pipe } = openConnection(
      {
        ...packed,
        replay: knows ? { ...replay, create: () => knows } : replay,
        upstream: known,
        releaseUpstream: counted,
        admission: {
          id: packed.admission,
          release() {
            leave?.()
            releaseAdmission()
          },
        },
      },
      { client: wireOfHandle(client), upstream: upstream && wireOfHandle(upstream) },
      state,
      deps,
    )
    // A reload has taken `hold` from the route, or the module that knows what the next upstream has to be told.
    if (isHeld && (module === 'gone' || !state.options.hold)) {
      pipe.end({ what: 'upstream-not-back', retry: pipe.retry() })
    }
  } catch (error) {
    counted()
    leave?.()
    throw error
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
