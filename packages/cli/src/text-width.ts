// How many cells a text takes on a terminal.

// UAX 11: wide and fullwidth characters take two cells. Ambiguous ones, such as “ and …, take one in most terminals.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]|\ufe0f/u

const zero = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })

/** The characters of a text as a reader counts them, combining marks with their base. */
export function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

/** Whether a character takes two cells. */
export function isWide(grapheme: string): boolean {
  return wide.test(grapheme)
}

/** The cells that a text takes on a terminal: two for East Asian wide characters, none for combining marks. */
export function textWidth(text: string): number {
  // Nothing below U+0300 is wide or combining, and that is most of what is printed.
  if (/^[\x20-\x7e\xa0-\u02ff]*$/.test(text)) return text.length
  return graphemes(text).reduce((sum, it) => sum + (zero.test(it) ? 0 : isWide(it) ? 2 : 1), 0)
}

/** Fills a text up with spaces to a number of cells. A longer one stays as it is. */
export function padEnd(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - textWidth(text)))
}
