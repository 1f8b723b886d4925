import { applyMask } from './frame.ts'

/** One frame as it came. */
export interface Frame {
  fin: boolean
  rsv1: boolean
  rsv2: boolean
  rsv3: boolean
  opcode: number
  /** The masking key; absent: the frame was not masked. */
  mask?: Buffer
  /** Unmasked. Still compressed when `rsv1` is set. */
  payload: Buffer
}

/** Cuts a byte stream into frames, in any chunks. It checks nothing: tests do. Not for speed. */
export class FrameParser {
  #chunks: Buffer[] = []
  #length = 0
  /** Bytes that the frame in progress needs in all, as far as its header tells. */
  #need = 2

  /** Bytes of a frame that has not ended yet. */
  get pending(): number {
    return this.#length
  }

  push(chunk: Uint8Array): Frame[] {
    this.#chunks.push(Buffer.from(chunk))
    this.#length += chunk.length
    const frames: Frame[] = []
    while (this.#length >= this.#need) {
      let bytes = Buffer.concat(this.#chunks)
      for (let size = frameSize(bytes); bytes.length >= size; size = frameSize(bytes)) {
        frames.push(decode(bytes.subarray(0, size)))
        bytes = bytes.subarray(size)
      }
      this.#chunks = [bytes]
      this.#length = bytes.length
      this.#need = frameSize(bytes)
    }
    return frames
  }
}

/** All frames in the bytes, and what is left of one that is cut. */
export function parseFrames(bytes: Uint8Array): { frames: Frame[]; rest: number } {
  const parser = new FrameParser()
  return { frames: parser.push(bytes), rest: parser.pending }
}

/** Bytes of the frame that starts here; of its header as far as known while that is not whole. */
function frameSize(bytes: Buffer): number {
  if (bytes.length < 2) return 2
  const short = bytes[1]! & 0x7f
  const header = headerSize(bytes)
  if (bytes.length < header) return header
  if (short === 126) return header + bytes.readUInt16BE(2)
  if (short === 127) return header + Number(bytes.readBigUInt64BE(2))
  return header + short
}

function headerSize(bytes: Buffer): number {
  const short = bytes[1]! & 0x7f
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (bytes[1]! & 0x80 ? 4 : 0)
}

function decode(bytes: Buffer): Frame {
  const first = bytes[0]!
  const header = headerSize(bytes)
  const payload = Buffer.from(bytes.subarray(header))
  const frame: Frame = {
    fin: (first & 0x80) !== 0,
    rsv1: (first & 0x40) !== 0,
    rsv2: (first & 0x20) !== 0,
    rsv3: (first & 0x10) !== 0,
    opcode: first & 0x0f,
    payload,
  }
  if (bytes[1]! & 0x80) {
    frame.mask = Buffer.from(bytes.subarray(header - 4, header))
    applyMask(payload, frame.mask)
  }
  return frame
}
