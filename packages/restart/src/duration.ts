/** A length of time: `'250ms'`, `'5s'`, `'2m'`, or a number of milliseconds. */
export type Duration = number | string

// A timer of Node that is longer than this fires at once.
const maxMs = 2 ** 31 - 1

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000 }

/** The duration in milliseconds. Throws a RangeError that names the option and says what to write. */
export function milliseconds(value: Duration, option: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(String(value)) ?? []
  const ms = typeof value === 'number' ? value : Number(digits) * (units[unit ?? ''] ?? Number.NaN)
  if (ms >= 0 && ms <= maxMs) return ms
  throw new RangeError(
    `${option} is ${JSON.stringify(value)}; write a duration such as 250ms, 5s or 2m, or milliseconds up to ${maxMs}`,
  )
}
