// Cuts what one side of a byte-stream protocol says into its units: packets of MQTT, lines of NATS. WebSocket messages may
// hold parts of one, and several.
import { Bytes } from '../../core/index.ts'
import type { Message } from '../../wire/index.ts'
import { replayLimits } from './bounded-map.ts'
import { LetGo } from './let-go.ts'

/**
 * The whole length of the unit that these bytes begin with; undefined while it cannot be told. The first `seen` bytes have
 * been looked at before. Throws a LetGo for what is no unit.
 */
export type Measure = (bytes: Buffer, seen: number) => number | undefined

/** Where a reader is, as data that JSON can carry; bytes in base64. */
export interface SavedUnits {
  begun: string
  withheld: boolean
}

export class UnitReader {
  readonly #measure: Measure
  /** Of the unit that is under way. */
  #begun = new Bytes()
  /** How much of that has been looked at, while its length is not known; its length, once it is. */
  #seen = 0
  #length: number | undefined

  /** `filter` has shown nobody what has begun. */
  #withheld: boolean

  constructor(measure: Measure, saved?: SavedUnits) {
    this.#measure = measure
    this.#begun.append(Buffer.from(saved?.begun ?? '', 'base64'))
    this.#withheld = saved?.withheld ?? false
  }

  /** What has come of a unit that is not whole. */
  get begun(): Buffer {
    return this.#begun.all
  }

  /** Whether somebody has been shown the beginning of a unit, and not its end. */
  get isCut(): boolean {
    return this.#begun.length > 0 && !this.#withheld
  }

  save(): SavedUnits {
    return { begun: this.#begun.all.toString('base64'), withheld: this.#withheld }
  }

  /** The units that are whole now. */
  read(message: Message): Buffer[] {
    if (message.type === 'text') throw new LetGo('a text message, where the protocol is of bytes')
    let data = message.data
    if (this.#begun.length > 0) {
      this.#begun.append(data)
      data = this.#begun.all
    }
    const units: Buffer[] = []
    let at = 0
    while (at < data.length) {
      const rest = data.subarray(at)
      this.#length ??= this.#measure(rest, this.#seen)
      if ((this.#length ?? rest.length) > replayLimits.bytes)
        throw new LetGo('a packet is too long to be kept')
      this.#seen = rest.length
      if (this.#length === undefined || this.#length > rest.length) break
      units.push(rest.subarray(0, this.#length))
      at += this.#length
      this.#seen = 0
      this.#length = undefined
    }
    // While nothing has become whole, what was kept stays where it is: each byte is copied a bounded number of times.
    if (at > 0 || this.#begun.length === 0) {
      this.#begun = new Bytes()
      this.#begun.append(data.subarray(at))
    }
    return units
  }

  /**
   * What `swallow` returns: the message without the units that are ours. While `awaits` says that more of those may come,
   * units are withheld until they are whole.
   */
  filter(message: Message, isOurs: (unit: Buffer) => boolean, awaits: () => boolean): boolean | Message[] {
    if (!awaits() && !this.#withheld) return false
    const parts = this.read(message).filter((unit) => !isOurs(unit))
    this.#withheld = this.#begun.length > 0
    return parts.length === 0 || [binary(Buffer.concat(parts))]
  }
}

export function binary(data: Buffer): Message {
  return { type: 'binary', data }
}
