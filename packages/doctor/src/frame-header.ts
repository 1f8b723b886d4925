// The header of a frame, RFC 6455 5.2, for the checks and for the page that shows frames: it reads whatever was sent, also
// what no peer may send. The gateway has its own in its data path.

/** What a frame says of itself before its payload. */
export interface FrameHeader {
  /** Whether it is the last frame of its message. */
  readonly fin: boolean
  /** Number of the three reserved bits: RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  readonly rsv: number
  /** Number of the opcode. Source: RFC 6455 11.8. */
  readonly opcode: number
  /** Whether its payload is masked. */
  readonly masked: boolean
  /** Bytes of the header, with the masking key. */
  readonly size: number
  /** Bytes of the payload. */
  readonly length: number
  /** Whether the length is written in the fewest bytes. */
  readonly minimal: boolean
}

/** RFC 6455 5.2: "the most significant bit MUST be 0"; and what is longer than this no program can count. */
const maxLength = Number.MAX_SAFE_INTEGER

/** The header at a position: 'short' when it is not all there, 'long' when its length is no length. */
export function readFrameHeader(bytes: Uint8Array, at = 0): FrameHeader | 'short' | 'long' {
  const left = bytes.length - at
  if (left < 2) return 'short'
  const first = bytes[at]!
  const second = bytes[at + 1]!
  const masked = (second & 0x80) !== 0
  const form = second & 0x7f
  const lengthBytes = form === 126 ? 2 : form === 127 ? 8 : 0
  const size = 2 + lengthBytes + (masked ? 4 : 0)
  if (left < size) return 'short'
  let length = lengthBytes === 0 ? form : 0
  for (let i = 0; i < lengthBytes; i++) length = length * 256 + bytes[at + 2 + i]!
  if (length > maxLength) return 'long'
  return {
    fin: (first & 0x80) !== 0,
    rsv: (first >> 4) & 7,
    opcode: first & 15,
    masked,
    size,
    length,
    minimal: lengthBytes === 0 || (lengthBytes === 2 ? length > 125 : length > 0xffff),
  }
}
