// The frames of RFC 6455 5.2 in a row of bytes.

/** The names of RFC 6455 11.8. */
export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export const isControl = (op: number) => op >= 8

export const isReserved = (op: number) => (op > 2 && op < 8) || op > 10

export interface RawFrame {
  readonly start: number
  readonly payloadStart: number
  /** One past its last byte, be that there or not. */
  readonly end: number
  readonly fin: boolean
  /** RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  readonly rsv: number
  readonly opcode: number
  readonly masked: boolean
  readonly length: number
  /** Whether the length is written in the fewest bytes. */
  readonly minimal: boolean
  /** As much of the payload as is there, unmasked. */
  payload(most?: number): Uint8Array
}

/** RFC 6455 5.2: "the most significant bit MUST be 0"; and what is longer than this no program can count. */
const longest = Number.MAX_SAFE_INTEGER

/** The frame at a position: 'short' when its head is not all there, 'long' when its length is no length. */
export function frameAt(bytes: Uint8Array, start: number): RawFrame | 'short' | 'long' {
  const left = bytes.length - start
  if (left < 2) return 'short'
  const first = bytes[start]!
  const second = bytes[start + 1]!
  const masked = (second & 0x80) !== 0
  const short = second & 0x7f
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
  const head = 2 + lengthBytes + (masked ? 4 : 0)
  if (left < head) return 'short'
  let length = lengthBytes === 0 ? short : 0
  for (let i = 0; i < lengthBytes; i++) length = length * 256 + bytes[start + 2 + i]!
  if (length > longest) return 'long'
  const payloadStart = start + head
  return {
    start,
    payloadStart,
    end: payloadStart + length,
    fin: (first & 0x80) !== 0,
    rsv: (first >> 4) & 7,
    opcode: first & 15,
    masked,
    length,
    minimal: lengthBytes === 0 || (lengthBytes === 2 ? length > 125 : length > 0xffff),
    payload(most = length) {
      const there = bytes.subarray(payloadStart, payloadStart + Math.min(most, length))
      return masked ? unmask(there, bytes.subarray(payloadStart - 4, payloadStart)) : there
    },
  }
}

/** RFC 6455 5.3. */
function unmask(payload: Uint8Array, key: Uint8Array): Uint8Array {
  const plain = new Uint8Array(payload.length)
  for (let i = 0; i < payload.length; i++) plain[i] = payload[i]! ^ key[i & 3]!
  return plain
}

/** Whether frames begin here: some, one after the other, that a sound peer could have sent. */
export function framesBegin(bytes: Uint8Array, start: number, masked?: boolean): boolean {
  let at = start
  let seen = 0
  let mask = masked
  // Whether a message waits for its continuation; at first nobody knows.
  let open: boolean | undefined
  for (; seen < 8 && at < bytes.length; seen++) {
    const frame = frameAt(bytes, at)
    if (frame === 'long') return false
    // The last may have been cut off.
    if (frame === 'short') return seen > 0
    mask ??= frame.masked
    const sound =
      frame.masked === mask &&
      !isReserved(frame.opcode) &&
      (frame.rsv & 3) === 0 &&
      frame.minimal &&
      (isControl(frame.opcode)
        ? frame.fin && frame.rsv === 0 && frame.length < 126
        : // Zeros would read as empty fragments, which nobody sends.
          (frame.fin || frame.length > 0) && open !== (frame.opcode !== opcode.continuation))
    if (!sound) return false
    if (!isControl(frame.opcode)) open = !frame.fin
    at = frame.end
  }
  // One frame that goes on beyond the end could be anything.
  return seen > 1 || at === bytes.length
}
