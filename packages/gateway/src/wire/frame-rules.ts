// What the frames of one direction must keep to, and whether a header does.
import { finBit, maskBit, maxControlPayload, opcode } from './frames.ts'

/** Why a direction cannot go on. */
export type Fault = 'protocol' | 'not-utf8' | 'too-big' | 'too-fast'

/** What a direction must keep to. */
export interface FrameRules {
  /** RFC 6455 5.1: frames from a client are masked, frames from a server are not. */
  masked: boolean
  /** RSV bits that the agreed extensions may set, as they stand in the first byte (RSV1 = 0x40). */
  rsv: number
  /** Payload bytes allowed in one message; Infinity for no limit. */
  messageBytes: number
  /**
   * A data frame of at most this many bytes, header included, is handed on only when all of it is here, so that a
   * Close can follow when the sender dies inside it. Longer frames stream. 0: everything streams.
   */
  wholeFrames: number
  /**
   * Hand a longer frame on as fragments, one for each piece that comes, so that a Close can follow even when the
   * sender dies inside it. RFC 6455 5.4 lets an intermediary do so while it knows the meaning of all RSV bits in use.
   */
  split: boolean
  /** Nobody refuses a message, so that `onMessage` need not be asked. */
  unlimited?: boolean
}

export const rsvBits = 0x70

/** Whether a frame may not begin so, whatever its payload. `inMessage`: a message has begun and not ended. */
export function isWrongHeader(
  chunk: Buffer,
  at: number,
  length: number,
  rules: FrameRules,
  inMessage: boolean,
): boolean {
  const first = chunk[at]!
  const op = first & 0x0f
  const rsv = first & rsvBits
  // RFC 6455 5.1: "a client MUST mask all frames that it sends to the server", "A server MUST NOT mask any frames".
  if (((chunk[at + 1]! & maskBit) !== 0) !== rules.masked) return true
  // RFC 6455 5.2: "If a nonzero value is received and none of the negotiated extensions defines the meaning of
  // such a nonzero value, the receiving endpoint MUST _Fail the WebSocket Connection_."
  if ((rsv & ~rules.rsv) !== 0) return true
  if (op >= opcode.close) {
    // RFC 6455 5.5: control frames have "a payload length of 125 bytes or less and MUST NOT be fragmented".
    // RFC 7692 6.1: "An endpoint MUST NOT set the 'Per-Message Compressed' bit of control frames".
    // By the seven bits alone: a longer form is wrong whatever it says, and may say what is no number.
    const isLong = (chunk[at + 1]! & 0x7f) > maxControlPayload
    const compressed = (rsv & 0x40) !== 0 && rules.rsv === 0x40
    return op > opcode.pong || (first & finBit) === 0 || isLong || compressed
  }
  // RFC 6455 5.2: opcodes 3-7 are reserved.
  if (op > opcode.binary) return true
  // RFC 6455 5.4: a continuation continues something, and nothing new begins before the last one has ended.
  if ((op === opcode.continuation) !== inMessage) return true
  // RFC 6455 5.2: "the minimal number of bytes MUST be used to encode the length", and of 64 bits
  // "the most significant bit MUST be 0".
  const form = chunk[at + 1]! & 0x7f
  return (form === 126 && length < 126) || (form === 127 && !(length > 0xffff))
}
