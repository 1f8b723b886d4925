// MQTT 3.1, 3.1.1 and 5.0 over WebSocket (https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html): the client is
// connected again, its subscriptions are made again, and what it sent at QoS 1 or 2 and is not acknowledged is sent again
// where that cannot deliver it twice against its QoS.

import type { Message } from '../../wire/index.ts'
import { BoundedMap } from './bounded-map.ts'
import { LetGo, lettingGo, unread } from './let-go.ts'
import type { Replay, ReplayModule } from './module.ts'
import {
  packetLength,
  packetOf,
  packetType,
  pingresp,
  readAck,
  readConnack,
  readConnect,
  readPublish,
  readSuback,
  readSubscribe,
  readUnsubscribe,
  type Subscribe,
  subscribeOf,
  typeOf,
  uint16,
} from './mqtt-packet.ts'
import { binary, type SavedUnits, UnitReader } from './units.ts'

export const mqtt: ReplayModule = lettingGo({ create: (saved) => new Mqtt(saved as Saved | undefined) })

/** One filter of the client's that the broker has granted. */
interface Subscription {
  options: number
  /** Of its SUBSCRIBE, in base64. */
  properties: string
  /** The code in its SUBACK. */
  granted: number
}

/** A PUBLISH of the client's at QoS 1 or 2; QoS 2 goes on: PUBREC came, PUBREL was sent. */
interface Outgoing {
  /** In base64. */
  packet: string
  qos: number
  at: 'published' | 'received' | 'released'
}

/** The CONNACK of the next upstream: not awaited, or awaited for the client or for nobody but us. */
type Connack = 'none' | 'for client' | 'for us'

interface Saved {
  client: SavedUnits
  upstream: SavedUnits
  connect?: string
  terms?: string
  left: boolean
  pings: number
  connack: Connack
  resumed: boolean
  restOwed: boolean
  lastId: number
  subscriptions: [filter: string, Subscription][]
  requests: [id: string, packet: string][]
  outgoing: [id: string, Outgoing][]
  incoming: string[]
  again: [id: string, granted: string][]
}

/** AWS IoT takes no more in one SUBSCRIBE. */
const filtersAtOnce = 8
/** MQTT 5.0, 2.2.2.2. */
const property = { authenticationMethod: 0x15, topicAlias: 0x23 } as const
const dup = 0x08

class Mqtt implements Replay {
  readonly #client: UnitReader
  #upstream: UnitReader
  /** The client's CONNECT as it came, in base64. */
  #connect: string | undefined
  #version = 4
  /** The terms of the CONNACK that the client has had. */
  #terms: string | undefined
  /** One side has said DISCONNECT. */
  #left: boolean
  /** PINGREQs without a PINGRESP. */
  #pings: number
  #connack: Connack
  /** The next upstream has the client's session. */
  #resumed: boolean
  /** It has not been told all yet. */
  #restOwed: boolean
  /** The packet identifier that the client used last. */
  #lastId: number
  readonly #subscriptions = new BoundedMap<Subscription>()
  /** SUBSCRIBEs and UNSUBSCRIBEs that are not acknowledged, in base64. */
  readonly #requests = new BoundedMap<string>()
  readonly #outgoing = new BoundedMap<Outgoing>()
  /** Identifiers of PUBLISHes at QoS 2 that the client has not had to the end. */
  readonly #incoming = new BoundedMap<true>()
  /** Codes in the SUBACKs of our SUBSCRIBEs, by packet identifier; in base64. */
  readonly #again: Map<string, string>

