// When each connection gets its Close, and what delay it is told: so that both the closes and the returns come at a
// flat rate instead of all at once.

/** The turn of one connection. */
export interface Slot {
  /** Milliseconds after the start of the drain at which the connection is told. */
  at: number
  /** Milliseconds that the client is told to stay away. */
  retry: number
}

/** What the slots are spread over, in milliseconds. */
export interface Spread {
  spread: number
  retry: readonly [least: number, greatest: number]
}

/**
 * One slot for each of `count` connections, in order of time. Slot i lies in the i-th part of `spread` and its delay
 * in the i-th part of `retry`, so that the times of return, at + retry, are spread evenly too: over
 * spread + (greatest - least) milliseconds. Two independent draws would pile up in the middle.
 */
export function drainSlots(count: number, { spread, retry }: Spread, random: () => number): Slot[] {
  const [least, greatest] = retry
  return Array.from({ length: count }, (_, i) => ({
    at: Math.floor(((i + random()) / count) * spread),
    retry: Math.round(least + ((i + random()) / count) * (greatest - least)),
  }))
}

/** The same things in a random order: no client is always among the first. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[result[i], result[j]] = [result[j]!, result[i]!]
  }
  return result
}
