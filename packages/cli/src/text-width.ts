// How many cells a text takes on a terminal.
import stringWidth from 'string-width'

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })

/** The characters of a text as a reader counts them, combining marks with their base. */
export function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

/** Whether a character takes two cells. */
export function isWide(grapheme: string): boolean {
  return stringWidth(grapheme) === 2
}

/** The cells that a text takes on a terminal: two for East Asian wide characters, none for combining marks. */
export function textWidth(text: string): number {
  // Nothing below U+0300 is wide or combining, and that is most of what is printed.
  return /^[\x20-\x7e\xa0-\u02ff]*$/.test(text) ? text.length : stringWidth(text)
}

/** Fills a text up with spaces to a number of cells. A longer one stays as it is. */
export function padEnd(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - textWidth(text)))
}
