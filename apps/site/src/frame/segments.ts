// From a packet to its TCP segment: the headers of the link and of IP are taken off.
import { view } from './packets.ts'

export interface Segment {
  /** Address and port, as one writes them. */
  readonly from: string
  readonly to: string
  readonly sequence: number
  readonly syn: boolean
  readonly ack: boolean
  readonly fin: boolean
  readonly rst: boolean
  readonly data: Uint8Array
}

/** Why a packet has no segment: not TCP, a piece of an IP packet, cut off, or of a link that is not known. */
export type NoSegment = 'other' | 'fragment' | 'cut' | 'link'

const ether = { ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100, vlan2: 0x88a8, oldVlan: 0x9100 } as const

/** The segment of a packet. */
export function segmentOf(packet: Uint8Array, link: number): Segment | NoSegment {
  switch (link) {
    // LINKTYPE_NULL and LOOP: a family of the capturing system's byte order, IP after it.
    case 0:
    case 108:
      return packet.length < 5 ? 'cut' : ip(packet.subarray(4))
    case 1:
      return ethernet(packet, 12)
    // Raw IP, by its various numbers.
    case 12:
    case 14:
    case 101:
    case 228:
    case 229:
      return ip(packet)
    // Linux cooked: the EtherType is at the end of 16 bytes, in version 2 at the beginning of 20.
    case 113:
      return ethernet(packet, 14)
    case 276:
      return packet.length < 20 ? 'cut' : byType(view(packet).getUint16(0), packet.subarray(20))
    default:
      return 'link'
  }
}

/** What an EtherType at an offset says, tags of VLANs stepped over. */
function ethernet(packet: Uint8Array, typeAt: number): Segment | NoSegment {
  let at = typeAt
  for (let tags = 0; tags < 4 && at + 2 <= packet.length; tags++) {
    const type = view(packet).getUint16(at)
    if (type !== ether.vlan && type !== ether.vlan2 && type !== ether.oldVlan)
      return byType(type, packet.subarray(at + 2))
    at += 4
  }
  return 'cut'
}

function byType(type: number, rest: Uint8Array): Segment | NoSegment {
  return type === ether.ipv4 || type === ether.ipv6 ? ip(rest) : 'other'
}

function ip(packet: Uint8Array): Segment | NoSegment {
  const version = (packet[0] ?? 0) >> 4
  return version === 4 ? ipv4(packet) : version === 6 ? ipv6(packet) : 'other'
}

const tcpNumber = 6

/** RFC 791 3.1. */
function ipv4(packet: Uint8Array): Segment | NoSegment {
  const headLength = (packet[0]! & 15) * 4
  if (headLength < 20 || packet.length < headLength) return 'cut'
  const fields = view(packet)
  if (packet[9] !== tcpNumber) return 'other'
  // More fragments, or an offset.
  if ((fields.getUint16(6) & 0x3fff) !== 0) return 'fragment'
  // 0 where the network card cuts packets for the system; what is behind the length is padding of the link.
  const length = fields.getUint16(2) || packet.length
  const address = (at: number) => packet.subarray(at, at + 4).join('.')
  return tcp(packet.subarray(headLength, length), address(12), address(16))
}

/** RFC 8200 4: extension headers that may stand before TCP. */
const extensions = new Set([0, 43, 51, 60, 135, 139, 140])
const fragmentHeader = 44

function ipv6(packet: Uint8Array): Segment | NoSegment {
  if (packet.length < 40) return 'cut'
  const fields = view(packet)
  const length = fields.getUint16(4)
  const end = length === 0 ? packet.length : 40 + length
  let next = packet[6]!
  let at = 40
  while (extensions.has(next) || next === fragmentHeader) {
    if (at + 8 > packet.length) return 'cut'
    // An "atomic" fragment is the whole packet (RFC 6946).
    if (next === fragmentHeader && (fields.getUint16(at + 2) & 0xfff9) !== 0) return 'fragment'
    const size =
      next === fragmentHeader ? 8 : next === 51 ? (packet[at + 1]! + 2) * 4 : (packet[at + 1]! + 1) * 8
    next = packet[at]!
    at += size
  }
  if (next !== tcpNumber) return 'other'
  return tcp(packet.subarray(at, end), ipv6Address(fields, 8), ipv6Address(fields, 24))
}

/** RFC 5952: lower case, the longest run of zeros left out. */
function ipv6Address(fields: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => fields.getUint16(at + 2 * i).toString(16))
  let best = { from: 0, length: 1 }
  for (let from = 0; from < 8; from++) {
    let length = 0
    while (from + length < 8 && groups[from + length] === '0') length++
    if (length > best.length) best = { from, length }
  }
  if (best.length === 1) return `[${groups.join(':')}]`
  return `[${groups.slice(0, best.from).join(':')}::${groups.slice(best.from + best.length).join(':')}]`
}

/** RFC 9293 3.1. */
function tcp(bytes: Uint8Array, from: string, to: string): Segment | NoSegment {
  if (bytes.length < 20) return 'cut'
  const fields = view(bytes)
  const headLength = (bytes[12]! >> 4) * 4
  if (headLength < 20) return 'cut'
  const flags = bytes[13]!
  return {
    from: `${from}:${fields.getUint16(0)}`,
    to: `${to}:${fields.getUint16(2)}`,
    sequence: fields.getUint32(4),
    fin: (flags & 1) !== 0,
    syn: (flags & 2) !== 0,
    rst: (flags & 4) !== 0,
    ack: (flags & 16) !== 0,
    data: bytes.subarray(headLength),
  }
}
