// A peer may close with any of 2,000 private codes. Those that mean something to somebody are counted one by one; all
// others together, so that no stranger can make up series of metrics.
import { closeCode } from '@holdfast/close-codes'
import { privateCodes } from '@holdfast/close-codes/private-codes'

const wellKnown = new Set(privateCodes.flatMap(({ codes }) => codes.map(({ code }) => code)))

/**
 * Under what a close is counted: its code when that is registered, one of a known ecosystem or among `own`, those that the
 * route says itself; else its thousand, `'4xxx'`.
 */
export function countedCode(code: number, own: readonly number[]): string {
  const known = closeCode(code) !== undefined || wellKnown.has(code) || own.includes(code)
  return known ? String(code) : `${Math.floor(code / 1000)}xxx`
}
