import { Failure } from './output.ts'

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** A day: longer than any wait that is of use, and far from where timers of Node end. */
const maxMs = 24 * units.h

/** Reads a duration from the command line, `250ms`, `5s` or `2m`, as milliseconds. */
export function readDuration(flag: string, text: string): number {
  const [, digits, unit] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? []
  const value = Number(digits) * units[unit as keyof typeof units]
  if (value > 0 && value <= maxMs) return value
  throw new Failure(2, `${flag} '${text}' is not a duration; write it like 250ms, 5s or 2m`, 'bad_duration')
}
