// The pairs that people look for, since the two are taken for each other or stand beside each other in a log. Search
// engines list these; the other pairs are there, linked, and searched by the site itself.
import { closeCodes } from '@holdfast/close-codes'

const often = new Set(
  [
    [1000, [1001, 1005, 1006, 1011, 1012]],
    [1001, [1005, 1006, 1011, 1012, 1013, 1014]],
    [1002, [1003, 1006, 1007, 1008, 1011]],
    [1003, [1007, 1008, 1009]],
    [1005, [1006]],
    [1006, [1011, 1012, 1013, 1014, 1015]],
    [1007, [1008, 1009]],
    [1008, [1009, 1011, 1013, 3000, 3003]],
    [1009, [1011]],
    [1011, [1012, 1013, 1014]],
    [1012, [1013, 1014]],
    [1013, [1014]],
    [3000, [3003]],
    [3003, [3008]],
  ].flatMap(([one, others]) => (others as number[]).map((other) => `${one}-${other}`)),
)

/** Whether a pair is one that people compare. */
export function oftenCompared(one: number, other: number): boolean {
  return often.has(`${Math.min(one, other)}-${Math.max(one, other)}`)
}

/** All pairs, the lower code first, in order. */
export const allPairs = closeCodes.flatMap((one, i) =>
  closeCodes.slice(i + 1).map((other) => [one, other] as const),
)
