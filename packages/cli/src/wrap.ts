// Breaks text into lines for a terminal, in languages with and without spaces between words.
import { graphemes, isWide, textWidth } from './text-width.ts'

// JIS X 4051 and GB/T 15834 in short: what closes, ends or lengthens does not begin a line, what opens does not
// end one.
const neverFirst =
  /^[、。，．：；？！）」』】〉》〕｝”’…・ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々〜～‐–,.;:!?)\]}%»]/u
const neverLast = /[（「『【〈《〔｛“‘([{«]$/u

/**
 * Breaks a text into lines of at most `width` cells. It breaks at spaces and, beside wide characters, between
 * characters, but not where the punctuation of Chinese and Japanese forbids it, not between a number and what it
 * counts, and not inside `code` that fits on a line. A word longer than a line stands on a line of its own,
 * uncut: it may be an address.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const { text: piece, spaced } of pieces(text, width)) {
    const longer = line + (spaced && line !== '' ? ' ' : '') + piece
    if (line !== '' && textWidth(longer) > width) {
      lines.push(line)
      line = piece
    } else {
      line = longer
    }
  }
  return [...lines, line]
}

interface Piece {
  text: string
  /** Whether a space stands before it. */
  spaced: boolean
}

/** The parts between which a line may break. */
function pieces(text: string, width: number): Piece[] {
  const found: Piece[] = []
  let piece = ''
  let last = ''
  let spaced = false
  for (const atom of atoms(text, width)) {
    if (piece !== '' && (atom === ' ' || mayBreak(last, atom))) {
      found.push({ text: piece, spaced })
      piece = ''
      spaced = false
    }
    if (atom === ' ') spaced = true
    else piece += atom
    last = graphemes(atom).at(-1) ?? ''
  }
  return piece === '' ? found : [...found, { text: piece, spaced }]
}

const parts = /`[^`]*`|[\d.,–-]{1,20} (?:s|ms|[KMG]i?B|秒)(?![\p{L}\d])| |[^ `]+|`/gu

/** Spaces, characters, and as a whole, where they fit, `code` and a number with its unit. */
function atoms(text: string, width: number): string[] {
  return (text.match(parts) ?? []).flatMap((part) => {
    const whole = /^`.|. /u.test(part) && textWidth(part) <= width
    return whole ? [part] : graphemes(part)
  })
}

function mayBreak(last: string, next: string): boolean {
  const first = graphemes(next)[0] ?? ''
  if (last === '' || last === ' ' || neverFirst.test(first) || neverLast.test(last)) return false
  if (/\d/.test(last) && isWide(first)) return false
  return isWide(first) || isWide(last)
}
