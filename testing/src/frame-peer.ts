import type { Duplex } from 'node:stream'
import { Changes } from './changes.ts'
import { closePayload, type FrameInit, frame, opcode } from './frame.ts'
import { type Frame, FrameParser } from './frame-parser.ts'

export interface FramePeerOptions {
  /** Answer each Ping with its Pong. Default true. */
  answersPings?: boolean
  /** Answer a Close with the same code and reason. Default true. */
  answersCloses?: boolean
  /** Keep what is received for the waits below; off, bytes are only counted. Default true. */
  keepsFrames?: boolean
}

/** A data message as received; still compressed when `compressed` is set. */
export interface ReceivedMessage {
  opcode: number
  compressed: boolean
  payload: Buffer
  /** In how many frames it came. */
  frames: number
}

export interface CloseFrame {
  /** Undefined: the Close had no payload. */
  code: number | undefined
  reason: string
}

/** How the other side's stream of bytes ended. */
export type Ending = 'fin' | 'reset'

/**
 * One end of a WebSocket after the handshake, in the test's hand: it writes any bytes and records every frame.
 * Independent of the code under test. Waits fail after `limit` milliseconds, those of `eventually` by default.
 */
export class FramePeer implements AsyncDisposable {
  readonly stream: Duplex
  /** Every frame received, in order. */
  readonly frames: Frame[] = []
  readonly messages: ReceivedMessage[] = []
  /** Bytes received after the handshake. */
  bytes = 0
  answersPings: boolean
  answersCloses: boolean
  /** Called with each whole data message, before anything that came behind it is looked at. */
  onMessage: ((message: ReceivedMessage) => void) | undefined
  /** Undefined while the other side's stream goes on. */
  ending: Ending | undefined
  readonly changes = new Changes()
  readonly #masks: boolean
  readonly #keeps: boolean
  readonly #parser = new FrameParser()
  #framesTaken = 0
  #messagesTaken = 0
  #partial: ReceivedMessage | undefined
  #closeSent = false

  constructor(stream: Duplex, role: 'client' | 'server', options: FramePeerOptions = {}) {
    this.stream = stream
    this.#masks = role === 'client'
    this.answersPings = options.answersPings ?? true
    this.answersCloses = options.answersCloses ?? true
    this.#keeps = options.keepsFrames ?? true
    const onEnding = (ending: Ending) => {
      this.ending ??= ending
      this.changes.notify()
    }
    stream.on('end', () => onEnding('fin'))
    stream.on('error', () => onEnding('reset'))
    stream.on('close', () => onEnding('reset'))
    if (stream.destroyed) onEnding(stream.readableEnded ? 'fin' : 'reset')
  }

