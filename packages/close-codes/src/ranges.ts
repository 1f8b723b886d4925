/** One of the ranges of RFC 6455 section 7.4.2, both ends included. */
export interface CodeRange {
  /**
   * Its key in the texts. 'registered' is where anybody can register a code with IANA, 'private' where nobody can.
   */
  readonly id: 'unused' | 'protocol' | 'registered' | 'private'
  /** Close code with which it begins. */
  readonly from: number
  /** Close code with which it ends, included. */
  readonly to: number
}

/** The four ranges of RFC 6455 section 7.4.2, in order. What each is for stands in the text of a language. */
export const ranges: readonly CodeRange[] = [
  { id: 'unused', from: 0, to: 999 },
  { id: 'protocol', from: 1000, to: 2999 },
  { id: 'registered', from: 3000, to: 3999 },
  { id: 'private', from: 4000, to: 4999 },
]

/** Says which range of RFC 6455 section 7.4.2 a number falls in; undefined where the RFC defines none. */
export function rangeOf(n: number): CodeRange | undefined {
  if (!Number.isInteger(n)) return undefined
  return ranges.find((range) => n >= range.from && n <= range.to)
}
