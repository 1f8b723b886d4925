// In: chunks of one direction as they come. Out: pieces of frames, the first of each with its whole header. It judges
// nothing: frame-reader.ts does, on the way before (upstream) or behind (client).
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

/** A piece of a frame. `begins`: it has the header; `ends`: the frame's last byte is in it. False: walk no further. */
type OnPiece = (bytes: Buffer, frame: FrameHead, begins: boolean, ends: boolean) => boolean

const nothing = Buffer.alloc(0)

export interface PackedWalk {
  begun: string
  remaining: number
  frame?: FrameHead
}

export class FrameWalk {
  /** A header that is not complete. */
  #begun: Buffer = nothing
  #frame: FrameHead | undefined
  /** Bytes of the frame still to come. */
  #remaining = 0

  /** Whether a frame has begun and not ended. */
  get inside(): boolean {
    return this.#remaining > 0 || this.#begun.length > 0
  }

  /** Walks over a chunk. The result, where `onPiece` has said no: the bytes from the beginning of that piece on. */
  walk(chunk: Buffer, onPiece: OnPiece): Buffer | undefined {
    if (this.#begun.length > 0) {
      chunk = Buffer.concat([this.#begun, chunk])
      this.#begun = nothing
    }
    let at = 0
    while (at < chunk.length) {
      let begins = false
      const start = at
      let take = 0
      if (this.#remaining === 0) {
        const header = headerLength(chunk, at)
        if (header > chunk.length - at) {
          this.#begun = Buffer.from(chunk.subarray(at))
          return undefined
        }
        this.#frame = headOf(chunk, at, header)
        this.#remaining = header + this.#frame.payload
        begins = true
      }
      const { payload } = this.#frame!
      // A length that nobody can mean: whoever judges the frame refuses it.
      take = Number.isNaN(payload) ? chunk.length - at : Math.min(this.#remaining, chunk.length - at)
      at += take
      this.#remaining -= take
      if (!onPiece(chunk.subarray(start, at), this.#frame!, begins, this.#remaining === 0))
        return chunk.subarray(start)
    }
    return undefined
  }

  pack(): PackedWalk {
    return { begun: this.#begun.toString('base64'), remaining: this.#remaining, frame: this.#frame }
  }

  unpack({ begun, remaining, frame }: PackedWalk): void {
    this.#begun = Buffer.from(begun, 'base64')
    this.#remaining = remaining
    this.#frame = frame
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
