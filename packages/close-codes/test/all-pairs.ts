import { type CloseCode, closeCodes } from '../src/index.ts'

/** All 171 pairs of registered codes, the lower one first. */
export const pairs: [CloseCode, CloseCode][] = closeCodes.flatMap((a, i) =>
  closeCodes.slice(i + 1).map((b): [CloseCode, CloseCode] => [a, b]),
)
