// The NATS client protocol over WebSocket (https://docs.nats.io/reference/reference-protocols/nats-protocol): the client is
// connected again and every live subscription subscribed to again. What it published is never sent twice.

import type { Message } from '../../wire/index.ts'
import { BoundedMap } from './bounded-map.ts'
import { LetGo, lettingGo, unread } from './let-go.ts'
import { isObject, type JsonObject } from './message.ts'
import type { Replay, ReplayModule } from './module.ts'
import { binary, type SavedUnits, UnitReader } from './units.ts'

export const nats: ReplayModule = lettingGo({ create: (saved) => new Nats(saved as Saved | undefined) })

interface Subscription {
  subject: string
  /** The client's SUB as it came. */
  line: string
  /** How many messages it has had. */
  received: number
  /** After how many it ends; `UNSUB sid max`. */
  max?: number
}

/** The INFO of the next server: not awaited, or awaited for the client or for nobody but us. */
type Info = 'none' | 'for client' | 'for us'

interface Saved {
  client: SavedUnits
  upstream: SavedUnits
  info?: JsonObject
  connect?: string
  pings: number
  awaits: Info
  awaitsPong: boolean
  restOwed: boolean
  subscriptions: [sid: string, Subscription][]
}

const lf = 0x0a
/** Behind their line comes a payload, whose length the line's last word says. */
const withPayload = new Set(['PUB', 'HPUB', 'MSG', 'HMSG'])
const pong = Buffer.from('PONG\r\n')
/** What a client goes by: where the old server had it, the next one has to have it, too. */
const features = ['headers', 'jetstream'] as const

/** A `Measure`: a line and its payload. */
function lineLength(bytes: Buffer, seen: number): number | undefined {
  const end = bytes.indexOf(lf, seen)
  if (end < 0) return undefined
  const [verb, ...words] = wordsOf(bytes.subarray(0, end))
  if (!withPayload.has(verb)) return end + 1
  const size = Number(words.at(-1))
  if (!Number.isSafeInteger(size) || size < 0) throw new LetGo(`a ${verb} of NATS without a size`)
  return end + 1 + size + 2
}

/** The words of a line; the first in capitals, since "The NATS protocol is case insensitive" in its verbs. */
function wordsOf(line: Buffer): [verb: string, ...string[]] {
  const [verb = '', ...words] = line
    .toString()
    .trim()
    .split(/[ \t]+/)
  return [verb.toUpperCase(), ...words]
}

class Nats implements Replay {
  readonly #client: UnitReader
  #upstream: UnitReader
  /** The first server's INFO. */
  #info: JsonObject | undefined
  /** The client's CONNECT as it came. */
  #connect: string | undefined
  /** PINGs of the client's without a PONG. */
  #pings: number
  #awaits: Info
  /** What the next server says up to the answer to our PING is ours, if it answers us. */
  #awaitsPong: boolean
  /** The next server has not been told all yet. */
  #restOwed: boolean
  readonly #subscriptions = new BoundedMap<Subscription>()

  constructor(saved?: Saved) {
    this.#client = new UnitReader(lineLength, saved?.client)
    this.#upstream = new UnitReader(lineLength, saved?.upstream)
    this.#info = saved?.info
    this.#connect = saved?.connect
    this.#pings = saved?.pings ?? 0
    this.#awaits = saved?.awaits ?? 'none'
    this.#awaitsPong = saved?.awaitsPong ?? false
    this.#restOwed = saved?.restOwed ?? false
    for (const [sid, subscription] of saved?.subscriptions ?? []) this.#keep(sid, subscription)
  }

  onClient(message: Message): void {
    for (const unit of this.#client.read(message)) this.#clientSaid(unit)
  }

  onUpstream(message: Message): void {
    for (const unit of this.#upstream.read(message)) this.#upstreamSaid(unit)
  }

  onUnread(): void {
    throw unread()
  }

  #clientSaid(unit: Buffer): void {
    const [verb, ...words] = wordsOf(lineOf(unit))
    switch (verb) {
      case 'CONNECT': {
        const options = jsonOf(unit)
        // It signs a word of the server's, and the next one has another.
        if (options?.sig !== undefined) throw new LetGo('the client signs a nonce')
        this.#connect = unit.toString()
        return
      }
      case 'SUB': {
        const sid = words.at(-1)
        if (words.length < 2 || sid === undefined) throw new LetGo('a SUB without a subject')
        this.#keep(sid, { subject: words[0]!, line: unit.toString(), received: 0 })
        return
      }
      case 'UNSUB':
        return this.#unsubscribes(words[0] ?? '', Number(words[1] ?? 0))
      case 'PING':
        this.#pings += 1
        return
      case 'PUB':
      case 'HPUB':
      case 'PONG':
      case '':
        return
      default:
        throw new LetGo('what the client says is not known to be NATS')
    }
  }

  #unsubscribes(sid: string, max: number): void {
    const subscription = this.#subscriptions.get(sid)
    if (!subscription) return
    if (max > subscription.received) subscription.max = max
    else this.#subscriptions.delete(sid)
  }

