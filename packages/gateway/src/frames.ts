import { randomFillSync } from 'node:crypto'

/** RFC 6455 5.2: the four bits that say what a frame is. */
export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

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
    // RFC 6455 10.3: "the masking key MUST NOT be predictable".
    const key = randomFillSync(frame, 2, 4)
    for (let i = 0; i < payload.length; i++) frame[offset + i]! ^= key[2 + (i & 3)]!
  }
  return frame
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
  const key = randomFillSync(Buffer.allocUnsafe(4))
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
