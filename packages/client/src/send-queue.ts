import type { Data } from './connection.ts'
import type { BufferOptions } from './options.ts'

/** Messages that wait for a connection, in order. Holds copies: what is changed after `send()` is not sent. */
export class SendQueue {
  bytes = 0
  #messages: Data[] = []
  readonly #limits: Required<BufferOptions>

  constructor(limits: Required<BufferOptions>) {
    this.#limits = limits
  }

  /** Takes a message, or drops one, as `overflow` says. False: there is no room, and the caller is to throw. */
  push(data: Data): boolean {
    const size = byteLength(data)
    const { bytes, messages, overflow } = this.#limits
    const full = () => this.bytes + size > bytes || this.#messages.length >= messages
    if (overflow === 'drop-oldest' && size <= bytes && messages > 0) while (full()) this.shift()
    if (full()) return overflow !== 'throw'
    this.bytes += size
    this.#messages.push(copy(data))
    return true
  }

  shift(): Data | undefined {
    const data = this.#messages.shift()
    if (data !== undefined) this.bytes -= byteLength(data)
    return data
  }

  /** Takes everything out, in order. */
  drain(): Data[] {
    const messages = this.#messages
    this.bytes = 0
    this.#messages = []
    return messages
  }
}

/** Bytes on the wire, the frame header not counted, as `bufferedAmount` has it. */
export function byteLength(data: Data): number {
  return typeof data === 'string' ? utf8Length(data) : 'size' in data ? data.size : data.byteLength
}

/** Bytes of a string in UTF-8, half a surrogate pair counted as U+FFFD. React Native has no TextEncoder. */
export function utf8Length(text: string): number {
  let bytes = 0
  for (const character of text) {
    const point = character.codePointAt(0)!
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return bytes
}

function copy(data: Data): Data {
  if (typeof data === 'string' || 'size' in data) return data
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
    : data.slice(0)
}