  #upstreamSaid(unit: Buffer): void {
    const [verb, ...words] = wordsOf(lineOf(unit))
    switch (verb) {
      case 'MSG':
      case 'HMSG': {
        const subscription = this.#subscriptions.get(words[1] ?? '')
        if (!subscription) return
        subscription.received += 1
        if (subscription.received === subscription.max) this.#subscriptions.delete(words[1]!)
        return
      }
      case 'INFO':
        this.#info ??= jsonOf(unit)
        return
      case 'PONG':
        this.#pings = Math.max(0, this.#pings - 1)
        return
      case '-ERR':
        return this.#refused(unit.toString())
      case '+OK':
      case 'PING':
      case '':
        return
      default:
        throw new LetGo('what the server says is not known to be NATS')
    }
  }

  /** The server closes behind other errors. */
  #refused(error: string): void {
    const subject = /permissions violation for subscription to "([^"]*)"/i.exec(error)?.[1]
    for (const [sid, one] of this.#subscriptions.entries()) {
      if (one.subject === subject) this.#subscriptions.delete(sid)
    }
  }

  restores(): boolean {
    // The end of what the client has had the beginning of will not come.
    return !this.#upstream.isCut
  }

  answer(): Message[] {
    const answers = new Array<Message>(this.#pings).fill(binary(pong))
    this.#pings = 0
    return answers
  }

  /** The server speaks first. */
  replay(): Message[] {
    this.#upstream = new UnitReader(lineLength)
    this.#awaits = this.#info ? 'for us' : 'for client'
    this.#awaitsPong = false
    this.#restOwed = true
    return []
  }

  rest(): Message[] | undefined {
    if (this.#awaits === 'for us') return undefined
    this.#restOwed = false
    const lines: string[] = []
    if (this.#connect !== undefined) {
      lines.push(this.#connect)
      for (const [sid, { line, received, max }] of this.#subscriptions.entries()) {
        lines.push(line)
        if (max !== undefined) lines.push(`UNSUB ${sid} ${max - received}\r\n`)
      }
      lines.push('PING\r\n')
      this.#awaitsPong = true
    }
    // The next server counts anew.
    for (const [, one] of this.#subscriptions.entries()) {
      if (one.max !== undefined) one.max -= one.received
      one.received = 0
    }
    // Of a line that the restart cut in two, the rest follows.
    const parts = [Buffer.from(lines.join('')), Buffer.from(this.#client.begun)]
    return parts.filter(({ length }) => length > 0).map(binary)
  }

  swallow(message: Message): boolean | Message[] {
    return this.#upstream.filter(
      message,
      (unit) => this.#isOurs(unit),
      () => this.#awaits !== 'none' || this.#restOwed || this.#awaitsPong,
    )
  }

  #isOurs(unit: Buffer): boolean {
    const [verb] = wordsOf(lineOf(unit))
    if (verb === 'INFO' && this.#awaits !== 'none') {
      const ours = this.#awaits === 'for us'
      this.#awaits = 'none'
      if (ours) this.#compare(jsonOf(unit))
      else this.#upstreamSaid(unit)
      return ours
    }
    if (verb === '-ERR' && (this.#restOwed || this.#awaitsPong)) {
      throw new LetGo(`the next server refuses the client: ${unit.toString().trim()}`)
    }
    if (this.#awaitsPong) {
      if (verb === '+OK') return true
      if (verb === 'PONG') {
        this.#awaitsPong = false
        return true
      }
    }
    this.#upstreamSaid(unit)
    return false
  }

  #compare(next: JsonObject | undefined): void {
    const before = this.#info
    const lacks = features.find((feature) => before?.[feature] === true && next?.[feature] !== true)
    if (lacks) throw new LetGo(`the next server has no ${lacks}`)
    if (Number(next?.max_payload) < Number(before?.max_payload)) {
      throw new LetGo('the next server takes shorter messages only')
    }
  }

  save(): Saved {
    return {
      client: this.#client.save(),
      upstream: this.#upstream.save(),
      info: this.#info,
      connect: this.#connect,
      pings: this.#pings,
      awaits: this.#awaits,
      awaitsPong: this.#awaitsPong,
      restOwed: this.#restOwed,
      subscriptions: this.#subscriptions.entries(),
    }
  }

  #keep(sid: string, subscription: Subscription): void {
    this.#subscriptions.set(sid, subscription, subscription.line.length)
  }
}

function lineOf(unit: Buffer): Buffer {
  return unit.subarray(0, unit.indexOf(lf))
}

/** The JSON behind the verb. */
function jsonOf(unit: Buffer): JsonObject | undefined {
  const line = lineOf(unit).toString()
  try {
    const value: unknown = JSON.parse(line.slice(line.indexOf('{')))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