  constructor(saved?: Saved) {
    this.#client = new UnitReader(packetLength, saved?.client)
    this.#upstream = new UnitReader(packetLength, saved?.upstream)
    this.#connect = saved?.connect
    if (this.#connect !== undefined) this.#version = readConnect(bytesOf(this.#connect)).version
    this.#terms = saved?.terms
    this.#left = saved?.left ?? false
    this.#pings = saved?.pings ?? 0
    this.#connack = saved?.connack ?? 'none'
    this.#resumed = saved?.resumed ?? false
    this.#restOwed = saved?.restOwed ?? false
    this.#lastId = saved?.lastId ?? 0
    for (const [filter, subscription] of saved?.subscriptions ?? []) this.#subscribed(filter, subscription)
    for (const [id, packet] of saved?.requests ?? []) this.#requests.set(id, packet, packet.length)
    for (const [id, outgoing] of saved?.outgoing ?? []) this.#keepOutgoing(id, outgoing)
    for (const id of saved?.incoming ?? []) this.#incoming.set(id, true)
    this.#again = new Map(saved?.again)
  }

  onClient(message: Message): void {
    for (const packet of this.#client.read(message)) this.#clientSaid(packet)
  }

  onUpstream(message: Message): void {
    for (const packet of this.#upstream.read(message)) this.#upstreamSaid(packet)
  }

  onUnread(): void {
    throw unread()
  }

  #clientSaid(packet: Buffer): void {
    const type = typeOf(packet)
    switch (type) {
      case packetType.connect:
        return this.#connects(packet)
      case packetType.publish:
        return this.#publishes(packet)
      case packetType.pubrec:
      case packetType.pubcomp: {
        const { id, reason } = readAck(packet)
        // MQTT 5.0, 4.3.3: a PUBREC with an error ends it, too.
        if (type === packetType.pubcomp || reason >= 0x80) this.#incoming.delete(`${id}`)
        return
      }
      case packetType.pubrel: {
        const outgoing = this.#outgoing.get(`${readAck(packet).id}`)
        if (outgoing) outgoing.at = 'released'
        return
      }
      case packetType.subscribe:
      case packetType.unsubscribe: {
        const { id } = readAck(packet)
        this.#lastId = id
        const kept = packet.toString('base64')
        this.#requests.set(`${id}`, kept, kept.length)
        return
      }
      case packetType.pingreq:
        this.#pings += 1
        return
      case packetType.disconnect:
        this.#left = true
        return
      case packetType.puback:
        return
      default:
        throw new LetGo(`an MQTT packet of type ${type} of the client`)
    }
  }

  #connects(packet: Buffer): void {
    if (this.#connect !== undefined) throw new LetGo('a second CONNECT')
    const { version, will, properties } = readConnect(packet)
    // A broker publishes the will when its connection is lost, and the client would not know that it has to deny it.
    if (will) throw new LetGo('the client has a will')
    if (properties.has(property.authenticationMethod)) throw new LetGo('the client uses AUTH')
    this.#version = version
    this.#connect = packet.toString('base64')
  }

  #publishes(packet: Buffer): void {
    const { qos, id, properties } = readPublish(packet, this.#version)
    // MQTT 5.0, 3.3.2.3.4: "Topic Alias mappings exist only within a Network Connection".
    if (properties.has(property.topicAlias)) throw new LetGo('the client uses topic aliases')
    if (qos === 0) return
    this.#lastId = id
    this.#keepOutgoing(`${id}`, { packet: packet.toString('base64'), qos, at: 'published' })
  }

  #upstreamSaid(packet: Buffer): void {
    const type = typeOf(packet)
    switch (type) {
      case packetType.connack: {
        const { code, terms } = readConnack(packet)
        if (code === 0) this.#terms ??= terms
        return
      }
      case packetType.suback:
        return this.#granted(packet)
      case packetType.unsuback: {
        const request = this.#answered(packet)
        if (!request) return
        for (const filter of readUnsubscribe(request, this.#version)) this.#subscriptions.delete(filter)
        return
      }
      case packetType.publish: {
        const { qos, id } = readPublish(packet, this.#version)
        if (qos === 2) this.#incoming.set(`${id}`, true)
        return
      }
      case packetType.pubrec: {
        const { id, reason } = readAck(packet)
        const outgoing = this.#outgoing.get(`${id}`)
        if (reason >= 0x80) this.#outgoing.delete(`${id}`)
        else if (outgoing?.at === 'published') outgoing.at = 'received'
        return
      }
      case packetType.puback:
      case packetType.pubcomp:
        this.#outgoing.delete(`${readAck(packet).id}`)
        return
      case packetType.pingresp:
        this.#pings = Math.max(0, this.#pings - 1)
        return
      case packetType.disconnect:
        this.#left = true
        return
      case packetType.pubrel:
        return
      default:
        throw new LetGo(`an MQTT packet of type ${type} of the broker`)
    }
  }

  /** The client's request that this acknowledges. */
  #answered(packet: Buffer): Buffer | undefined {
    const id = `${readAck(packet).id}`
    const request = this.#requests.get(id)
    this.#requests.delete(id)
    return request === undefined ? undefined : bytesOf(request)
  }

  #granted(packet: Buffer): void {
    const request = this.#answered(packet)
    if (!request) return
    const { properties, filters } = readSubscribe(request, this.#version)
    const { codes } = readSuback(packet, this.#version)
    filters.forEach(({ filter, options }, index) => {
      const granted = codes[index] ?? 0x80
      // A subscription that fails leaves one that there was before.
      if (granted >= 0x80) return
      this.#subscribed(filter, { options, properties: properties.toString('base64'), granted })
    })
  }

  restores(): boolean {
    // The end of a packet of which the client has had the beginning will not come.
    return !this.#left && !this.#upstream.isCut
  }

  answer(): Message[] {
    // The client closes the connection when its PINGRESP does not come.
    const answers = new Array<Message>(this.#pings).fill(binary(pingresp))
    this.#pings = 0
    return answers
  }

  replay(): Message[] {
    this.#upstream = new UnitReader(packetLength)
    this.#again.clear()
    this.#resumed = false
    this.#connack = 'none'
    this.#restOwed = true
    if (this.#connect === undefined) return []
    this.#connack = this.#terms === undefined ? 'for client' : 'for us'
    const packet = bytesOf(this.#connect)
    const { version, flagsAt } = readConnect(packet)
    // MQTT 5.0, 3.1.2.4: what the broker has of the session is to be used. Before that version Clean Session also says
    // whether the session ends with the connection, which is for the client to say.
    if (version === 5 && this.#connack === 'for us') packet[flagsAt]! &= ~2
    return [binary(packet)]
  }

  rest(): Message[] | undefined {
    const waits = this.#connack === 'for us' || this.#requests.size > 0 || this.#outgoing.size > 0
    if (this.#connack !== 'none' && waits) return undefined
    this.#restOwed = false
    const packets = [...this.#subscribes(), ...this.#requests.values().map(bytesOf), ...this.#unconfirmed()]
    // Of a packet that the restart cut in two, the rest follows.
    packets.push(Buffer.from(this.#client.begun))
    return packets.filter(({ length }) => length > 0).map(binary)
  }

  /** Every subscription, whatever the session still has: a broker that was killed may have saved an older one. */
  #subscribes(): Buffer[] {
    const packets: Buffer[] = []
    let group: (Subscribe & { granted: number[] }) | undefined
    const end = () => {
      if (!group) return
      this.#again.set(`${group.id}`, Buffer.from(group.granted).toString('base64'))
      packets.push(subscribeOf(group))
    }
    for (const [filter, { options, properties, granted }] of this.#subscriptions.entries()) {
      if (!group || group.filters.length === filtersAtOnce || !group.properties.equals(bytesOf(properties))) {
        end()
        group = { id: this.#freeId(), properties: bytesOf(properties), filters: [], granted: [] }
        this.#again.set(`${group.id}`, '')
      }
      group.filters.push({ filter, options })
      group.granted.push(granted)
    }
    end()
    return packets
  }

  /** A packet identifier that the client does not use, nor soon will: clients count upwards. */
  #freeId(): number {
    for (let id = this.#lastId - 1; ; id--) {
      if (id < 1) id = 0xffff
      const name = `${id}`
      if (!this.#requests.has(name) && !this.#outgoing.has(name) && !this.#again.has(name)) return id
    }
  }

  /** What the client sent at QoS 1 and 2 and what is not acknowledged. MQTT 5.0, 4.4 "Message delivery retry". */
  #unconfirmed(): Buffer[] {
    const outgoing = this.#outgoing.entries()
    const exactly = this.#incoming.size > 0 || outgoing.some(([, { qos }]) => qos === 2)
    // Without the session nobody knows whether it was delivered. The client's library has its own answer to that.
    if (exactly && !this.#resumed) throw new LetGo('messages at QoS 2 are in flight, and the session is gone')
    return outgoing.flatMap(([id, { packet, at }]) => {
      if (at === 'received') return []
      if (at === 'released') return [packetOf((packetType.pubrel << 4) | 2, uint16(Number(id)))]
      const again = bytesOf(packet)
      again[0]! |= dup
      return [again]
    })
  }

  swallow(message: Message): boolean | Message[] {
    return this.#upstream.filter(
      message,
      (packet) => this.#isOurs(packet),
      () => this.#awaits,
    )
  }

  get #awaits(): boolean {
    return this.#connack !== 'none' || this.#restOwed || this.#again.size > 0
  }

  #isOurs(packet: Buffer): boolean {
    const type = typeOf(packet)
    if (type === packetType.connack && this.#connack !== 'none') {
      const ours = this.#connack === 'for us'
      this.#connack = 'none'
      const { sessionPresent, code, terms } = readConnack(packet)
      this.#resumed = sessionPresent
      if (ours && code !== 0) throw new LetGo('the next broker refuses the client')
      if (ours && terms !== this.#terms) throw new LetGo('the next broker has other terms')
      if (!ours) this.#upstreamSaid(packet)
      return ours
    }
    if (type === packetType.suback) {
      const { id, codes } = readSuback(packet, this.#version)
      const granted = this.#again.get(`${id}`)
      if (granted !== undefined) {
        this.#again.delete(`${id}`)
        if (codes.toString('base64') !== granted) throw new LetGo('the next broker grants something else')
        return true
      }
    }
    this.#upstreamSaid(packet)
    return false
  }

  save(): Saved {
    return {
      client: this.#client.save(),
      upstream: this.#upstream.save(),
      connect: this.#connect,
      terms: this.#terms,
      left: this.#left,
      pings: this.#pings,
      connack: this.#connack,
      resumed: this.#resumed,
      restOwed: this.#restOwed,
      lastId: this.#lastId,
      subscriptions: this.#subscriptions.entries(),
      requests: this.#requests.entries(),
      outgoing: this.#outgoing.entries(),
      incoming: this.#incoming.entries().map(([id]) => id),
      again: [...this.#again],
    }
  }

  #subscribed(filter: string, subscription: Subscription): void {
    this.#subscriptions.set(filter, subscription, subscription.properties.length)
  }

  #keepOutgoing(id: string, outgoing: Outgoing): void {
    this.#outgoing.set(id, outgoing, outgoing.packet.length)
  }
}

function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, 'base64')
}
