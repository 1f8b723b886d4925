// What one side sends after the handshake: frames, the messages that they make, and what is wrong with them.
import { mayTravel, parseReason } from '@holdfast/close-codes'
import { concat, excerpt, utf8 } from './bytes.ts'
import { isControl, isReserved, opcode, type RawFrame } from './frames.ts'
import { type Budget, Inflater } from './inflate.ts'
import type { CloseContent, DeflateAgreement, Fault, Frame, Sender } from './result.ts'

export interface DirectionOptions {
  /** What was agreed about compression; undefined: none. */
  readonly deflate?: DeflateAgreement | undefined
  /** Whether something else than permessage-deflate may use the reserved bits. */
  readonly otherExtensions?: boolean
  /** Whether it begins with the connection: only then is it known what the first message needs. */
  readonly begins?: boolean
  readonly budget: Budget
}

interface Message {
  readonly text: boolean
  readonly compressed: boolean
  readonly parts: Uint8Array[]
  readonly decoder: InstanceType<typeof TextDecoder>
  lost: boolean
}

/** Reads the frames of one side, in order. */
export class Direction {
  readonly #from: Sender
  readonly #options: DirectionOptions
  readonly #inflater: Inflater | undefined
  #message: Message | undefined
  #closed = false
  /** The content of its first Close. */
  close: CloseContent | undefined

  constructor(from: Sender, options: DirectionOptions) {
    this.#from = from
    this.#options = options
    const { deflate } = options
    if (deflate)
      this.#inflater = new Inflater(from === 'client' ? deflate.clientTakeover : deflate.serverTakeover)
  }

