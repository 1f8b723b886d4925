// permessage-deflate (RFC 7692), one message after the other.
import { Inflate } from 'fflate'
import { concat } from './bytes.ts'

/** RFC 7692 7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message." */
const tail = Uint8Array.of(0, 0, 0xff, 0xff)

const windowSize = 32_768
/** DEFLATE makes at most 1,032 bytes of one: what is inflated at once is bounded by this. */
const sliceSize = 8192
/** The most bytes that one message is inflated to. */
export const maxMessage = 8 * 1024 * 1024

/** What a whole capture may still cost. */
export interface Budget {
  /** Bytes that may be inflated. */
  left: number
  /** Frames that may be shown. */
  frames: number
}

export interface Inflated {
  readonly bytes: Uint8Array
  /** False when there is more that was not inflated. */
  readonly whole: boolean
}

/** Inflates the messages of one direction. */
export class Inflater {
  readonly #takeover: boolean
  #window: Uint8Array | undefined = new Uint8Array()

  constructor(takeover: boolean) {
    this.#takeover = takeover
  }

  /** Whether the next message can be inflated: with takeover it needs all that went before. */
  get able(): boolean {
    return this.#window !== undefined
  }

  /** A message was not read, so that what refers to it cannot be either. */
  lose(): void {
    if (this.#takeover) this.#window = undefined
  }

  /** One message; undefined when its bytes are not DEFLATE, or need what is not there. */
  message(payload: Uint8Array, budget: Budget): Inflated | undefined {
    if (!this.#window) return undefined
    const most = Math.min(maxMessage, budget.left)
    const parts: Uint8Array[] = []
    let size = 0
    try {
      const inflate = new Inflate(this.#window.length > 0 ? { dictionary: this.#window } : {})
      inflate.ondata = (part) => {
        parts.push(part)
        size += part.length
      }
      for (let at = 0; at < payload.length && size <= most; at += sliceSize)
        inflate.push(payload.subarray(at, at + sliceSize))
      if (size <= most) inflate.push(tail)
    } catch {
      this.lose()
      return undefined
    }
    const bytes = concat(parts)
    budget.left -= Math.min(size, budget.left)
    if (size > most) {
      this.lose()
      return { bytes: bytes.subarray(0, most), whole: false }
    }
    if (this.#takeover) this.#window = concat([this.#window, bytes]).slice(-windowSize)
    return { bytes, whole: true }
  }
}
