// MQTT 3.1, 3.1.1 and 5.0 control packets, as far as replay-mqtt.ts has to understand them.
import { LetGo } from './let-go.ts'

/** MQTT 5.0, 2.1.2 "MQTT Control Packet type". */
export const packetType = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
} as const

export const pingresp = Buffer.from([packetType.pingresp << 4, 0])

export function typeOf(packet: Buffer): number {
  return packet[0]! >> 4
}

/** A `Measure`: MQTT 5.0, 2.1.4 "Remaining Length". */
export function packetLength(bytes: Buffer): number | undefined {
  let length = 0
  for (let i = 0; i < 4; i++) {
    const byte = bytes[1 + i]
    if (byte === undefined) return undefined
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return 2 + i + length
  }
  throw new LetGo('what is said is not MQTT')
}

/** A packet around that body. */
export function packetOf(firstByte: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([firstByte]), variableInt(body.length), body])
}

function variableInt(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    const more = rest > 0x7f ? 0x80 : 0
    bytes.push((rest & 0x7f) | more)
    rest >>= 7
  } while (rest > 0)
  return Buffer.from(bytes)
}

export function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}

/** Reads the fields of one packet, in order; throws a LetGo where there is nothing to read. */
export class PacketFields {
  readonly #packet: Buffer
  #at: number

  /** Stands behind the fixed header. */
  constructor(packet: Buffer) {
    this.#packet = packet
    this.#at = 1
    while (packet[this.#at]! >= 0x80) this.#at += 1
    this.#at += 1
  }

  get at(): number {
    return this.#at
  }

  get atEnd(): boolean {
    return this.#at >= this.#packet.length
  }

  byte(): number {
    return this.bytes(1)[0]!
  }

  uint16(): number {
    return this.bytes(2).readUInt16BE()
  }

  bytes(length: number): Buffer {
    const from = this.#at
    this.#at += length
    if (this.#at > this.#packet.length) throw new LetGo('an MQTT packet ends too early')
    return this.#packet.subarray(from, this.#at)
  }

  string(): string {
    return this.bytes(this.uint16()).toString()
  }

  /** The properties of a packet of MQTT 5, their length included. */
  properties(): Buffer {
    const from = this.#at
    let length = 0
    for (let i = 0; ; i++) {
      const byte = this.byte()
      length += (byte & 0x7f) * 2 ** (7 * i)
      if (byte < 0x80) break
    }
    this.bytes(length)
    return this.#packet.subarray(from, this.#at)
  }

  rest(): Buffer {
    return this.bytes(this.#packet.length - this.#at)
  }
}

/** MQTT 5.0, 2.2.2.2: what a property's value looks like, by its identifier; a number is its length. */
const propertyForms = new Map<number, number | 'text' | 'pair' | 'int'>()
for (const id of [0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2a]) propertyForms.set(id, 1)
for (const id of [0x13, 0x21, 0x22, 0x23]) propertyForms.set(id, 2)
for (const id of [0x02, 0x11, 0x18, 0x27]) propertyForms.set(id, 4)
for (const id of [0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1a, 0x1c, 0x1f]) propertyForms.set(id, 'text')
propertyForms.set(0x26, 'pair').set(0x0b, 'int')

/** The identifiers of the properties in that block. */
export function propertyIds(properties: Buffer): Set<number> {
  const ids = new Set<number>()
  // A block begins as the rest of a packet does behind its first byte.
  const fields = new PacketFields(Buffer.concat([Buffer.alloc(1), properties]))
  while (!fields.atEnd) {
    const id = fields.byte()
    const form = propertyForms.get(id)
    ids.add(id)
    if (form === 'text' || form === 'pair') fields.bytes(fields.uint16())
    if (form === 'pair') fields.bytes(fields.uint16())
    if (form === 'int') while (fields.byte() >= 0x80);
    if (typeof form === 'number') fields.bytes(form)
    if (form === undefined) throw new LetGo(`an MQTT property that is not known: ${id}`)
  }
  return ids
}

export interface Connect {
  version: number
  /** Clean Session, or Clean Start. */
  clean: boolean
  will: boolean
  /** Where the flags are in the packet. */
  flagsAt: number
  /** Empty before MQTT 5. */
  properties: Set<number>
}

export function readConnect(packet: Buffer): Connect {
  const fields = new PacketFields(packet)
  const name = fields.string()
  const version = fields.byte()
  const known = name === 'MQTT' ? version === 4 || version === 5 : name === 'MQIsdp' && version === 3
  if (!known) throw new LetGo(`${name} of version ${version} is not known`)
  const flagsAt = fields.at
  const flags = fields.byte()
  fields.uint16()
  const properties = version === 5 ? propertyIds(fields.properties()) : new Set<number>()
  return { version, clean: (flags & 2) !== 0, will: (flags & 4) !== 0, flagsAt, properties }
}

export interface Publish {
  qos: number
  /** 0 where there is none. */
  id: number
  properties: Set<number>
}

export function readPublish(packet: Buffer, version: number): Publish {
  const fields = new PacketFields(packet)
  const qos = (packet[0]! >> 1) & 3
  fields.string()
  const id = qos > 0 ? fields.uint16() : 0
  const properties = version === 5 ? propertyIds(fields.properties()) : new Set<number>()
  return { qos, id, properties }
}

/** The packet's identifier, and its reason code where it has one. */
export function readAck(packet: Buffer): { id: number; reason: number } {
  const fields = new PacketFields(packet)
  return { id: fields.uint16(), reason: fields.atEnd ? 0 : fields.byte() }
}

export interface Subscribe {
  id: number
  properties: Buffer
  filters: { filter: string; options: number }[]
}

const none = Buffer.alloc(0)

export function readSubscribe(packet: Buffer, version: number): Subscribe {
  const fields = new PacketFields(packet)
  const id = fields.uint16()
  const properties = version === 5 ? fields.properties() : none
  const filters: Subscribe['filters'] = []
  while (!fields.atEnd) filters.push({ filter: fields.string(), options: fields.byte() })
  return { id, properties, filters }
}

export function readUnsubscribe(packet: Buffer, version: number): string[] {
  const fields = new PacketFields(packet)
  fields.uint16()
  if (version === 5) fields.properties()
  const filters: string[] = []
  while (!fields.atEnd) filters.push(fields.string())
  return filters
}

/** The codes of a SUBACK, one for each filter. */
export function readSuback(packet: Buffer, version: number): { id: number; codes: Buffer } {
  const fields = new PacketFields(packet)
  const id = fields.uint16()
  if (version === 5) fields.properties()
  return { id, codes: fields.rest() }
}

export function subscribeOf({ id, properties, filters }: Subscribe): Buffer {
  const parts = filters.flatMap(({ filter, options }) => {
    const name = Buffer.from(filter)
    return [uint16(name.length), name, Buffer.from([options])]
  })
  // "Bits 3,2,1 and 0 of the Fixed Header of the SUBSCRIBE packet are reserved and MUST be set to 0,0,1 and 0".
  return packetOf((packetType.subscribe << 4) | 2, uint16(id), properties, ...parts)
}

export interface Connack {
  /** The broker has the client's session. */
  sessionPresent: boolean
  code: number
  /** What the broker says of itself: all behind the code, in base64. */
  terms: string
}

export function readConnack(packet: Buffer): Connack {
  const fields = new PacketFields(packet)
  const sessionPresent = (fields.byte() & 1) !== 0
  return { sessionPresent, code: fields.byte(), terms: fields.rest().toString('base64') }
}