  /** One frame. `there`: whether all its bytes are; `shown`: whether anybody will look at more than a Close. */
  read(raw: RawFrame, there: 'whole' | 'cut' | 'holes', shown = true): Frame {
    const faults = this.#headFaults(raw)
    if (there === 'cut') faults.push({ what: 'incomplete', n: raw.length })
    if (there === 'holes') faults.push({ what: 'missingBytes' })
    const control = isControl(raw.opcode)
    const inflated = control
      ? undefined
      : shown
        ? this.#data(raw, there === 'whole', faults)
        : this.#skip(raw)
    const close = raw.opcode === opcode.close ? this.#close(raw, there === 'whole', faults) : undefined
    return {
      from: this.#from,
      opcode: raw.opcode,
      length: raw.length,
      fin: raw.fin,
      rsv: raw.rsv,
      masked: raw.masked,
      ...(shown && there !== 'holes' && { payload: this.#excerpt(raw) }),
      ...(inflated && { inflated }),
      ...(close && { close }),
      faults,
    }
  }

  #excerpt(raw: RawFrame) {
    const payload = raw.payload(4096)
    const text = raw.opcode === opcode.text || (raw.opcode === opcode.continuation && this.#wasText)
    const readable = (text && !this.#wasCompressed) || (isControl(raw.opcode) && printable(payload))
    return { ...excerpt(payload, readable ? 'text' : 'hex'), bytes: raw.length }
  }

  // Of the message that the last data frame belonged to.
  #wasText = false
  #wasCompressed = false

  #headFaults({ fin, rsv, opcode: op, masked, length, minimal }: RawFrame): Fault[] {
    const faults: Fault[] = []
    const { otherExtensions, deflate } = this.#options
    // RFC 6455 5.2: "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values."
    const allowed = otherExtensions ? 7 : deflate ? 4 : 0
    if ((rsv & ~allowed) !== 0) faults.push({ what: 'reservedBits', n: bits(rsv & ~allowed) })
    // RFC 7692 6.1: "An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and non-first
    // fragments of a data message."
    if (deflate && !otherExtensions && rsv & 4 && (isControl(op) || op === opcode.continuation))
      faults.push({ what: 'compressedControl' })
    if (isReserved(op)) faults.push({ what: 'reservedOpcode', n: op })
    // RFC 6455 5.1: "A server MUST NOT mask any frames that it sends to the client", a client all.
    if (this.#from === 'client' && !masked) faults.push({ what: 'maskMissing' })
    if (this.#from === 'server' && masked) faults.push({ what: 'maskForbidden' })
    if (!minimal) faults.push({ what: 'lengthNotMinimal', n: length })
    // RFC 6455 5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented."
    if (isControl(op) && length > 125) faults.push({ what: 'controlTooLong', n: length })
    if (isControl(op) && !fin) faults.push({ what: 'controlFragmented' })
    // RFC 6455 5.5.1: "The application MUST NOT send any more data frames after sending a Close frame."
    if (this.#closed) faults.push({ what: 'dataAfterClose' })
    return faults
  }

  #data(raw: RawFrame, whole: boolean, faults: Fault[]) {
    const message = this.#messageOf(raw, faults)
    this.#wasText = message?.text === true
    this.#wasCompressed = message?.compressed === true
    if (!message) return undefined
    if (!whole) message.lost = true
    if (message.compressed && whole) message.parts.push(raw.payload())
    else if (message.text && whole && !message.lost) this.#utf8(message, raw.payload(), raw.fin, faults)
    if (!raw.fin) return undefined
    this.#message = undefined
    return message.compressed ? this.#inflate(message, faults) : undefined
  }

  #messageOf(raw: RawFrame, faults: Fault[]): Message | undefined {
    if (raw.opcode === opcode.continuation) {
      // In the middle of a connection nobody knows what is continued.
      if (!this.#message && this.#options.begins !== false) faults.push({ what: 'continuationWithoutStart' })
      return this.#message
    }
    if (this.#message) {
      faults.push({ what: 'startWithinMessage' })
      if (this.#message.compressed) this.#inflater?.lose()
    }
    this.#message = {
      text: raw.opcode === opcode.text,
      compressed: this.#inflater !== undefined && (raw.rsv & 4) !== 0,
      parts: [],
      decoder: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
      lost: false,
    }
    return this.#message
  }

  /** RFC 6455 8.1: text is UTF-8, the whole message, wherever it is cut into frames. */
  #utf8(message: Message, payload: Uint8Array, last: boolean, faults: Fault[]): void {
    try {
      message.decoder.decode(payload, { stream: !last })
    } catch {
      faults.push({ what: 'invalidUtf8' })
      message.lost = true
    }
  }

  #inflate(message: Message, faults: Fault[]) {
    const inflater = this.#inflater!
    if (message.lost) inflater.lose()
    if (message.lost || !inflater.able) {
      if (!message.lost) faults.push({ what: 'contextLost' })
      return undefined
    }
    const inflated = inflater.message(concat(message.parts), this.#options.budget)
    if (!inflated) {
      // What came before the capture may be what it refers to.
      faults.push({ what: this.#options.begins === false ? 'contextLost' : 'inflateFailed' })
      return undefined
    }
    if (!inflated.whole) faults.push({ what: 'inflateCapped', n: inflated.bytes.length })
    else if (message.text) this.#utf8(message, inflated.bytes, true, faults)
    return excerpt(inflated.bytes, message.text ? 'text' : 'hex')
  }

  /** A frame that is counted only: what follows of compression cannot be read. */
  #skip(raw: RawFrame): undefined {
    this.#inflater?.lose()
    const begun = this.#message ?? this.#messageOf(raw, [])
    if (begun) begun.lost = true
    if (raw.fin) this.#message = undefined
    return undefined
  }

  #close(raw: RawFrame, whole: boolean, faults: Fault[]): CloseContent | undefined {
    this.#closed = true
    if (!whole) return undefined
    const content = closeContent(raw.payload(), faults)
    this.close ??= content
    return content
  }
}

/** RFC 6455 5.5.1: nothing, or a code of two bytes and a reason in UTF-8. */
export function closeContent(payload: Uint8Array, faults: Fault[]): CloseContent {
  if (payload.length === 0) return { code: 1005, reason: '' }
  if (payload.length === 1) {
    faults.push({ what: 'closeOneByte' })
    return { code: 1005, reason: '' }
  }
  const code = payload[0]! * 256 + payload[1]!
  const bytes = payload.subarray(2)
  if (!mayTravel(code)) faults.push({ what: 'closeCodeForbidden', n: code })
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    faults.push({ what: 'invalidUtf8' })
  }
  const reason = utf8(bytes)
  const { retry } = parseReason(reason)
  return { code, reason, ...(retry !== undefined && { retry }) }
}

const bits = (rsv: number) =>
  [rsv & 4 && 'RSV1', rsv & 2 && 'RSV2', rsv & 1 && 'RSV3'].filter(Boolean).join(' ')

function printable(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
}
