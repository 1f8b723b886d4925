import { isUtf8 } from 'node:buffer'
import { randomFillSync } from 'node:crypto'
import { mayTravel } from '@holdfast/close-codes'

/** RFC 6455 5.2: the four bits that say what a frame is. */
export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** RFC 6455 5.2: FIN in the first byte of a frame, MASK in the second. */
export const finBit = 0x80
export const maskBit = 0x80

/** RFC 6455 5.5: "All control frames MUST have a payload length of 125 bytes or less". */
export const maxControlPayload = 125

/**
 * Builds a whole control frame of the gateway's own.
 * `masked`: true towards an upstream, false towards a client.
 */
export function controlFrame(op: number, payload: Uint8Array, masked: boolean): Buffer {
  const offset = masked ? 6 : 2
  const frame = Buffer.allocUnsafe(offset + payload.length)
  frame[0] = 0x80 | op
  frame[1] = (masked ? 0x80 : 0) | payload.length
  frame.set(payload, offset)
  if (masked) {
    setMaskingKey(frame, 2)
    for (let i = 0; i < payload.length; i++) frame[offset + i]! ^= frame[2 + (i & 3)]!
  }
  return frame
}

/** Random bytes for masking keys: to draw many at a time costs less than a fifth of drawing each by itself. */
const keys = Buffer.alloc(4096)
let keysUsed = keys.length

/** Writes the masking key of a frame. RFC 6455 5.3: "the masking key MUST be derived from a strong source of entropy". */
function setMaskingKey(frame: Buffer, at: number): void {
  if (keysUsed === keys.length) {
    randomFillSync(keys)
    keysUsed = 0
  }
  for (let i = 0; i < 4; i++) frame[at + i] = keys[keysUsed + i]!
  keysUsed += 4
}

/** The header of an unmasked data frame whose first byte is given (RFC 6455 5.2). */
export function dataHeader(first: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(length < 126 ? 2 : length < 0x10000 ? 4 : 10)
  header[0] = first
  header[1] = length < 126 ? length : length < 0x10000 ? 126 : 127
  if (header.length === 4) header.writeUInt16BE(length, 2)
  else if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2)
  return header
}

/** A message of the gateway's own in one frame. `masked`: true towards an upstream, false towards a client. */
export function messageFrame(
  message: { type: 'text' | 'binary'; data: string | Buffer },
  masked: boolean,
): Buffer {
  const payload = Buffer.from(message.data)
  const header = dataHeader(0x80 | opcode[message.type], payload.length)
  if (!masked) return Buffer.concat([header, payload])
  header[1]! |= 0x80
  const key = Buffer.allocUnsafe(4)
  setMaskingKey(key, 0)
  for (let i = 0; i < payload.length; i++) payload[i]! ^= key[i & 3]!
  return Buffer.concat([header, key, payload])
}

/** A Close frame; without a code its body is empty, and the peer reports 1005 (RFC 6455 7.1.5). */
export function closeFrame(code: number | undefined, reason: string, masked: boolean): Buffer {
  if (code === undefined) return controlFrame(opcode.close, Buffer.alloc(0), masked)
  const text = Buffer.from(reason)
  const payload = Buffer.allocUnsafe(2 + text.length)
  payload.writeUInt16BE(code, 0)
  payload.set(text, 2)
  return controlFrame(opcode.close, payload, masked)
}

/** Length of the frame header that begins at `at`; 14, the most there is, while it cannot be told. */
export function headerLength(chunk: Buffer, at: number): number {
  if (at + 1 >= chunk.length) return 14
  const second = chunk[at + 1]!
  const form = second & 0x7f
  return 2 + (form === 126 ? 2 : form === 127 ? 8 : 0) + ((second & maskBit) !== 0 ? 4 : 0)
}

/** Payload length; NaN when it is over 2^53 bytes, which no peer can mean. */
export function payloadLength(chunk: Buffer, at: number): number {
  const form = chunk[at + 1]! & 0x7f
  if (form < 126) return form
  if (form === 126) return chunk.readUInt16BE(at + 2)
  const high = chunk.readUInt32BE(at + 2)
  return high > 0x1fffff ? Number.NaN : high * 0x100000000 + chunk.readUInt32BE(at + 6)
}

export function unmasked(frame: Buffer, header: number): Buffer {
  const payload = Buffer.from(frame.subarray(header))
  for (let i = 0; i < payload.length; i++) payload[i]! ^= frame[header - 4 + (i & 3)]!
  return payload
}

/** RFC 6455 5.5.1: empty, or a status code that may travel and then UTF-8. The result says what is wrong. */
export function closePayloadFault(payload: Buffer): 'protocol' | 'not-utf8' | undefined {
  if (payload.length === 0) return undefined
  if (payload.length < 2 || !mayTravel(payload.readUInt16BE(0))) return 'protocol'
  return isUtf8(payload.subarray(2)) ? undefined : 'not-utf8'
}
