// How many of the client's messages an upstream has read, as far as it can be known: the gateway puts a Ping of its own
// behind them, and the Pong says so. Next: hold.ts.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { controlFrame, opcode } from '../wire/index.ts'

/** Its state as data that JSON can carry; `prefix` in base64. */
export interface PackedConfirmed {
  sent: number
  confirmed: number
  marked: number
  prefix: string
}

export class DeliveryTracker {
  /** The client's messages handed on, counted from the first, over all its upstreams. */
  sent = 0
  #confirmed = 0
  #marked = 0
  /** In front of the number in a Ping of ours; a client cannot guess it. */
  #prefix = randomBytes(4)

  /** Messages that the upstream has read for certain, or that were lost. */
  get confirmed(): number {
    return this.#confirmed
  }

  /** Whether the last Ping has been answered. */
  get answered(): boolean {
    return this.#confirmed >= this.#marked
  }

  /** The Ping to put behind the messages sent so far; undefined when one is there already. */
  mark(): Buffer | undefined {
    if (this.sent === this.#marked) return undefined
    // RFC 6455 5.5.3: the Pong to this Ping proves that the upstream has read every message before it.
    this.#marked = this.sent
    const payload = Buffer.allocUnsafe(8)
    payload.set(this.#prefix)
    payload.writeUInt32BE(this.#marked >>> 0, 4)
    return controlFrame(opcode.ping, payload, true)
  }

  /** A Pong came; true when it answers a Ping of ours. */
  heard(pong: Buffer): boolean {
    if (pong.length !== 8 || pong.compare(this.#prefix, 0, 4, 0, 4) !== 0) return false
    const behind = (this.#marked - pong.readUInt32BE(4)) >>> 0
    this.#confirmed = Math.max(this.#confirmed, this.#marked - behind)
    return true
  }

  /** The upstream has read all that it was sent. */
  all(): void {
    this.#confirmed = this.sent
    this.#marked = this.sent
  }

  /** How many messages went to the upstream and were not confirmed; they count once. */
  takeLost(): number {
    const lost = this.sent - this.#confirmed
    assert(lost >= 0, 'more messages are confirmed than were sent')
    this.all()
    return lost
  }

  pack(): PackedConfirmed {
    return {
      sent: this.sent,
      confirmed: this.#confirmed,
      marked: this.#marked,
      prefix: this.#prefix.toString('base64'),
    }
  }

  unpack({ sent, confirmed, marked, prefix }: PackedConfirmed): void {
    this.sent = sent
    this.#confirmed = confirmed
    this.#marked = marked
    this.#prefix = Buffer.from(prefix, 'base64')
  }
}
