import { type FrameRules, rsvBits } from './frame-rules.ts'
import { finBit, maskBit, opcode } from './frames.ts'

/** Where the run of whole messages ends that have one frame each and nothing to be judged, and how many they are. */
export function usualRun(
  chunk: Buffer,
  from: number,
  { masked, rsv, messageBytes }: FrameRules,
): { end: number; messages: number } {
  const end = chunk.length
  const mask = masked ? maskBit : 0
  const least = masked ? 6 : 2
  let at = from
  let messages = 0
  while (at + least <= end) {
    const first = chunk[at]!
    const op = first & 0x0f
    if (op === 0 || op > opcode.binary || (first & finBit) === 0 || (first & rsvBits & ~rsv) !== 0) break
    const second = chunk[at + 1]!
    if ((second & maskBit) !== mask) break
    let length = second & 0x7f
    let header = least
    if (length === 126) {
      length = (chunk[at + 2]! << 8) | chunk[at + 3]!
      header += 2
      if (length < 126) break
    } else if (length === 127) break
    if (length > messageBytes || at + header + length > end) break
    at += header + length
    messages++
  }
  return { end: at, messages }
}
