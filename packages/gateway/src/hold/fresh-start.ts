// In: a held client's data frames behind a re-attachment, where permessage-deflate is agreed. Out: the same frames, the
// first compressed ones only if they can be read without the messages before them. Next: hold.ts.
//
// The client was told `client_no_context_takeover`. Some agree to that and compress with their old context all the same
// (Tornado 6.2, Mojolicious 9.31): the next upstream, which has never seen that, would fail the connection with 1007, or
// read something else than was written.
import { constants, inflateRawSync } from 'node:zlib'
import { Bytes } from '../core/index.ts'
import { deflateRsv } from '../http/index.ts'
import { headerLength, opcode, payloadLength, unmasked } from '../wire/index.ts'

/** Compressed frames that are looked at. A client that keeps its context refers to it in the first, or soon after. */
const enough = 8
/** Bytes of a frame that is held back, at most; a longer one is judged by its beginning. */
const cap = 64 * 1024
/** RFC 7692 7.1.2: no window is greater, so that nothing refers to earlier messages behind so many bytes. */
const window = 32_768

/** Its state as data that JSON can carry; byte strings in base64. */
export interface PackedFreshStart {
  left: number
  bytes: string
  compressed: boolean
  payload: string
}

export class FreshStart {
  #left = enough
  /** The frame that is under way, held back. */
  #bytes = new Bytes()
  /** Whether the current message is compressed, and its payload so far. */
  #compressed = false
  #payload: Buffer = Buffer.alloc(0)

  /** Whether enough has been seen: nothing is held back any more. */
  get over(): boolean {
    return this.#left === 0
  }

  /** Hands on what has been judged; false: the rest refers to a message of before and is not handed on. */
  read(bytes: Buffer, handOn: (bytes: Buffer) => void): boolean {
    this.#bytes.append(bytes)
    const data = this.#bytes.all
    let at = 0
    let isFresh = true
    while (isFresh && !this.over) {
      const end = frameEnd(data, at)
      if (end > data.length) break
      isFresh = this.#judge(data.subarray(at, end))
      if (isFresh) at = end
    }
    if (isFresh && !this.over && data.length - at > cap) {
      isFresh = this.#judge(data.subarray(at))
      this.#left = 0
    }
    if (isFresh && this.over) at = data.length
    if (at === 0) return isFresh
    handOn(data.subarray(0, at))
    this.#bytes = new Bytes()
    this.#bytes.append(data.subarray(at))
    return isFresh
  }

  /** Judges a frame, or the beginning of a long one. */
  #judge(frame: Buffer): boolean {
    const isFirst = (frame[0]! & 0x0f) !== opcode.continuation
    if (isFirst) this.#compressed = (frame[0]! & deflateRsv) !== 0
    if (!this.#compressed) return true
    this.#left--
    const payload = unmasked(frame, headerLength(frame, 0))
    this.#payload = isFirst ? payload : Buffer.concat([this.#payload, payload]).subarray(0, cap)
    return canBeReadAlone(this.#payload)
  }

  pack(): PackedFreshStart {
    return {
      left: this.#left,
      bytes: this.#bytes.all.toString('base64'),
      compressed: this.#compressed,
      payload: this.#payload.toString('base64'),
    }
  }

  unpack({ left, bytes, compressed, payload }: PackedFreshStart): void {
    this.#left = left
    this.#bytes.append(Buffer.from(bytes, 'base64'))
    this.#compressed = compressed
    this.#payload = Buffer.from(payload, 'base64')
  }
}

/** Where the frame ends; behind all data while its header is not complete. The frame reader has judged it already. */
function frameEnd(data: Buffer, at: number): number {
  const header = headerLength(data, at)
  return at + header > data.length ? Number.POSITIVE_INFINITY : at + header + payloadLength(data, at)
}

/** Whether no byte of it refers to a message before it. What is broken otherwise is for the upstream to judge. */
function canBeReadAlone(payload: Buffer): boolean {
  try {
    inflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: window })
    return true
  } catch (error) {
    return !/distance too far back/.test(String(error))
  }
}