  /** Starts to read frames; the constructor does not, for the handshake comes first. */
  protected startFrames(): void {
    this.stream.on('data', (chunk: Buffer) => this.#onData(chunk)).resume()
  }

  /** Writes bytes as they are. False: the system takes no more for now. */
  write(bytes: string | Uint8Array): boolean {
    return this.stream.write(bytes)
  }

  /** Writes the bytes one at a time, `every` milliseconds apart. Ends early when the stream does. */
  async trickle(bytes: string | Uint8Array, every: number): Promise<void> {
    for (const byte of Buffer.from(bytes)) {
      if (this.ending || !this.stream.writable) return
      this.stream.write(Uint8Array.of(byte))
      await new Promise((resolve) => setTimeout(resolve, every))
    }
  }

  /** Writes the bytes `times` times over, as fast as the other side takes them. */
  flood(bytes: Uint8Array, times: number): { readonly written: number; done: Promise<void> } {
    const state = { written: 0, done: Promise.resolve() }
    const run = async () => {
      for (let i = 0; i < times && this.stream.writable; i++) {
        const ready = this.stream.write(bytes)
        state.written += bytes.length
        if (!ready) await this.#drained()
      }
    }
    state.done = run()
    return state
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        this.stream.off('drain', settle).off('close', settle)
        resolve()
      }
      this.stream.on('drain', settle).on('close', settle)
    })
  }

  /** Writes one frame, masked as this side must (RFC 6455 5.1) unless `mask` says otherwise. */
  frame(init: FrameInit): void {
    if (init.opcode === opcode.close) this.#closeSent = true
    this.write(frame({ mask: this.#masks, ...init }))
  }

  text(payload: string): void {
    this.frame({ opcode: opcode.text, payload })
  }

  binary(payload: Uint8Array): void {
    this.frame({ opcode: opcode.binary, payload })
  }

  ping(payload: string | Uint8Array = ''): void {
    this.frame({ opcode: opcode.ping, payload })
  }

  pong(payload: string | Uint8Array = ''): void {
    this.frame({ opcode: opcode.pong, payload })
  }

  /** Sends a Close frame and goes on; without a code its payload is empty. */
  close(code?: number, reason: string | Uint8Array = ''): void {
    this.frame({ opcode: opcode.close, payload: closePayload(code, reason) })
  }

  /** Ends this side's bytes: a FIN without a Close frame. */
  end(): void {
    this.stream.end()
  }

  stopReading(): void {
    this.stream.pause()
  }

  startReading(): void {
    this.stream.resume()
  }

  /** The next frame that no earlier call has returned. */
  async nextFrame(limit?: number): Promise<Frame> {
    const got = await this.#until('a frame', () => this.frames.length > this.#framesTaken, limit)
    return got && this.frames[this.#framesTaken++]!
  }

  /** The next whole data message that no earlier call has returned. */
  async message(limit?: number): Promise<ReceivedMessage> {
    const got = await this.#until('a message', () => this.messages.length > this.#messagesTaken, limit)
    return got && this.messages[this.#messagesTaken++]!
  }

  /** The Close frame that was received; undefined when the stream ended without one. */
  async closeFrame(limit?: number): Promise<CloseFrame | undefined> {
    await this.#until('a Close frame or the end', () => this.#close() || this.ending, limit)
    const close = this.#close()
    return close && decodeClose(close.payload)
  }

  /** How the other side ended its bytes. Needs reading to be on. */
  async ended(limit?: number): Promise<Ending> {
    return await this.#until('the end of the stream', () => this.ending, limit)
  }

  #close(): Frame | undefined {
    return this.frames.find((received) => received.opcode === opcode.close)
  }

  #until<T>(what: string, check: () => T, limit?: number) {
    return this.changes.until(what, check, { limit, detail: () => this.describe() })
  }

  /** What has been received, in words, for the message of a failed wait. */
  describe(): string {
    const frames = this.frames.map((received) => `${received.opcode.toString(16)}:${received.payload.length}`)
    return `frames [${frames.join(' ')}], ${this.bytes} bytes, ${this.ending ?? 'still open'}`
  }

  #onData(chunk: Buffer): void {
    this.bytes += chunk.length
    if (this.#keeps) for (const received of this.#parser.push(chunk)) this.#onFrame(received)
    this.changes.notify()
  }

  #onFrame(received: Frame): void {
    this.frames.push(received)
    if (received.opcode < 0x8) this.#onDataFrame(received)
    if (received.opcode === opcode.ping && this.answersPings) this.pong(received.payload)
    if (received.opcode === opcode.close) this.#onClose(received)
  }

  #onDataFrame(received: Frame): void {
    const partial = this.#partial ?? {
      opcode: received.opcode,
      compressed: received.rsv1,
      payload: Buffer.alloc(0),
      frames: 0,
    }
    partial.payload = Buffer.concat([partial.payload, received.payload])
    partial.frames += 1
    this.#partial = received.fin ? undefined : partial
    if (!received.fin) return
    this.messages.push(partial)
    this.onMessage?.(partial)
  }

  #onClose(received: Frame): void {
    if (!this.answersCloses || !this.stream.writable) return
    if (!this.#closeSent) this.frame({ opcode: opcode.close, payload: received.payload })
    // RFC 6455 7.1.1: the server closes the TCP connection first.
    if (!this.#masks) this.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.stream.closed) return
    const closed = new Promise((resolve) => this.stream.once('close', resolve))
    this.stream.destroy()
    await closed
  }
}

function decodeClose(payload: Buffer): CloseFrame {
  if (payload.length < 2) return { code: undefined, reason: '' }
  return { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) }
}
