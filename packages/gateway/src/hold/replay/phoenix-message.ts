// The messages of Phoenix channels in all their forms: V2 arrays, V1 objects, and the binary frames of V2.

import type { Message } from '../../wire/index.ts'
import { isObject, json, parseJson } from './message.ts'

/** What a Phoenix message says, without its payload. */
export interface PhoenixMessage {
  version: 1 | 2
  joinRef: string | null
  ref: string | null
  topic: string
  event: string
  /** Of a reply: 'ok', 'error' or what the server made up. */
  status?: string
}

/** Undefined when it is none. `from`: binary frames differ by direction. */
export function readPhoenix(message: Message, from: 'client' | 'upstream'): PhoenixMessage | undefined {
  if (message.type === 'binary') return readBinary(message.data, from)
  const value = parseJson(message)
  if (Array.isArray(value)) return described(2, value)
  if (!isObject(value)) return undefined
  return described(1, [value.join_ref, value.ref, value.topic, value.event, value.payload])
}

function described(
  version: 1 | 2,
  [joinRef, ref, topic, event, payload]: unknown[],
): PhoenixMessage | undefined {
  if (typeof topic !== 'string' || typeof event !== 'string') return undefined
  const status = isObject(payload) && typeof payload.status === 'string' ? { status: payload.status } : {}
  return { version, joinRef: refOf(joinRef), ref: refOf(ref), topic, event, ...status }
}

function refOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}

/**
 * Binary frames of the V2 serializer: a kind, the sizes of the fields, the fields, the payload. The client's pushes
 * and the server's replies have a ref; the server's pushes have none, its broadcasts no join_ref either.
 */
function readBinary(data: Buffer, from: 'client' | 'upstream'): PhoenixMessage | undefined {
  const kind = data[0]
  const push = { 0: ['joinRef', 'ref', 'topic', 'event'] }
  const sent = {
    0: ['joinRef', 'topic', 'event'],
    1: ['joinRef', 'ref', 'topic', 'status'],
    2: ['topic', 'event'],
  }
  const fields = (from === 'client' ? push : sent)[kind as 0]
  if (!fields || data.length < 1 + fields.length) return undefined
  const values: Record<string, string> = {}
  let at = 1 + fields.length
  fields.forEach((field, index) => {
    const size = data[1 + index]!
    values[field] = data.toString('utf8', at, at + size)
    at += size
  })
  if (at > data.length) return undefined
  const { joinRef = '', ref = '', topic = '', event = 'phx_reply', status } = values
  return {
    version: 2,
    joinRef: joinRef || null,
    ref: ref || null,
    topic,
    event,
    ...(status === undefined ? {} : { status }),
  }
}

/** The `ok` that the server would have sent to a message of the client's. */
export function okReply({ version, joinRef, ref, topic }: PhoenixMessage): Message {
  return written(version, joinRef, ref, topic, 'phx_reply', { status: 'ok', response: {} })
}

/** What the server sends when a channel has crashed; the client then joins it again itself. */
export function channelError({ version, joinRef, topic }: PhoenixMessage): Message {
  return written(version, joinRef, joinRef, topic, 'phx_error', {})
}

function written(
  version: 1 | 2,
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payload: object,
): Message {
  if (version === 2) return json([joinRef, ref, topic, event, payload])
  return json({ topic, event, payload, ref, ...(joinRef === null ? {} : { join_ref: joinRef }) })
}
