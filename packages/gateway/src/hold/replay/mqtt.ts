// MQTT 3.1, 3.1.1 and 5.0 over WebSocket (https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html): the client is
// connected again, its subscriptions are made again, and what it sent at QoS 1 or 2 and is not acknowledged is sent again
// where that cannot deliver it twice against its QoS.

import type { Message } from '../../wire/index.ts'
import { LetGo, lettingGo, unread } from './let-go.ts'
import type { Replay, ReplayModule } from './module.ts'
import {
  packetLength,
  packetType,
  pingresp,
  readConnack,
  readConnect,
  readSuback,
  type Subscribe,
  subscribeOf,
  typeOf,
} from './mqtt-packet.ts'
import { bytesOf, MqttSession, type SavedSession } from './mqtt-session.ts'
import { binary, type SavedUnits, UnitReader } from './units.ts'

export const mqtt: ReplayModule = lettingGo({ create: (saved) => new Mqtt(saved as Saved | undefined) })

/** The CONNACK of the next upstream: not awaited, or awaited for the client or for nobody but us. */
type Connack = 'none' | 'for client' | 'for us'

interface Saved extends SavedSession {
  client: SavedUnits
  upstream: SavedUnits
  connack: Connack
  resumed: boolean
  restOwed: boolean
  again: [id: string, granted: string][]
}

/** AWS IoT takes no more in one SUBSCRIBE. */
const filtersAtOnce = 8
class Mqtt implements Replay {
  readonly #client: UnitReader
  #upstream: UnitReader
  readonly #session: MqttSession
  #connack: Connack
  /** The next upstream has the client's session. */
  #resumed: boolean
  /** It has not been told all yet. */
  #restOwed: boolean
  /** Codes in the SUBACKs of our SUBSCRIBEs, by packet identifier; in base64. */
  readonly #again: Map<string, string>

  constructor(saved?: Saved) {
    this.#client = new UnitReader(packetLength, saved?.client)
    this.#upstream = new UnitReader(packetLength, saved?.upstream)
    this.#session = new MqttSession(saved)
    this.#connack = saved?.connack ?? 'none'
    this.#resumed = saved?.resumed ?? false
    this.#restOwed = saved?.restOwed ?? false
    this.#again = new Map(saved?.again)
  }

  onClient(message: Message): void {
    for (const packet of this.#client.read(message)) this.#session.clientSaid(packet)
  }

  onUpstream(message: Message): void {
    for (const packet of this.#upstream.read(message)) this.#session.upstreamSaid(packet)
  }

  onUnread(): void {
    throw unread()
  }

  restores(): boolean {
    // The end of a packet of which the client has had the beginning will not come.
    return !this.#session.left && !this.#upstream.isCut
  }

  answer(): Message[] {
    // The client closes the connection when its PINGRESP does not come.
    return new Array<Message>(this.#session.takePings()).fill(binary(pingresp))
  }

  replay(): Message[] {
    this.#upstream = new UnitReader(packetLength)
    this.#again.clear()
    this.#resumed = false
    this.#connack = 'none'
    this.#restOwed = true
    const packet = this.#session.connect
    if (packet === undefined) return []
    this.#connack = this.#session.terms === undefined ? 'for client' : 'for us'
    const { version, flagsAt } = readConnect(packet)
    // MQTT 5.0, 3.1.2.4: what the broker has of the session is to be used. Before that version Clean Session also says
    // whether the session ends with the connection, which is for the client to say.
    if (version === 5 && this.#connack === 'for us') packet[flagsAt]! &= ~2
    return [binary(packet)]
  }

  rest(): Message[] | undefined {
    const waits = this.#connack === 'for us' || this.#session.waits
    if (this.#connack !== 'none' && waits) return undefined
    this.#restOwed = false
    const packets = [
      ...this.#subscribes(),
      ...this.#session.requests,
      ...this.#session.unconfirmed(this.#resumed),
    ]
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
    for (const [filter, { options, properties, granted }] of this.#session.subscriptions) {
      if (!group || group.filters.length === filtersAtOnce || !group.properties.equals(bytesOf(properties))) {
        end()
        group = {
          id: this.#session.freeId(this.#again),
          properties: bytesOf(properties),
          filters: [],
          granted: [],
        }
        this.#again.set(`${group.id}`, '')
      }
      group.filters.push({ filter, options })
      group.granted.push(granted)
    }
    end()
    return packets
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
      if (ours && terms !== this.#session.terms) throw new LetGo('the next broker has other terms')
      if (!ours) this.#session.upstreamSaid(packet)
      return ours
    }
    if (type === packetType.suback) {
      const { id, codes } = readSuback(packet, this.#session.version)
      const granted = this.#again.get(`${id}`)
      if (granted !== undefined) {
        this.#again.delete(`${id}`)
        if (codes.toString('base64') !== granted) throw new LetGo('the next broker grants something else')
        return true
      }
    }
    this.#session.upstreamSaid(packet)
    return false
  }

  save(): Saved {
    return {
      client: this.#client.save(),
      upstream: this.#upstream.save(),
      ...this.#session.save(),
      connack: this.#connack,
      resumed: this.#resumed,
      restOwed: this.#restOwed,
      again: [...this.#again],
    }
  }
}
