// The frames of RFC 6455 5.2 in a row of bytes.
import { type FrameHeader, readFrameHeader } from '@holdfast/doctor/readers'

/** The names of RFC 6455 11.8. */
export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export const isControl = (op: number) => op >= 8

export const isReserved = (op: number) => (op > 2 && op < 8) || op > 10

export interface RawFrame extends FrameHeader {
  readonly start: number
  readonly payloadStart: number
  /** One past its last byte, be that there or not. */
  readonly end: number
  /** As much of the payload as is there, unmasked. */
  payload(most?: number): Uint8Array
}

/** The frame at a position: 'short' when its head is not all there, 'long' when its length is no length. */
export function frameAt(bytes: Uint8Array, start: number): RawFrame | 'short' | 'long' {
  const header = readFrameHeader(bytes, start)
  if (typeof header === 'string') return header
  const { size, length, masked } = header
  const payloadStart = start + size
  return {
    ...header,
    start,
    payloadStart,
    end: payloadStart + length,
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
