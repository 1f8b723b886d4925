import { randomBytes } from 'node:crypto'
import { type FrameHeader, readFrameHeader } from '../frame-header.ts'

/** RFC 6455 5.2, "Opcode". */
export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** RFC 6455 5.5: "All control frames MUST have a payload length of 125 bytes or less". */
const maxControlPayload = 125

/** A whole frame as a client sends it: unfragmented, and masked (RFC 6455 5.1). */
export function clientFrame(op: number, payload: Uint8Array): Buffer {
  const mask = randomBytes(4)
  const masked = Buffer.from(payload)
  for (let i = 0; i < masked.length; i++) masked[i]! ^= mask[i & 3]!
  return Buffer.concat([header(op, payload.length), mask, masked])
}

function header(op: number, length: number): Buffer {
  if (length <= maxControlPayload) return Buffer.from([0x80 | op, 0x80 | length])
  const long = length > 0xffff
  const bytes = Buffer.alloc(long ? 10 : 4)
  bytes[0] = 0x80 | op
  bytes[1] = 0x80 | (long ? 127 : 126)
  if (long) bytes.writeBigUInt64BE(BigInt(length), 2)
  else bytes.writeUInt16BE(length, 2)
  return bytes
}

/** What a server sent: a control frame with its payload, or the end of a message with the bytes of its frames. */
export type ServerFrame =
  | { is: 'control'; opcode: number; payload: Buffer }
  | { is: 'message'; bytes: number }
  | { is: 'broken'; words: string }

/** Cuts what a server sends into frames. Of data only the length is kept, so that its memory is bounded. */
export class ServerFrames {
  readonly #compressed: boolean
  #bytes: Buffer = Buffer.alloc(0)
  /** Payload bytes of the data frame in progress that have not come yet. */
  #due = 0
  #inMessage = false
  #lastFrame = false
  #messageBytes = 0
  #broken = false

  /** `compressed`: RFC 7692 6 lets RSV1 be set, since permessage-deflate was agreed. */
  constructor(compressed: boolean) {
    this.#compressed = compressed
  }

  /** What has become whole with this chunk. After a broken frame nothing is read any more. */
  push(chunk: Buffer): ServerFrame[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    const found: ServerFrame[] = []
    while (!this.#broken) {
      const frame = this.#inMessage && this.#due > 0 ? this.#skip() : this.#next()
      if (frame === 'more') break
      if (frame) found.push(frame)
    }
    return found
  }

  #skip(): ServerFrame | 'more' | undefined {
    const take = Math.min(this.#due, this.#bytes.length)
    this.#bytes = this.#bytes.subarray(take)
    this.#due -= take
    return this.#due > 0 ? 'more' : this.#endOfData()
  }

  #next(): ServerFrame | 'more' | undefined {
    const head = readFrameHeader(this.#bytes)
    if (head === 'short') return 'more'
    // 5.2: of a length in 64 bits, "the most significant bit MUST be 0".
    if (head === 'long') return this.#break('a frame of impossible length')
    const wrong = this.#wrong(head)
    if (wrong) return this.#break(wrong)
    if (head.opcode < opcode.close) {
      this.#bytes = this.#bytes.subarray(head.size)
      this.#due = head.length
      this.#messageBytes = (this.#inMessage ? this.#messageBytes : 0) + head.length
      this.#inMessage = true
      this.#lastFrame = head.fin
      return head.length > 0 ? undefined : this.#endOfData()
    }
    const end = head.size + head.length
    if (this.#bytes.length < end) return 'more'
    const payload = Buffer.from(this.#bytes.subarray(head.size, end))
    this.#bytes = this.#bytes.subarray(end)
    return { is: 'control', opcode: head.opcode, payload }
  }

  #break(words: string): ServerFrame {
    this.#broken = true
    return { is: 'broken', words }
  }

  #endOfData(): ServerFrame | undefined {
    if (!this.#lastFrame) return undefined
    this.#inMessage = false
    return { is: 'message', bytes: this.#messageBytes }
  }

  /** What in this header RFC 6455 5.2 to 5.5 forbid. */
  #wrong({ opcode: op, fin, length, masked, rsv, size }: FrameHeader): string | undefined {
    // 5.1: "A server MUST NOT mask any frames that it sends to the client."
    if (masked) return 'a masked frame'
    const rsv1 = this.#compressed && (op === opcode.text || op === opcode.binary) ? 4 : 0
    if (rsv & ~rsv1) return 'reserved bits set'
    if (op > opcode.pong || (op > opcode.binary && op < opcode.close)) return `reserved opcode ${op}`
    // 5.2: "the minimal number of bytes MUST be used to encode the length".
    if (size > (length > 0xffff ? 10 : length > 125 ? 4 : 2))
      return 'a length that is not in its shortest form'
    if (op >= opcode.close) {
      if (!fin) return 'a fragmented control frame'
      return length > maxControlPayload ? `a control frame of ${length} bytes` : undefined
    }
    if ((op === opcode.continuation) !== this.#inMessage) return 'fragments out of order'
    return undefined
  }
}
