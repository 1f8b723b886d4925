/** Texts with wildcards, compared without a regular expression: many stars in one must not cost more than their number. */

/** What a place of a pattern fits: `*` any number of characters, or a test of one. */
type Piece = '*' | ((character: string) => boolean)

export interface GlobOptions {
  ignoreCase?: boolean
  /** Characters that no wildcard fits. */
  stops?: string
  /** Whether `?` and `[…]` mean something; a star always does. */
  sets?: boolean
}

/** A test of whole texts; a pattern of n and a text of m characters take at most n times m steps. */
export function glob(pattern: string, options: GlobOptions = {}): (text: string) => boolean {
  const fold = (text: string) => (options.ignoreCase ? text.toLowerCase() : text)
  const pieces = piecesOf(fold(pattern), options)
  const { stops = '' } = options
  return (text) => fits(pieces, fold(text), stops)
}

function fits(pieces: readonly Piece[], text: string, stops: string): boolean {
  let at = 0
  let piece = 0
  // Only the last star ever has to take more: what the ones before it took cannot help.
  let star: { piece: number; at: number } | undefined
  while (at < text.length) {
    const next = pieces[piece]
    if (next === '*') {
      star = { piece: ++piece, at }
    } else if (next?.(text[at]!)) {
      at++
      piece++
    } else if (star && !stops.includes(text[star.at]!)) {
      at = ++star.at
      piece = star.piece
    } else {
      return false
    }
  }
  return pieces.slice(piece).every((rest) => rest === '*')
}

function piecesOf(pattern: string, { stops = '', sets = false }: GlobOptions): Piece[] {
  const pieces: Piece[] = []
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!
    if (character === '*') {
      pieces.push('*')
    } else if (sets && character === '?') {
      pieces.push((other) => !stops.includes(other))
    } else {
      const set = sets && character === '[' ? setAt(pattern, at) : undefined
      pieces.push(set?.fits ?? ((other) => other === character))
      if (set) at = set.end
    }
  }
  return pieces
}

/** `[a-z]` or `[!a-z]`; undefined where a bracket is only a bracket. */
function setAt(
  pattern: string,
  at: number,
): { end: number; fits: (character: string) => boolean } | undefined {
  const end = pattern.indexOf(']', at + 2)
  // A name has at most 255 bytes, so that nobody means a longer set.
  if (end < 0 || end - at > 255) return undefined
  const members = pattern.slice(at + 1, end)
  const negated = /^[!^]/.test(members) && members.length > 1
  const own = negated ? members.slice(1) : members
  if (/[/\\]/.test(own)) return undefined
  const within = (character: string) => {
    for (let i = 0; i < own.length; i++) {
      if (own[i + 1] === '-' && i + 2 < own.length) {
        if (own[i]! <= character && character <= own[i + 2]!) return true
        i += 2
      } else if (own[i] === character) return true
    }
    return false
  }
  return { end, fits: (character) => character !== '/' && within(character) !== negated }
}
