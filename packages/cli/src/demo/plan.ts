// How the seconds of the main story are divided.

/** Milliseconds over which the closes of one restart are spread, and the delays that its clients are told. */
export interface Restart {
  spread: number
  retry: readonly [least: number, greatest: number]
}

export interface Plan {
  backend: Restart
  gateway: Restart
}

/** Fewer seconds do not hold four restarts. */
export const fewestSeconds = 8
export const maxSeconds = 300

/** Milliseconds before the first restart and after the last. */
export const calm = 750

/** Milliseconds that clients of a stopped gateway stay away at least. */
const minAwayMs = 3000

/**
 * Divides the seconds among three backends and the gateway. `startMs` is how long a gateway takes to start here:
 * while it is away nobody listens, so its clients are told to come back later than that, with a good margin.
 */
export function planFor(seconds: number, startMs: number): Plan {
  const total = seconds * 1000 - 2 * calm
  const least = Math.max(minAwayMs, 4 * startMs)
  const gateway = Math.max(least + 1200, total / 3)
  const backend = Math.max(600, (total - gateway) / 3)
  return {
    gateway: restart(gateway / 4, least, gateway),
    backend: restart(backend / 3, backend / 6, backend * 0.9),
  }
}

/** The last clients come back `end` milliseconds after the start: those that are told last wait longest. */
function restart(spread: number, least: number, end: number): Restart {
  return { spread: Math.round(spread), retry: [Math.round(least), Math.round(Math.max(least, end - spread))] }
}
