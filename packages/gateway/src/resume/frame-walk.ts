// In: chunks of one direction as they come. Out: runs of whole messages, and of what is not usual pieces of frames, the
// first of each with its whole header. It judges nothing: frame-reader.ts does, on the way before (upstream) or behind
// (client). Between two frames nothing is known, and an idle reader needs no walk.
import { finBit, headerLength, maskBit, opcode, payloadLength } from '../wire/index.ts'

/** What a frame's header says. */
export interface FrameHead {
  fin: boolean
  /** RFC 7692 6: RSV1, the message is compressed. */
  rsv1: boolean
  op: number
  masked: boolean
  /** Bytes of the header, and of the payload. */
  header: number
  payload: number
}

const nothing = Buffer.alloc(0)
const noFrame: FrameHead = { fin: true, rsv1: false, op: 0, masked: false, header: 0, payload: 0 }

export class FrameWalk {
  /** A header that is not complete. */
  #begun: Buffer = nothing
  /** Bytes of the frame still to come. */
  #remaining = 0
  /** The frame of the last piece. */
  frame: FrameHead = noFrame
  /** Whether that piece has the frame's header. */
  begins = false

  /** Whether a frame has begun and not ended. */
  get inside(): boolean {
    return this.#remaining !== 0 || this.#begun.length > 0
  }

  /** Whether the frame's last byte is in the last piece. */
  get ends(): boolean {
    return this.#remaining === 0
  }

  /** A chunk, behind what was kept of the one before. */
  joined(chunk: Buffer): Buffer {
    if (this.#begun.length === 0) return chunk
    const both = Buffer.concat([this.#begun, chunk])
    this.#begun = nothing
    return both
  }

  /** Where the piece ends that begins at `at`; at the chunk's end also what is too short for a header: it is kept. */
  next(chunk: Buffer, at: number): number | undefined {
    this.begins = this.#remaining === 0
    if (this.begins) {
      const header = headerLength(chunk, at)
      if (header > chunk.length - at) {
        this.#begun = Buffer.from(chunk.subarray(at))
        return undefined
      }
      this.frame = headOf(chunk, at, header)
      this.#remaining = header + this.frame.payload
    }
    // A length that nobody can mean: whoever judges the frame refuses it.
    if (Number.isNaN(this.#remaining)) return chunk.length
    const take = Math.min(this.#remaining, chunk.length - at)
    this.#remaining -= take
    return at + take
  }
}

function headOf(chunk: Buffer, at: number, header: number): FrameHead {
  const first = chunk[at]!
  return {
    fin: (first & finBit) !== 0,
    rsv1: (first & 0x40) !== 0,
    op: first & 0x0f,
    masked: (chunk[at + 1]! & maskBit) !== 0,
    header,
    payload: payloadLength(chunk, at),
  }
}

export const isControl = ({ op }: FrameHead) => op >= opcode.close

/** Whole messages behind each other in a chunk. */
export class Run {
  end = 0
  messages = 0
  /** Bytes of payload in them. */
  payload = 0
}

/** What ends a run besides what is not whole. */
export interface RunRules {
  masked: boolean
  /** Whether a message, by its first byte, and where its payload is, has to be looked at by itself. */
  isSpecial?: (chunk: Buffer, first: number, payloadAt: number, payload: number) => boolean
}

/**
 * The run of messages of one frame each that begins at `from`: almost all there are. `messageBytes`: payload of one at most. `run` gets
 * the result.
 */
export function findRun(chunk: Buffer, from: number, rules: RunRules, messageBytes: number, run: Run): void {
  const { masked, isSpecial } = rules
  const least = masked ? 6 : 2
  const mask = masked ? maskBit : 0
  let at = from
  let messages = 0
  let sum = 0
  while (at + least <= chunk.length) {
    const first = chunk[at]!
    const op = first & 0x0f
    if ((first & finBit) === 0 || op === opcode.continuation || op > opcode.binary) break
    const second = chunk[at + 1]!
    if ((second & maskBit) !== mask) break
    let payload = second & 0x7f
    let header = least
    if (payload === 126) {
      payload = (chunk[at + 2]! << 8) | chunk[at + 3]!
      header += 2
    } else if (payload === 127) break
    const end = at + header + payload
    if (payload > messageBytes || end > chunk.length) break
    if (isSpecial?.(chunk, first, at + header, payload)) break
    messages++
    sum += payload
    at = end
  }
  run.end = at
  run.messages = messages
  run.payload = sum
}

/** Where the message ends that begins at `at` in a run. */
export function endOfMessage(run: Buffer, at: number): number {
  return at + headerLength(run, at) + payloadLength(run, at)
}
