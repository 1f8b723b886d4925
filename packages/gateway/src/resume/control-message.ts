// The control messages of PROTOCOL.md, section 3: written for a client, and known among what one sends. Pure.
import { constants, inflateRawSync } from 'node:zlib'
import { messageFrame } from '../wire/index.ts'

/** What a client may say; `unknown` is a type that a later version has, and is ignored. */
export type ClientSays =
  | { type: 'ack'; received: number }
  | { type: 'ping' | 'pong'; id: number }
  | { type: 'bye' }
  | { type: 'unknown' }

/** Why a client that comes back gets a new session. */
export interface Over {
  why: 'expired' | 'evicted' | 'closed' | 'counters' | 'unknown'
  /** Data messages of the client that arrived. */
  received?: number
}

export interface Welcome {
  type: 'welcome'
  token: string
  protocol: string
  received: number
  resumed: boolean
  /** Messages that may be missing, or may have come twice, where a gateway was lost. */
  lost?: number
  doubled?: number
  window: number
  for: number
  over?: Over
}

export type GatewaySays = Welcome | { type: 'ack'; received: number } | { type: 'ping' | 'pong'; id: number }

/** Characters of a nonce: 96 bits in base64url. */
const nonceLength = 16
/** Bytes of a client's control message at most, on the wire and inflated. */
export const longestFromClient = 128
/** Bytes by which a control message is known: U+0000 and the nonce. */
export const prefixLength = 1 + nonceLength

/** The frame of a control message for the client. */
export function controlMessage(nonce: string, says: GatewaySays): Buffer {
  return messageFrame({ type: 'text', data: `\0${nonce}${JSON.stringify(says)}` }, false)
}

/** Undefined: it is data. `malformed`: it has the nonce, and is nothing that PROTOCOL.md allows. */
export function readControlMessage(payload: Buffer, nonce: string): ClientSays | 'malformed' | undefined {
  if (payload[0] !== 0 || payload.toString('latin1', 1, prefixLength) !== nonce) return undefined
  if (payload.length > longestFromClient) return 'malformed'
  const text = payload.toString('utf8', prefixLength)
  const [, received] = usualAck.exec(text) ?? []
  return received === undefined ? readBody(text) : { type: 'ack', received: Number(received) }
}

/** What nearly all of them are, as nearly all clients write it. */
const usualAck = /^\{"type":"ack","received":(0|[1-9]\d{0,14})\}$/

function readBody(text: string): ClientSays | 'malformed' {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return 'malformed'
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'malformed'
  const { type, received, id } = body as Record<string, unknown>
  switch (type) {
    case 'ack':
      return isCount(received) && decimal.received.test(text) ? { type, received } : 'malformed'
    case 'ping':
    case 'pong':
      return isCount(id) && decimal.id.test(text) ? { type, id } : 'malformed'
    case 'bye':
      return { type }
    default:
      return typeof type === 'string' ? { type: 'unknown' } : 'malformed'
  }
}

/** PROTOCOL.md 3: "All numbers are integers, 0 or greater, and below 2^53." */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** PROTOCOL.md 3: "They are written in decimal, without exponent or fraction." */
const decimal = {
  received: /"received"\s*:\s*\d+\s*[,}]/,
  id: /"id"\s*:\s*\d+\s*[,}]/,
}

/**
 * The text of a message compressed with permessage-deflate; undefined when it is longer than `atMost`, or cannot be
 * inflated: then it is none of ours.
 */
export function inflated(payload: Buffer, atMost: number): Buffer | undefined {
  try {
    // RFC 7692 7.2.2: the sender has cut the 0x00 0x00 0xff 0xff at the end.
    return inflateRawSync(Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: atMost,
      // Its own is 16 KiB, for each call.
      chunkSize: 256,
    })
  } catch {
    return undefined
  }
}
