// The capture file of Wireshark: draft-ietf-opsawg-pcapng.
import { maxPackets, type Packet, type Packets, view } from './packets.ts'

const block = { section: 0x0a0d0d0a, interface: 1, obsolete: 2, simple: 3, enhanced: 6 } as const
const option = { end: 0, timeResolution: 9, timeOffset: 14 } as const

export const isPcapng = (bytes: Uint8Array) =>
  bytes.length >= 12 && view(bytes).getUint32(0) === block.section

interface Interface {
  readonly link: number
  /** Units of a second. */
  readonly resolution: number
  /** Seconds that are added. */
  readonly offset: number
  readonly snapLength: number
}

export function readPcapng(bytes: Uint8Array): Packets {
  const file = view(bytes)
  const packets: Packet[] = []
  let interfaces: Interface[] = []
  let little = false
  let at = 0
  while (at + 12 <= bytes.length && packets.length < maxPackets) {
    // The type of a section's block reads the same in both orders.
    if (file.getUint32(at) === block.section) {
      const order = file.getUint32(at + 8)
      if (order !== 0x1a2b3c4d && order !== 0x4d3c2b1a) return { packets, damaged: true }
      little = order === 0x4d3c2b1a
      interfaces = []
    }
    const length = file.getUint32(at + 4, little)
    if (length < 12 || length % 4 !== 0 || at + length > bytes.length) return { packets, damaged: true }
    const body = bytes.subarray(at + 8, at + length - 4)
    const type = file.getUint32(at, little)
    if (type === block.interface && body.length >= 8) interfaces.push(interfaceOf(body, little))
    else {
      const packet = packetOf(type, body, little, interfaces)
      if (packet) packets.push(packet)
    }
    at += length
  }
  return { packets, damaged: at !== bytes.length }
}

function interfaceOf(body: Uint8Array, little: boolean): Interface {
  const fields = view(body)
  let resolution = 1e6
  let offset = 0
  let at = 8
  while (at + 4 <= body.length) {
    const code = fields.getUint16(at, little)
    const length = fields.getUint16(at + 2, little)
    if (code === option.end || at + 4 + length > body.length) break
    // "If the most significant bit is 0, the remaining bits are a negative power of 10; if it is 1, of 2."
    if (code === option.timeResolution && length === 1) {
      const power = body[at + 4]!
      resolution = power < 0x80 ? 10 ** power : 2 ** (power & 0x7f)
    }
    if (code === option.timeOffset && length === 8) offset = Number(fields.getBigInt64(at + 4, little))
    at += 4 + length + (-length & 3)
  }
  return {
    link: fields.getUint16(0, little),
    resolution,
    offset,
    snapLength: fields.getUint32(4, little),
  }
}

function packetOf(
  type: number,
  body: Uint8Array,
  little: boolean,
  interfaces: readonly Interface[],
): Packet | undefined {
  const fields = view(body)
  if (type === block.simple && body.length >= 4) {
    const on = interfaces[0]
    const length = Math.min(fields.getUint32(0, little), on?.snapLength || Number.POSITIVE_INFINITY)
    return on && { bytes: body.subarray(4, 4 + length), link: on.link }
  }
  if ((type !== block.enhanced && type !== block.obsolete) || body.length < 20) return undefined
  const number = type === block.enhanced ? fields.getUint32(0, little) : fields.getUint16(0, little)
  const on = interfaces[number]
  if (!on) return undefined
  const units = fields.getUint32(4, little) * 2 ** 32 + fields.getUint32(8, little)
  return {
    bytes: body.subarray(20, 20 + fields.getUint32(12, little)),
    link: on.link,
    time: (units / on.resolution + on.offset) * 1000,
  }
}
