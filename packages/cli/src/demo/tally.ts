// What the clients of the demo report, counted.

/** Times are milliseconds from one arbitrary start. */
export interface Tally {
  readonly clients: number
  open: number
  /** Connections that ended, by close code. */
  closes: Map<number, number>
  /** When clients came back, in order. */
  returns: number[]
  /** Messages given to a connection. sent = received + lost + those on their way. */
  sent: number
  received: number
  /** Their connection ended before their echo came. */
  lost: number
  /** Echoes that came once more. */
  doubled: number
  /** Echoes that came after that of a later message. */
  reordered: number
  /** The longest time from a message to its echo, in milliseconds. */
  longestPause: number
}

export function newTally(clients: number): Tally {
  const counts = { sent: 0, received: 0, lost: 0, doubled: 0, reordered: 0, longestPause: 0 }
  return { clients, open: 0, closes: new Map(), returns: [], ...counts }
}

/** How many connections ended, with any code. */
export function disconnects({ closes }: Tally): number {
  return [...closes.values()].reduce((sum, count) => sum + count, 0)
}

/** The most clients that came back within any `width` milliseconds. Takes times in order. */
export function busiest(times: readonly number[], width = 100): number {
  let from = 0
  let most = 0
  for (const [to, time] of times.entries()) {
    while (times[from]! <= time - width) from++
    most = Math.max(most, to - from + 1)
  }
  return most
}

/** Clients that came back in the last second. */
export function returnsPerSecond({ returns }: Tally, now: number): number {
  const since = returns.findLastIndex((time) => time <= now - 1000)
  return returns.length - 1 - since
}
