// A session without its sockets, as a gateway gives it to another: the connection, held, as a live upgrade packs it, and what its client
// comes back to. Both ends may run different code, so that what came is checked before it is believed.
import assert from 'node:assert/strict'
import { base64, count, finite, flag, optional, record, text } from '../core/index.ts'
import type { PackedSession } from '../resume/index.ts'
import type { Connection } from './connections.ts'
import type { GivenSession } from './opening.ts'
import { type PackedConnection, readPacked, writePacked } from './packed-connection.ts'
import type { RouteState } from './route-state.ts'

/** The number of this form. Readers take this one and the one before. */
const version = 1

export interface Given extends GivenSession {
  connection: PackedConnection
  /** By which others find it. */
  id: string
  /** The key of its tokens, as Base64url, and the number of the last that was given. */
  key: string
  number: number
  identity?: string
  answers?: boolean
}

type Written = Omit<Given, 'connection'> & { v: number; connection: string }

const form = record<Written>({
  v: count,
  connection: text,
  id: text,
  key: text,
  number: count,
  identity: optional(text),
  answers: optional(flag),
  base: count,
  tokens: record<Given['tokens']>({ known: text, sent: optional(text) }),
  session: record<PackedSession>({
    received: count,
    acknowledged: count,
    taken: count,
    highest: count,
    frames: base64,
    waiting: base64,
    awayMs: finite,
    untold: optional(
      record<NonNullable<PackedSession['untold']>>({ lost: optional(count), doubled: optional(count) }),
    ),
  }),
})

/**
 * A connection that is held, without its session.
 *
 * @throws {Error} Its state cannot be written down.
 */
export function writeHeld(connection: Connection): string {
  const { pipe, opening, route, openedAt, reattached, restoredBy, upstream: place } = connection
  const { address, http } = connection
  const { protocol, extensions, asked, held } = opening
  assert(held, 'no other gateway could go on with it')
  const its = { session: held.session, request: held.request }
  const before = { id: connection.id, openedAt, reattached, restoredBy, place, pipe: pipe.pack() }
  const auth = connection.renewal?.pack()
  return writePacked({ route, protocol, extensions, address, http, held: its, auth, asked, before })
}

/**
 * A connection, as `writeHeld` has written it, and its session; from now on nothing of its client is read.
 *
 * @throws {Error} Its state cannot be written down.
 */
export function writeGiven(
  held: string,
  { opening: { answers, resume }, session }: Pick<Connection, 'opening' | 'session'>,
  { sessions }: RouteState,
): { id: string; session: string } {
  const entry = session && sessions.entryOf(session)
  assert(session && entry?.listing, 'no other gateway could go on with it')
  const { series } = entry.listing
  const written: Written = {
    v: version,
    connection: held,
    ...{ id: series.id, key: series.key, number: series.number },
    ...(entry.identity !== undefined && { identity: entry.identity }),
    ...(answers !== undefined && { answers }),
    base: baseOf(resume),
    tokens: entry.tokens.pack(),
    session: session.pack(),
  }
  return { id: series.id, session: JSON.stringify(written) }
}

/** @throws {Error} It is of another version, or not what it should be. */
export function readGiven(written: string): Given {
  const { v, ...said } = JSON.parse(written)
  if (v !== version && v !== version - 1)
    throw new TypeError(`a session has version ${v}; this code knows ${version}`)
  form({ v, ...said }, '')
  return { ...said, connection: readPacked(said.connection) }
}

/** How many of the client's messages had arrived before what the connection itself counts. */
export function baseOf(resume: Connection['opening']['resume']): number {
  return resume?.taken?.received ?? resume?.given?.base ?? 0
}
