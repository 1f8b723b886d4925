// What client and broker of MQTT have agreed on so far: the CONNECT and its answer, subscriptions, and what is not acknowledged.
import { BoundedMap } from './bounded-map.ts'
import { LetGo } from './let-go.ts'
import {
  packetOf,
  packetType,
  readAck,
  readConnack,
  readConnect,
  readPublish,
  readSuback,
  readSubscribe,
  readUnsubscribe,
  typeOf,
  uint16,
} from './mqtt-packet.ts'

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

/** As data that JSON can carry. */
export interface SavedSession {
  connect?: string
  terms?: string
  left: boolean
  pings: number
  lastId: number
  subscriptions: [filter: string, Subscription][]
  requests: [id: string, packet: string][]
  outgoing: [id: string, Outgoing][]
  incoming: string[]
}

/** MQTT 5.0, 2.2.2.2. */
const property = { authenticationMethod: 0x15, topicAlias: 0x23 } as const
const dup = 0x08

export class MqttSession {
  /** The client's CONNECT as it came, in base64. */
  #connect: string | undefined
  #version = 4
  /** The terms of the CONNACK that the client has had. */
  #terms: string | undefined
  /** One side has said DISCONNECT. */
  #left: boolean
  /** PINGREQs without a PINGRESP. */
  #pings: number
  /** The packet identifier that the client used last. */
  #lastId: number
  readonly #subscriptions = new BoundedMap<Subscription>()
  /** SUBSCRIBEs and UNSUBSCRIBEs that are not acknowledged, in base64. */
  readonly #requests = new BoundedMap<string>()
  readonly #outgoing = new BoundedMap<Outgoing>()
  /** Identifiers of PUBLISHes at QoS 2 that the client has not had to the end. */
  readonly #incoming = new BoundedMap<true>()

  constructor(saved?: SavedSession) {
    this.#connect = saved?.connect
    if (this.#connect !== undefined) this.#version = readConnect(bytesOf(this.#connect)).version
    this.#terms = saved?.terms
    this.#left = saved?.left ?? false
    this.#pings = saved?.pings ?? 0
    this.#lastId = saved?.lastId ?? 0
    for (const [filter, subscription] of saved?.subscriptions ?? []) this.#subscribed(filter, subscription)
    for (const [id, packet] of saved?.requests ?? []) this.#requests.set(id, packet, packet.length)
    for (const [id, outgoing] of saved?.outgoing ?? []) this.#keepOutgoing(id, outgoing)
    for (const id of saved?.incoming ?? []) this.#incoming.set(id, true)
  }

  get version(): number {
    return this.#version
  }

  /** The client's CONNECT; undefined before it. A copy. */
  get connect(): Buffer | undefined {
    return this.#connect === undefined ? undefined : bytesOf(this.#connect)
  }

  get terms(): string | undefined {
    return this.#terms
  }

  /** Whether one side has said DISCONNECT. */
  get left(): boolean {
    return this.#left
  }

  get subscriptions(): [filter: string, Subscription][] {
    return this.#subscriptions.entries()
  }

  /** The client's SUBSCRIBEs and UNSUBSCRIBEs that are not acknowledged. */
  get requests(): Buffer[] {
    return this.#requests.values().map(bytesOf)
  }

  /** Whether the client waits for an acknowledgement. */
  get waits(): boolean {
    return this.#requests.size > 0 || this.#outgoing.size > 0
  }

  /** How many PINGRESPs the client waits for; it will be given them. */
  takePings(): number {
    const pings = this.#pings
    this.#pings = 0
    return pings
  }

  clientSaid(packet: Buffer): void {
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

  upstreamSaid(packet: Buffer): void {
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

  /** A packet identifier that the client does not use, nor soon will: clients count upwards. None of `taken`. */
  freeId(taken: ReadonlyMap<string, unknown>): number {
    for (let id = this.#lastId - 1; ; id--) {
      if (id < 1) id = 0xffff
      const name = `${id}`
      if (!this.#requests.has(name) && !this.#outgoing.has(name) && !taken.has(name)) return id
    }
  }

  /** What the client sent at QoS 1 and 2 and what is not acknowledged. MQTT 5.0, 4.4 "Message delivery retry". `resumed`: the broker has the session. */
  unconfirmed(resumed: boolean): Buffer[] {
    const outgoing = this.#outgoing.entries()
    const exactly = this.#incoming.size > 0 || outgoing.some(([, { qos }]) => qos === 2)
    // Without the session nobody knows whether it was delivered. The client's library has its own answer to that.
    if (exactly && !resumed) throw new LetGo('messages at QoS 2 are in flight, and the session is gone')
    return outgoing.flatMap(([id, { packet, at }]) => {
      if (at === 'received') return []
      if (at === 'released') return [packetOf((packetType.pubrel << 4) | 2, uint16(Number(id)))]
      const again = bytesOf(packet)
      again[0]! |= dup
      return [again]
    })
  }

  save(): SavedSession {
    return {
      connect: this.#connect,
      terms: this.#terms,
      left: this.#left,
      pings: this.#pings,
      lastId: this.#lastId,
      subscriptions: this.#subscriptions.entries(),
      requests: this.#requests.entries(),
      outgoing: this.#outgoing.entries(),
      incoming: this.#incoming.entries().map(([id]) => id),
    }
  }

  #subscribed(filter: string, subscription: Subscription): void {
    this.#subscriptions.set(filter, subscription, subscription.properties.length)
  }

  #keepOutgoing(id: string, outgoing: Outgoing): void {
    this.#outgoing.set(id, outgoing, outgoing.packet.length)
  }
}

export function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, 'base64')
}
