import { isDeepStrictEqual } from 'node:util'
import type { FramePeer } from './frame-peer.ts'

/** Pings of the runner's own have numbers from here on. */
const settling = 1_000_000

/** What a step of a dialogue did not find as it should be. */
export class Unexpected extends Error {}

/** Values of the names in a dialogue, `$1` and `$nonce1`: the first value that one meets is kept. */
export class Names {
  readonly #values = new Map<string, string>()

  /** Keeps the value of a name, or compares: with the value that the name has, or with a `word` that is none. */
  meet(word: string, value: string): boolean {
    if (!word.startsWith('$')) return word === value
    if (!this.#values.has(word)) this.#values.set(word, value)
    return this.#values.get(word) === value
  }

  /** The text with all names replaced by their values. */
  fill(text: string): string {
    return text.replace(/\$(?:nonce)?\d+/g, (name) => this.#values.get(name) ?? name)
  }
}

/** A message of the other side: the body of a control message, or data. */
export type Heard = { control: Record<string, unknown> } | { data: string }

/** One connection of a dialogue in the runner's hand. */
export class Conversation {
  readonly peer: FramePeer
  nonce: string | undefined
  #taken = 0

  constructor(peer: FramePeer, nonce?: string) {
    this.peer = peer
    this.nonce = nonce
  }

  /** Sends a control message. */
  say(type: string, members: object): void {
    this.peer.text(`\0${this.nonce}${JSON.stringify({ type, ...members })}`)
  }

  /** The next message for which `skip` is not true. Fails when the connection ends or is closed before. */
  async hear(what: string, skip: (heard: Heard) => boolean): Promise<Heard> {
    for (;;) {
      await this.peer.changes.until(
        what,
        () => {
          if (this.peer.messages.length > this.#taken) return true
          if (this.peer.ending || this.peer.frames.some(({ opcode }) => opcode === 8))
            throw new Unexpected(`${what}: the connection ended before`)
          return false
        },
        { detail: () => this.peer.describe() },
      )
      const heard = this.#read(this.peer.messages[this.#taken++]!.payload.toString())
      if (!skip(heard)) return heard
    }
  }

  /** The Close; fails if a message that counts stands before it. */
  async hearClose(skip: (heard: Heard) => boolean): Promise<{ code?: number; reason: string } | undefined> {
    const close = await this.peer.closeFrame()
    for (const { payload } of this.peer.messages.slice(this.#taken)) {
      const heard = this.#read(payload.toString())
      if (!skip(heard)) throw new Unexpected(`a message before the Close: ${JSON.stringify(heard)}`)
    }
    return close
  }

  /** Resolves when the other side has read all that was said before: it has answered a ping. */
  async settled(): Promise<void> {
    const id = settling + this.#taken
    this.say('ping', { id })
    const pong = `\0${this.nonce}{"type":"pong","id":${id}}`
    const { peer } = this
    const answered = () => peer.messages.some(({ payload }) => payload.toString() === pong)
    await peer.changes.until('a pong', () => answered() || peer.ending !== undefined)
  }

  /** Messages that nobody has asked for so far. */
  get rest(): Heard[] {
    return this.peer.messages.slice(this.#taken).map(({ payload }) => this.#read(payload.toString()))
  }

  #read(text: string): Heard {
    if (this.nonce === undefined) {
      const [, nonce, body] = /^\0([\w-]{16})(.*)$/s.exec(text) ?? []
      if (!nonce) throw new Unexpected(`no welcome comes first: ${text.slice(0, 80)}`)
      this.nonce = nonce
      return { control: JSON.parse(body!) }
    }
    const head = `\0${this.nonce}`
    return text.startsWith(head) ? { control: JSON.parse(text.slice(head.length)) } : { data: text }
  }
}

/** Acknowledgements and pings may come at any time; a dialogue does not list all of them. */
export function inPassing(heard: Heard): boolean {
  if (!('control' in heard)) return false
  const { type, id } = heard.control
  return type === 'ack' || type === 'ping' || (type === 'pong' && Number(id) >= settling)
}

/** True for a control message that must not be skipped while waiting for this one: it is it. */
export function isControl(heard: Heard, type: string, members: Record<string, unknown>): boolean {
  if (!('control' in heard) || heard.control.type !== type) return false
  return Object.entries(members).every(([name, value]) => isDeepStrictEqual(heard.control[name], value))
}
