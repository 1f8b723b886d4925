import { isUtf8 } from 'node:buffer'
import { code, mayTravel } from '@holdfast/close-codes'
import { clientFrame, opcode, type ServerFrame, ServerFrames } from './frames.ts'
import { withLimit } from './limit.ts'
import type { Wire } from './wire.ts'

/** Milliseconds to wait for the end of a connection that has done its work. */
const replyTimeoutMs = 500

/** What a server does on an open WebSocket. */
export type SessionEvent =
  | { is: 'pong'; payload: Buffer }
  | { is: 'message'; bytes: number }
  /** Without a code the Close was empty. */
  | { is: 'close'; code: number | undefined; reason: string }
  /** The connection ended without a Close. */
  | { is: 'lost' }
  | { is: 'broken'; words: string }

/** The client's end of an open WebSocket. It answers Pings and Closes as any client does. */
export class Session {
  /** The subprotocol that the server chose. */
  readonly protocol: string | undefined
  /** Pings that the server sent of its own accord. */
  pings = 0
  readonly #wire: Wire
  readonly #frames: ServerFrames
  readonly #answersClose: boolean
  #waiting: ServerFrame[] = []
  #closing = false

  /** `answersClose`: false for a client that has gone away without a word, as one does whose battery is empty. */
  constructor(wire: Wire, agreed: { protocol?: string; compressed: boolean }, { answersClose = true } = {}) {
    this.#wire = wire
    this.#answersClose = answersClose
    this.#frames = new ServerFrames(agreed.compressed)
    this.protocol = agreed.protocol
  }

  ping(payload: Uint8Array): void {
    this.#wire.write(clientFrame(opcode.ping, payload))
  }

  text(payload: Uint8Array): void {
    this.#wire.write(clientFrame(opcode.text, payload))
  }

  close(status: number, reason: string): void {
    this.#closing = true
    const payload = Buffer.alloc(2)
    payload.writeUInt16BE(status)
    this.#wire.write(clientFrame(opcode.close, Buffer.concat([payload, Buffer.from(reason)])))
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#wire.destroy()
  }

  /** Says goodbye, and waits a moment for the answer, so that the server need not log a lost connection. */
  async leave(signal: AbortSignal): Promise<void> {
    if (!this.#closing) this.close(code.goingAway, '')
    await withLimit(replyTimeoutMs, signal, async (limit) => {
      for (let event = await this.next(limit); event; event = await this.next(limit)) {
        if (event.is !== 'message' && event.is !== 'pong') return
      }
    })
    this.destroy()
  }

  /** What happens next; undefined when the signal fires before. */
  async next(limit: AbortSignal): Promise<SessionEvent | undefined> {
    for (;;) {
      const frame = this.#waiting.shift()
      if (frame) {
        const event = this.#eventOf(frame)
        if (event) return event
        continue
      }
      const bytes = await this.#wire.read(limit)
      if (bytes === undefined) return undefined
      if (!Buffer.isBuffer(bytes)) return { is: 'lost' }
      this.#waiting = this.#frames.push(bytes)
    }
  }

  #eventOf(frame: ServerFrame): SessionEvent | undefined {
    if (frame.is !== 'control') return frame
    const { payload } = frame
    switch (frame.opcode) {
      case opcode.ping:
        this.pings += 1
        this.#wire.write(clientFrame(opcode.pong, payload))
        return undefined
      case opcode.pong:
        return { is: 'pong', payload }
      default:
        return this.#closeOf(payload)
    }
  }

  #closeOf(payload: Buffer): SessionEvent {
    const wrong = wrongClose(payload)
    if (wrong) return { is: 'broken', words: wrong }
    if (!this.#closing && this.#answersClose) this.#wire.write(clientFrame(opcode.close, payload))
    this.#closing = true
    const status = payload.length > 0 ? payload.readUInt16BE(0) : undefined
    return { is: 'close', code: status, reason: payload.toString('utf8', 2) }
  }
}

/** What RFC 6455 5.5.1 and 7.4 forbid in the body of a Close. */
function wrongClose(payload: Buffer): string | undefined {
  if (payload.length === 0) return undefined
  // 5.5.1: "the first two bytes of the body MUST be a 2-byte unsigned integer"
  if (payload.length === 1) return 'a Close with half a code'
  const status = payload.readUInt16BE(0)
  if (!mayTravel(status)) return `a Close with code ${status}`
  return isUtf8(payload.subarray(2)) ? undefined : 'a Close whose reason is not UTF-8'
}
