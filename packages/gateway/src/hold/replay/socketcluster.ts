// SocketCluster (https://socketcluster.io, protocol versions 1 and 2): the handshake is made again with the token that the
// client has now, and every subscription after it, under the client's own call ids.

import type { Message } from '../../wire/index.ts'
import { BoundedMap } from './bounded-map.ts'
import { LetGo, lettingGo, unread } from './let-go.ts'
import { isObject, type JsonObject, json, parseJson } from './message.ts'
import type { Replay, ReplayModule } from './module.ts'

export const socketcluster: ReplayModule = lettingGo({
  create: (saved) => new SocketCluster(saved as Saved | undefined),
})

interface Subscription {
  /** JSON of the client's #subscribe. */
  packet: string
  /** The client has had the answer to it. */
  confirmed: boolean
}

/** The answer to the handshake with the next server: not awaited, or awaited for the client or for nobody but us. */
type Greeting = 'none' | 'for client' | 'for us'

interface Saved {
  handshake?: JsonObject
  status?: JsonObject
  token?: unknown
  left: boolean
  greeting: Greeting
  subscriptions: [channel: string, Subscription][]
  calls: [cid: string, event: string][]
  again: [cid: number, channel: string][]
}

/** Pings of the server's and their answers, of both versions of the protocol. */
const pings = new Set(['', '#1', '#2'])

class SocketCluster implements Replay {
  /** The client's #handshake. */
  #handshake: JsonObject | undefined
  /** What the server answered to it. */
  #status: JsonObject | undefined
  /** The token that the client has now. */
  #token: unknown
  /** One side has said #disconnect. */
  #left: boolean
  #greeting: Greeting
  readonly #subscriptions = new BoundedMap<Subscription>()
  /** Calls of the client's without an answer, and what they called. */
  readonly #calls = new BoundedMap<string>()
  /** Channels by the ids of #subscribes whose first answer the client has had. */
  readonly #again: Map<number, string>

  constructor(saved?: Saved) {
    this.#handshake = saved?.handshake
    this.#status = saved?.status
    this.#token = saved?.token
    this.#left = saved?.left ?? false
    this.#greeting = saved?.greeting ?? 'none'
    for (const [channel, subscription] of saved?.subscriptions ?? []) this.#keep(channel, subscription)
    for (const [cid, event] of saved?.calls ?? []) this.#calls.set(cid, event)
    this.#again = new Map(saved?.again)
  }

  onClient(message: Message): void {
    for (const packet of packetsIn(message)) this.#clientSaid(packet)
  }

  onUpstream(message: Message): void {
    for (const packet of packetsIn(message)) this.#upstreamSaid(packet)
  }

  onUnread(from: 'client' | 'upstream'): void {
    // An answer of the server's to a call may be in it.
    if (from === 'client' || this.#calls.size > 0) throw unread()
  }

  #clientSaid({ event, data, cid, rid }: JsonObject): void {
    if (rid !== undefined) return
    if (typeof event !== 'string') throw new LetGo('what the client says is not known to be SocketCluster')
    const call = typeof cid === 'number'
    if (call) this.#calls.set(`${cid}`, event, event.length)
    switch (event) {
      case '#handshake':
        this.#handshake = { event, data, cid }
        this.#token = isObject(data) ? data.authToken : undefined
        return
      case '#authenticate':
        this.#token = data
        return
      case '#removeAuthToken':
        this.#token = undefined
        return
      case '#subscribe':
        if (!isObject(data) || typeof data.channel !== 'string')
          throw new LetGo('a #subscribe without a channel')
        // Its answer is the subscription's, not a call's: it is sent again.
        this.#calls.delete(`${cid}`)
        this.#keep(data.channel, { packet: JSON.stringify({ event, data, cid }), confirmed: !call })
        return
      case '#unsubscribe':
        this.#subscriptions.delete(String(isObject(data) ? data.channel : data))
        return
      case '#disconnect':
        this.#left = true
    }
  }

  #upstreamSaid({ event, data, error, rid }: JsonObject): void {
    if (typeof rid === 'number') {
      if (rid === this.#handshake?.cid && !this.#status && error === undefined && isObject(data))
        this.#status = data
      this.#calls.delete(`${rid}`)
      for (const [channel, { packet }] of this.#subscriptions.entries()) {
        if (cidOf(packet) !== rid) continue
        if (error === undefined || error === null) this.#keep(channel, { packet, confirmed: true })
        else this.#subscriptions.delete(channel)
      }
      return
    }
    if (event === '#kickOut' && isObject(data)) this.#subscriptions.delete(String(data.channel))
    if (event === '#setAuthToken' && isObject(data)) this.#token = data.token
    if (event === '#removeAuthToken') this.#token = undefined
    if (event === '#disconnect') this.#left = true
  }

