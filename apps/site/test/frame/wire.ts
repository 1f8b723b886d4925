// Frames, segments and captures as tests write them.
import { constants, deflateRawSync } from 'node:zlib'

export interface WireFrame {
  readonly opcode: number
  readonly payload: Uint8Array
  readonly fin?: boolean
  readonly rsv?: number
  readonly key?: Uint8Array | undefined
}

/** A frame of RFC 6455 5.2. */
export function frameBytes({ opcode, payload, fin = true, rsv = 0, key }: WireFrame): Buffer {
  const { length } = payload
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  head[1] = (key ? 0x80 : 0) | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  if (!key) return Buffer.concat([head, payload])
  return Buffer.concat([head, key, payload.map((byte, i) => byte ^ key[i & 3]!)])
}

export const text = (words: string) => new TextEncoder().encode(words)

export function closePayload(code: number, reason = ''): Uint8Array {
  return Uint8Array.from([code >> 8, code & 255, ...text(reason)])
}

/** Compressed messages of one context, as RFC 7692 7.2.1 makes them. */
export function compressAll(messages: readonly Uint8Array[]): Buffer[] {
  let before = Buffer.alloc(0)
  return messages.map((message) => {
    before = Buffer.concat([before, message])
    // Everything again with the same flushes would differ; a dictionary gives the same context.
    const dictionary = before.subarray(0, before.length - message.length).subarray(-32_768)
    const whole = deflateRawSync(message, {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(dictionary.length > 0 && { dictionary }),
    })
    return whole.subarray(0, -4)
  })
}

export const request = (extra = '') =>
  Buffer.from(
    `GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${extra}\r\n`,
  )

/** The answer of RFC 6455 1.3. */
export const response = (extra = '') =>
  Buffer.from(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n${extra}\r\n`,
  )

export interface Tcp {
  readonly from: string
  readonly to: string
  readonly ports: readonly [from: number, to: number]
  readonly sequence: number
  readonly flags?: { syn?: boolean; ack?: boolean; fin?: boolean; rst?: boolean }
  readonly data?: Uint8Array
}

/** A segment in IPv4 or IPv6, by its addresses. Checksums are left zero: captures of a sender have wrong ones, too. */
export function ipPacket({ from, to, ports, sequence, flags = {}, data = new Uint8Array() }: Tcp): Buffer {
  const tcp = Buffer.alloc(20)
  tcp.writeUInt16BE(ports[0], 0)
  tcp.writeUInt16BE(ports[1], 2)
  tcp.writeUInt32BE(sequence >>> 0, 4)
  tcp[12] = 5 << 4
  tcp[13] = (flags.fin ? 1 : 0) | (flags.syn ? 2 : 0) | (flags.rst ? 4 : 0) | (flags.ack ? 16 : 0)
  const segment = Buffer.concat([tcp, data])
  if (from.includes(':')) {
    const ip = Buffer.alloc(40)
    ip[0] = 0x60
    ip.writeUInt16BE(segment.length + 8, 4)
    // A destination options header stands between.
    ip[6] = 60
    for (const [i, address] of [from, to].entries()) {
      const groups = address.split(':').map((group) => Number.parseInt(group || '0', 16))
      for (const [k, group] of groups.entries()) ip.writeUInt16BE(group, 8 + 16 * i + 2 * k)
    }
    return Buffer.concat([ip, Buffer.from([6, 0, 1, 4, 0, 0, 0, 0]), segment])
  }
  const ip = Buffer.alloc(20)
  ip[0] = 0x45
  ip.writeUInt16BE(20 + segment.length, 2)
  ip[9] = 6
  for (const [i, address] of [from, to].entries()) ip.set(address.split('.').map(Number), 12 + 4 * i)
  return Buffer.concat([ip, segment])
}

/** The same IP packet on various links, by their number. */
export function onLink(link: number, packet: Buffer): Buffer {
  const type = packet[0]! >> 4 === 6 ? [0x86, 0xdd] : [0x08, 0x00]
  switch (link) {
    case 0:
      return Buffer.concat([Buffer.from([packet[0]! >> 4 === 6 ? 10 : 2, 0, 0, 0]), packet])
    case 1:
      // A tag of a VLAN, and padding at the end.
      return Buffer.concat([
        Buffer.from([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 7, 0x81, 0, 0, 9, ...type]),
        packet,
        Buffer.alloc(6),
      ])
    case 113:
      return Buffer.concat([Buffer.alloc(14), Buffer.from(type), packet])
    case 276:
      return Buffer.concat([Buffer.from(type), Buffer.alloc(18), packet])
    default:
      return packet
  }
}

export interface CaptureOptions {
  readonly link?: number
  readonly little?: boolean
  readonly nano?: boolean
}

export function pcap(packets: readonly Buffer[], options: CaptureOptions = {}): Buffer {
  const { link = 101, little = true, nano = false } = options
  const u32 = (n: number) => word(n, little)
  const head = Buffer.concat([
    u32(nano ? 0xa1b23c4d : 0xa1b2c3d4),
    little ? Buffer.from([2, 0, 4, 0]) : Buffer.from([0, 2, 0, 4]),
    ...[0, 0, 262_144, link].map(u32),
  ])
  const records = packets.flatMap((packet, i) => [
    u32(1_700_000_000),
    u32(i * (nano ? 1_000_000 : 1000)),
    u32(packet.length),
    u32(packet.length),
    packet,
  ])
  return Buffer.concat([head, ...records])
}

function word(n: number, little: boolean): Buffer {
  const bytes = Buffer.alloc(4)
  if (little) bytes.writeUInt32LE(n >>> 0)
  else bytes.writeUInt32BE(n >>> 0)
  return bytes
}

/** Packets on two interfaces that count in microseconds and in nanoseconds, after one another. */
export function pcapng(
  packets: readonly Buffer[],
  { link = 101, little = true }: CaptureOptions = {},
): Buffer {
  const u32 = (n: number) => word(n, little)
  const block = (type: number, body: Buffer) => {
    const padding = Buffer.alloc(-body.length & 3)
    const length = u32(12 + body.length + padding.length)
    return Buffer.concat([u32(type), length, body, padding, length])
  }
  const short = (n: number) => u32(n).subarray(little ? 0 : 2, little ? 2 : 4)
  const interfaceOf = (linkType: number, resolution: number) =>
    block(
      1,
      Buffer.concat([
        short(linkType),
        short(0),
        u32(0),
        Buffer.concat([short(9), short(1)]),
        Buffer.from([resolution, 0, 0, 0]),
        u32(0),
      ]),
    )
  const section = block(
    0x0a0d0d0a,
    Buffer.concat([u32(0x1a2b3c4d), short(1), short(0), u32(0xffffffff), u32(0xffffffff)]),
  )
  const enhanced = packets.map((packet, i) => {
    const nano = i % 2
    const units = (1_700_000_000_000n + BigInt(i)) * (nano ? 1_000_000n : 1000n)
    return block(
      6,
      Buffer.concat([
        u32(nano),
        u32(Number(units >> 32n)),
        u32(Number(units & 0xffffffffn)),
        u32(packet.length),
        u32(packet.length),
        packet,
      ]),
    )
  })
  return Buffer.concat([section, interfaceOf(link, 6), interfaceOf(link, 9), ...enhanced])
}
