import { randomBytes } from 'node:crypto'

/** RFC 6455 5.2, "Opcode". */
export const opcode = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const

export interface FrameInit {
  opcode: number
  payload?: string | Uint8Array
  /** Default true. */
  fin?: boolean
  rsv1?: boolean
  rsv2?: boolean
  rsv3?: boolean
  /** True: masked with a random key. Four bytes: masked with these. Default: unmasked. */
  mask?: boolean | Uint8Array
  /** Says this length in the header, whatever the payload's is: for frames cut short and for lies. */
  declaredLength?: number | bigint
  /** Writes the length in this form, even where RFC 6455 5.2 demands a shorter one. */
  lengthBits?: 7 | 16 | 64
}

/** The bytes of one frame. Nothing is checked: it builds invalid frames too. */
export function frame(init: FrameInit): Buffer {
  const payload = Buffer.from(init.payload ?? '')
  const mask = init.mask === true ? randomBytes(4) : init.mask || undefined
  const first =
    (init.fin === false ? 0 : 0x80) |
    (init.rsv1 ? 0x40 : 0) |
    (init.rsv2 ? 0x20 : 0) |
    (init.rsv3 ? 0x10 : 0) |
    init.opcode
  const length = encodeLength(BigInt(init.declaredLength ?? payload.length), init.lengthBits)
  length[0]! |= mask ? 0x80 : 0
  const parts: Uint8Array[] = [Buffer.from([first]), length]
  if (mask) {
    parts.push(mask)
    applyMask(payload, mask)
  }
  return Buffer.concat([...parts, payload])
}

function encodeLength(length: bigint, bits?: 7 | 16 | 64): Buffer {
  const form = bits ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64)
  if (form === 7) return Buffer.from([Number(length)])
  const bytes = Buffer.alloc(form === 16 ? 3 : 9)
  bytes[0] = form === 16 ? 126 : 127
  if (form === 16) bytes.writeUInt16BE(Number(length), 1)
  else bytes.writeBigUInt64BE(BigInt.asUintN(64, length), 1)
  return bytes
}

/** RFC 6455 5.3; in place, and its own inverse. */
export function applyMask(payload: Uint8Array, mask: Uint8Array): void {
  for (let i = 0; i < payload.length; i++) payload[i]! ^= mask[i & 3]!
}

/** The payload of a Close frame; without a code it is empty. */
export function closePayload(code?: number, reason: string | Uint8Array = ''): Buffer {
  if (code === undefined) return Buffer.alloc(0)
  const head = Buffer.alloc(2)
  head.writeUInt16BE(code)
  return Buffer.concat([head, Buffer.from(reason)])
}
