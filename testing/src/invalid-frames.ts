import { closePayload, type FrameInit, frame, opcode } from './frame.ts'

function invalid(init: FrameInit): Buffer {
  return frame({ payload: 'x', ...init })
}

/** Frames that no server may send, by what is wrong with them. */
export const invalidFrames = {
  // RFC 6455 5.1: "A server MUST NOT mask any frames that it sends to the client."
  'masked frame': invalid({ opcode: opcode.text, mask: true }),
  // 5.2: "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_."
  'reserved data opcode': invalid({ opcode: 0x3 }),
  'reserved control opcode': invalid({ opcode: 0xb }),
  // 5.2: "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values."
  'RSV1 without an extension': invalid({ opcode: opcode.text, rsv1: true }),
  'RSV2 set': invalid({ opcode: opcode.text, rsv2: true }),
  'RSV3 set': invalid({ opcode: opcode.text, rsv3: true }),
  // 5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented."
  'fragmented ping': invalid({ opcode: opcode.ping, fin: false }),
  'fragmented close': invalid({ opcode: opcode.close, fin: false, payload: closePayload(1000) }),
  'ping of 126 bytes': invalid({ opcode: opcode.ping, payload: 'x'.repeat(126) }),
  'close of 126 bytes': invalid({ opcode: opcode.close, payload: closePayload(1000, 'x'.repeat(124)) }),
  // 5.5: 125 bytes or less fit into seven bits; 5.2: "the minimal number of bytes MUST be used to encode the length".
  'ping of 2^53 bytes': invalid({ opcode: opcode.ping, payload: '', declaredLength: 1n << 53n }),
  'close with the top bit of its length': invalid({
    opcode: opcode.close,
    payload: '',
    declaredLength: 1n << 63n,
  }),
  'pong with a length of 64 bits': invalid({ opcode: opcode.pong, lengthBits: 64 }),
  'ping with a length of 16 bits': invalid({ opcode: opcode.ping, lengthBits: 16 }),
  // 5.5.1: "the first two bytes of the body MUST be a 2-byte unsigned integer"
  'close of one byte': invalid({ opcode: opcode.close, payload: Uint8Array.of(3) }),
  // 7.4.1: 1005 "MUST NOT be set as a status code in a Close control frame by an endpoint"
  'close code 1005': invalid({ opcode: opcode.close, payload: closePayload(1005) }),
  // 7.4.2: "Status codes in the range 0-999 are not used."
  'close code 999': invalid({ opcode: opcode.close, payload: closePayload(999) }),
  // 5.5.1: the reason is "UTF-8-encoded data"
  'close reason not UTF-8': invalid({
    opcode: opcode.close,
    payload: closePayload(1000, Uint8Array.of(0xff, 0xfe)),
  }),
  // 5.4: a continuation continues a message that has started.
  'continuation without a start': invalid({ opcode: opcode.continuation }),
  'new message inside a message': Buffer.concat([
    invalid({ opcode: opcode.text, fin: false }),
    invalid({ opcode: opcode.text }),
  ]),
  // 5.2: "the most significant bit MUST be 0"
  'length with the top bit': invalid({ opcode: opcode.binary, declaredLength: 1n << 63n }),
} as const satisfies Record<string, Buffer>

export type InvalidFrame = keyof typeof invalidFrames