  restores(): boolean {
    return !this.#left
  }

  answer(): Message[] {
    const answers: Message[] = []
    for (const [cid, event] of this.#calls.entries()) {
      if (event === '#authenticate') throw new LetGo('the client is being authenticated')
      if (event === '#handshake') continue
      this.#calls.delete(cid)
      const error = {
        name: 'BadConnectionError',
        message: `The server restarted while ${event} ran. It was not run again; whether it took effect is not known.`,
        type: 'disconnect',
      }
      // What is subscribed to is gone with the connection.
      answers.push(json(event === '#unsubscribe' ? { rid: Number(cid) } : { rid: Number(cid), error }))
    }
    return answers
  }

  replay(): Message[] {
    this.#again.clear()
    this.#greeting = 'none'
    if (!this.#handshake) return []
    this.#greeting = this.#status ? 'for us' : 'for client'
    const { data } = this.#handshake
    return [json({ ...this.#handshake, data: { ...(isObject(data) ? data : {}), authToken: this.#token } })]
  }

  rest(): Message[] | undefined {
    const waits = this.#greeting === 'for us' || this.#subscriptions.size > 0
    if (this.#greeting !== 'none' && waits) return undefined
    return this.#subscriptions.entries().map(([channel, { packet, confirmed }]) => {
      const cid = cidOf(packet)
      if (confirmed && cid !== undefined) this.#again.set(cid, channel)
      return { type: 'text', data: packet }
    })
  }

  swallow(message: Message): boolean | Message[] {
    if (this.#greeting === 'none' && this.#again.size === 0) return false
    const packets = packetsIn(message)
    if (packets.length === 0) return false
    const shown = packets.flatMap((packet) => this.#shown(packet))
    if (shown.length === packets.length && shown.every((packet, i) => packet === packets[i])) return [message]
    return shown.length === 0 || [json(shown.length === 1 ? shown[0] : shown)]
  }

  /** What the client gets of it. */
  #shown(packet: JsonObject): JsonObject[] {
    const { rid, data, error } = packet
    if (typeof rid === 'number' && this.#greeting !== 'none' && rid === this.#handshake?.cid) {
      const ours = this.#greeting === 'for us'
      this.#greeting = 'none'
      if (ours) this.#compare(data, error)
      else this.#upstreamSaid(packet)
      return ours ? [] : [packet]
    }
    const channel = typeof rid === 'number' ? this.#again.get(rid) : undefined
    if (channel !== undefined) {
      this.#again.delete(rid as number)
      if (error === undefined || error === null) return []
      this.#subscriptions.delete(channel)
      const message = isObject(error) ? error.message : undefined
      return [{ event: '#kickOut', data: { channel, message } }]
    }
    this.#upstreamSaid(packet)
    return [packet]
  }

  #compare(data: unknown, error: unknown): void {
    const status = isObject(data) && (error === undefined || error === null) ? data : undefined
    if (!status) throw new LetGo('the next server refuses the handshake')
    const authenticated = this.#token !== undefined && this.#token !== null
    if (
      status.pingTimeout !== this.#status?.pingTimeout ||
      (authenticated && status.isAuthenticated !== true)
    ) {
      throw new LetGo('the next server answers the handshake otherwise')
    }
  }

  save(): Saved {
    return {
      handshake: this.#handshake,
      status: this.#status,
      token: this.#token,
      left: this.#left,
      greeting: this.#greeting,
      subscriptions: this.#subscriptions.entries(),
      calls: this.#calls.entries(),
      again: [...this.#again],
    }
  }

  #keep(channel: string, subscription: Subscription): void {
    this.#subscriptions.set(channel, subscription, subscription.packet.length)
  }
}

/** What a message says; nothing, if it is a ping. */
function packetsIn(message: Message): JsonObject[] {
  if (message.type === 'binary') throw new LetGo('a codec of SocketCluster that is not JSON')
  if (pings.has(message.data)) return []
  const content = parseJson(message)
  const packets = Array.isArray(content) ? content : [content]
  if (!packets.every(isObject)) throw new LetGo('what is said is not known to be SocketCluster')
  return packets
}

function cidOf(packet: string): number | undefined {
  const { cid } = JSON.parse(packet) as JsonObject
  return typeof cid === 'number' ? cid : undefined
}
