import type { Data } from './connection.ts'
import { utf8Length } from './host.ts'
import type { BufferOptions } from './options.ts'

/**
 * Messages that wait for a connection, in order. Holds copies: what is changed after `send()` is not sent. While it
 * `keeps` what was sent, within the same limits, that can be put back.
 */
export type SendQueue = ReturnType<typeof sendQueue>

/** An empty queue. */
export function sendQueue(maxBytes: number, maxMessages: number, overflow: BufferOptions['overflow']) {
  /** What was sent and is kept, then what waits. */
  const messages: Data[] = []
  /** How many messages were sent, and their bytes. */
  let sent = 0
  let sentBytes = 0
  let waitingBytes = 0
  let keeps = false

  const makeRoom = (size: number): boolean => {
    const full = () => waitingBytes + sentBytes + size > maxBytes || messages.length >= maxMessages
    if (overflow === 'drop-oldest' && size <= maxBytes && maxMessages)
      while (full()) {
        const dropped = byteLength(messages.shift()!)
        if (sent) {
          sent--
          sentBytes -= dropped
        } else waitingBytes -= dropped
      }
    return !full()
  }

  return {
    /** Bytes that wait. */
    get bytes() {
      return waitingBytes
    },

    /** Takes a message, or drops one, as `overflow` says. False: there is no room, and the caller is to throw. */
    push(data: Data): boolean {
      const size = byteLength(data)
      if (!makeRoom(size)) return overflow !== 'throw'
      waitingBytes += size
      messages.push(copy(data))
      return true
    },

    /** The next message that waits; it counts as sent. */
    shift(): Data | undefined {
      const data = messages[sent]
      if (data === undefined) return data
      const size = byteLength(data)
      waitingBytes -= size
      if (keeps) {
        sent++
        sentBytes += size
      } else messages.shift()
      return data
    },

    /** Keeps a message that did not wait; not one for which there is no room. */
    sent(data: Data): void {
      const size = byteLength(data)
      if (!keeps || !makeRoom(size)) return
      messages.splice(sent++, 0, copy(data))
      sentBytes += size
    },

    /** Forgets what was sent, or puts it back before what waits; then keeps what is sent from now on, or does not. */
    settle(putBack: boolean, keep = false): void {
      if (putBack) waitingBytes += sentBytes
      else messages.splice(0, sent)
      sent = sentBytes = 0
      keeps = keep
    },

    /** Takes out everything that waits, in order. */
    drain(): Data[] {
      waitingBytes = 0
      return messages.splice(sent)
    },
  }
}

/** Bytes on the wire, the frame header not counted, as `bufferedAmount` has it. */
export function byteLength(data: Data): number {
  return typeof data === 'string'
    ? utf8Length(data)
    : ((data as Blob).size ?? (data as ArrayBuffer).byteLength)
}

/** What is changed after `send()` is not changed in a copy. */
export function copy(data: Data): Data {
  if (typeof data === 'string' || 'size' in data) return data
  // An ArrayBuffer has no `buffer` and no `byteOffset`.
  const view = data as Partial<ArrayBufferView<ArrayBuffer>>
  return new Uint8Array(view.buffer ?? (data as ArrayBuffer), view.byteOffset, view.byteLength).slice()
}
