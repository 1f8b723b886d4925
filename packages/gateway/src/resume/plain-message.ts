// A compressed message of the upstream's for a client that comes back without compression: another network may have a proxy
// that removes the offer. Each message starts afresh, so that each can be inflated by itself. Pure.
import { constants, inflateRawSync } from 'node:zlib'
import { headerLength, messageFrame, opcode, payloadLength } from '../wire/index.ts'

/** Bytes of one inflated message. */
const mostInflated = 64 * 1024 * 1024
/** RFC 7692 7.2.2: what the sender has cut. */
const tail = Buffer.from([0, 0, 0xff, 0xff])

/** The frames of one whole message as they are, or one frame with its text.  @throws {Error} It cannot be inflated. */
export function plainMessage(frames: Buffer): Buffer {
  // RFC 7692 6: RSV1 of the first frame says that the message is compressed.
  if ((frames[0]! & 0x40) === 0) return frames
  const parts: Buffer[] = []
  for (let at = 0; at < frames.length; ) {
    const begin = at + headerLength(frames, at)
    const end = begin + payloadLength(frames, at)
    parts.push(frames.subarray(begin, end))
    at = end
  }
  const data = inflateRawSync(Buffer.concat([...parts, tail]), {
    finishFlush: constants.Z_SYNC_FLUSH,
    maxOutputLength: mostInflated,
  })
  const type = (frames[0]! & 0x0f) === opcode.text ? 'text' : 'binary'
  return messageFrame({ type, data }, false)
}
