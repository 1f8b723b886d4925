// A connection without its sockets, as it goes from one process to another: its type, its version, and what it must look
// like on arrival. Both ends of a live upgrade run different code, so that what came is checked before it is believed.

import type { PackedRenewal } from '../auth/index.ts'
import type { PackedPipe, PackedSide } from '../connection/index.ts'
import {
  type Asked,
  anything,
  base64,
  type Check,
  count,
  type Direction,
  either,
  finite,
  flag,
  type HoldOptions,
  list,
  oneOf,
  optional,
  pair,
  record,
  type Shape,
  type Traffic,
  text,
} from '../core/index.ts'
import type {
  PackedConfirmed,
  PackedFreshStart,
  PackedHold,
  PackedPending,
  PackedProof,
} from '../hold/index.ts'
import type { UpgradeRequest } from '../http/index.ts'
import type { PackedMessageReader, PackedReader } from '../wire/index.ts'
import type { Before, Opening } from './opening.ts'

/**
 * Counts one up with every change of what follows, also of what a field means; test/golden has the shape and a record of
 * it. Code that knows neither that number nor the next refuses the connection, which then stays where it is.
 */
export const packedVersion = 6

/** What a record says that has nothing of version 6, a front behind a carrier: code of that version goes on with it. */
const versionBefore = 5

/** The first version that is still understood. */
const earliestRead = 2

/** Characters of one record at most: all of them pass through the supervisor, in front of everybody else's. */
export const packedAtMost = 16 * 1024 * 1024

export interface PackedConnection
  extends Pick<
    Opening,
    'protocol' | 'extensions' | 'address' | 'http' | 'held' | 'auth' | 'asked' | 'carried' | 'resumes'
  > {
  route: string
  /** Its number in the ledger of all workers. */
  admission?: number
  before: Before
}

const reader = record<PackedReader>({
  begun: base64,
  stash: base64,
  stashing: flag,
  remaining: count,
  fragment: optional(count),
  inMessage: flag,
  messageBytes: count,
  messageAt: count,
  messages: count,
  bytes: count,
})

const side = record<PackedSide>({ reader, ping: optional(base64) })

const messageReader = record<PackedMessageReader>({
  rest: base64,
  frameAt: count,
  passing: optional(record({ remaining: count, last: flag })),
})

const hold = record<PackedHold>({
  kept: record<PackedPending>({ progress: base64, tooLong: flag, waiting: optional(base64) }),
  confirmed: record<PackedConfirmed>({ sent: count, confirmed: count, marked: count, prefix: base64 }),
  heldFor: finite,
  departed: count,
  ping: optional(base64),
  restOwed: flag,
  reattached: flag,
  proof: record<PackedProof>({ losses: count, answers: optional(flag), attached: list(finite) }),
  replay: anything,
  freshStart: optional(
    record<PackedFreshStart>({ left: count, bytes: base64, compressed: flag, payload: base64 }),
  ),
  fromClient: optional(messageReader),
  fromUpstream: optional(messageReader),
})

const replayOptions = either(
  either(
    record<{ by: 'none' | 'auto' }>({ by: oneOf('none', 'auto') }),
    record<{ by: 'first'; messages: number }>({ by: oneOf('first'), messages: count }),
  ),
  either(
    record<{ by: 'protocol'; name: string }>({ by: oneOf('protocol'), name: text }),
    record<{ by: 'file'; path: string }>({ by: oneOf('file'), path: text }),
  ),
)

const holdOptions = record<Omit<HoldOptions, 'stopping'>>({
  for: finite,
  on: list(either(count, oneOf('lost'))),
  state: oneOf('auto', 'none'),
  buffer: count,
  replay: replayOptions,
})

const byDirection = record<Record<Direction, number>>({ 'to-upstream': count, 'to-client': count })

const pipe = record<PackedPipe>({
  client: side,
  upstream: optional(side),
  carried: record<Traffic>({ messages: byDirection, bytes: byDirection }),
  hold: optional(hold),
})

const http = oneOf('1.1', '2')

/** A client's handshake. */
export const handshakeRequest = record<UpgradeRequest>({
  httpVersion: http,
  target: text,
  host: text,
  authority: text,
  headers: list(pair(text, text)) as Check<UpgradeRequest['headers']>,
  key: text,
  protocols: list(text),
  extensions: text,
  origin: optional(text),
  address: text,
})

const auth = record<PackedRenewal<UpgradeRequest>>({
  request: handshakeRequest,
  expiresInMs: finite,
  failingForMs: optional(finite),
})

const asked = record<Asked>({
  at: finite,
  method: text,
  target: text,
  http: text,
  host: text,
  userAgent: optional(text),
  referer: optional(text),
  origin: optional(text),
  admitMs: optional(finite),
  authMs: optional(finite),
  upstreamMs: optional(finite),
})

const connection = record<PackedConnection & { version: number }>({
  version: count,
  route: text,
  protocol: optional(text),
  extensions: optional(text),
  address: text,
  http,
  held: optional(
    record<NonNullable<Opening['held']>>({
      session: text,
      request: handshakeRequest,
      hold: optional(holdOptions),
    }),
  ),
  admission: optional(count),
  auth: optional(auth),
  asked: optional(asked),
  carried: optional(
    record<NonNullable<Opening['carried']>>({
      client: optional(count),
      upstream: optional(count),
      front: optional(count),
    }),
  ),
  resumes: optional(flag),
  before: record<Before>({
    id: text,
    openedAt: finite,
    reattached: count,
    restoredBy: optional(oneOf('upstream', 'replay', 'stateless')),
    place: optional(record({ name: text, address: text })),
    pipe,
  }),
})

/** What a record must look like, as data. */
export const packedShape: Shape = connection.shape

/** @throws {Error} It cannot be written down, or is too long: what a replay module saved may be anything. */
export function writePacked(packed: PackedConnection): string {
  const version = packed.carried?.front === undefined ? versionBefore : packedVersion
  const written = JSON.stringify({ version, ...packed })
  if (written.length > packedAtMost)
    throw new RangeError(`its state is ${written.length} characters long; ${packedAtMost} can be moved`)
  return written
}

/**
 * @throws {Error} It is of another version, or not what it should be. Version 2 had nothing for an
 * access log, version 3 nothing of carriers, version 4 nothing of sessions, version 5 nothing of fronts.
 */
export function readPacked(written: string): PackedConnection {
  const { version, ...said } = JSON.parse(written)
  if (!Number.isInteger(version) || version < earliestRead || version > packedVersion)
    throw new TypeError(`a packed connection has version ${version}; this code knows ${packedVersion}`)
  connection({ version: packedVersion, ...said }, '')
  return said
}
