// The classic capture file of tcpdump: draft-ietf-opsawg-pcap.
import { maxPackets, type Packet, type Packets, view } from './packets.ts'

const magics = new Map([
  [0xa1b2c3d4, 1e3],
  [0xa1b23c4d, 1e6],
])

/** Byte order, and the units of a millisecond, by the first four bytes; undefined: no such file. */
function formOf(bytes: Uint8Array) {
  if (bytes.length < 24) return undefined
  for (const little of [false, true]) {
    const units = magics.get(view(bytes).getUint32(0, little))
    if (units) return { little, units }
  }
  return undefined
}

export const isPcap = (bytes: Uint8Array) => formOf(bytes) !== undefined

export function readPcap(bytes: Uint8Array): Packets {
  const form = formOf(bytes)
  if (!form) return { packets: [], damaged: true }
  const { little, units } = form
  const file = view(bytes)
  // The upper bits say whether packets end in a checksum of the link.
  const link = file.getUint32(20, little) & 0xffff
  const packets: Packet[] = []
  let at = 24
  while (at + 16 <= bytes.length && packets.length < maxPackets) {
    const seconds = file.getUint32(at, little)
    const part = file.getUint32(at + 4, little)
    const length = file.getUint32(at + 8, little)
    const end = at + 16 + length
    if (end > bytes.length) return { packets, damaged: true }
    packets.push({ bytes: bytes.subarray(at + 16, end), link, time: seconds * 1000 + part / units })
    at = end
  }
  return { packets, damaged: at !== bytes.length }
}
