// What the messages of Yjs providers are made of: lib0's encoding, and the awareness protocol of y-protocols.

import { BoundedMap } from './bounded-map.ts'
import { LetGo } from './let-go.ts'

/** y-protocols/sync.js. */
export const syncType = { step1: 0, step2: 1, update: 2 } as const

/** Reads what lib0/encoding.js has written; throws a LetGo where there is nothing to read. */
export class YjsFields {
  readonly #data: Buffer
  #at = 0

  constructor(data: Buffer) {
    this.#data = data
  }

  get atEnd(): boolean {
    return this.#at >= this.#data.length
  }

  varUint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#data[this.#at++]
      if (byte === undefined || scale > 2 ** 49) throw new LetGo('what is said is not of Yjs')
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }

  varBytes(): Buffer {
    const length = this.varUint()
    const from = this.#at
    this.#at += length
    if (this.#at > this.#data.length) throw new LetGo('what is said is not of Yjs')
    return this.#data.subarray(from, this.#at)
  }

  varString(): string {
    return this.varBytes().toString()
  }
}

export function varUint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}

export function varBytes(bytes: Buffer | string): Buffer {
  const data = Buffer.from(bytes as string)
  return Buffer.concat([varUint(data.length), data])
}

interface Presence {
  clock: number
  /** JSON of the state. */
  state: string
}

/** What the client says of itself, as data that JSON can carry. */
export interface SavedAwareness {
  own: [client: string, Presence][]
  heard: [client: string, clock: number][]
}

/**
 * The client's own awareness states. It also hands on what it hears of others, who must not be spoken for: their states have
 * come from the upstream before.
 */
export class OwnAwareness {
  readonly #own = new BoundedMap<Presence>()
  readonly #heard = new BoundedMap<number>()

  constructor(saved?: SavedAwareness) {
    for (const [client, presence] of saved?.own ?? []) this.#keep(client, presence)
    for (const [client, clock] of saved?.heard ?? []) this.#heard.set(client, clock)
  }

  /** An awareness update of the client's. */
  said(update: Buffer): void {
    for (const [client, presence] of presences(update)) {
      const heard = this.#heard.get(client)
      // Null: gone, as far as others are concerned.
      if (presence.state === 'null') this.#own.delete(client)
      else if (heard === undefined || heard < presence.clock || this.#own.has(client))
        this.#keep(client, presence)
    }
  }

  /** An awareness update of the upstream's. */
  heard(update: Buffer): void {
    for (const [client, { clock, state }] of presences(update)) {
      if (state === 'null') this.#heard.delete(client)
      else if (!this.#own.has(client)) this.#heard.set(client, clock)
    }
  }

  /** An update that says it again; undefined when there is nothing to say. */
  get update(): Buffer | undefined {
    const present = this.#own.entries()
    if (present.length === 0) return undefined
    return Buffer.concat([
      varUint(present.length),
      ...present.flatMap(([client, { clock, state }]) => [
        varUint(Number(client)),
        varUint(clock),
        varBytes(state),
      ]),
    ])
  }

  save(): SavedAwareness {
    return { own: this.#own.entries(), heard: this.#heard.entries() }
  }

  #keep(client: string, presence: Presence): void {
    this.#own.set(client, presence, presence.state.length)
  }
}

function presences(update: Buffer): [client: string, Presence][] {
  const fields = new YjsFields(update)
  const count = fields.varUint()
  const found: [string, Presence][] = []
  for (let i = 0; i < count; i++) {
    const client = `${fields.varUint()}`
    found.push([client, { clock: fields.varUint(), state: fields.varString() }])
  }
  return found
}
