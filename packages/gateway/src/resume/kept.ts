// One entry of what is kept for a client: whole messages that came together, or the message whose end has not come. Next: outgoing.ts.
import { endOfMessage } from './frame-walk.ts'

/** Messages that came together: as they are kept, sent, and mostly acknowledged. */
export interface Kept {
  pieces: Buffer[]
  bytes: number
  /** More than one only in one piece, where each has one frame. */
  messages: number
  whole: boolean
}

/** Entries that are kept at most, whatever their size: an empty message costs memory, too. */
export const mostKept = 16_384
/** What one costs besides its bytes, and so does each piece of its bytes. */
export const costOfKept = 64
export const costOfPiece = 128

/** Whole messages in one piece. */
export function keptRun(piece: Buffer, messages: number): Kept {
  return { pieces: [piece], bytes: piece.length, messages, whole: true }
}

/** Each of its messages as an entry of its own. */
export function spread({ pieces }: Kept): Kept[] {
  const [all] = pieces as [Buffer]
  const each: Kept[] = []
  for (let at = 0; at < all.length; ) {
    const end = endOfMessage(all, at)
    each.push(keptRun(all.subarray(at, end), 1))
    at = end
  }
  return each
}

/** What is left behind its first messages. `isCounted`: whoever keeps its memory knows which pieces are in it. */
export function shortened(
  { pieces, messages }: Kept,
  first: number,
  isCounted: (piece: Buffer) => boolean,
): Kept {
  const [all] = pieces as [Buffer]
  let at = 0
  for (let n = 0; n < first; n++) at = endOfMessage(all, at)
  const rest = all.subarray(at)
  // A few bytes must not keep the memory of many.
  const isMuch = 2 * rest.length >= all.buffer.byteLength || isCounted(rest)
  return keptRun(isMuch ? rest : Buffer.from(rest), messages - first)
}
