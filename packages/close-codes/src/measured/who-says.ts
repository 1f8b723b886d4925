import { serverStops } from './server-stop-rows.ts'
import type { Seen, ServerStops, Stop } from './server-stops.ts'

/** One server whose clients see a code, and the first of the ways of stopping it that show it. */
export interface Sayer {
  /** Name of the server, and of the set-up where that matters. */
  readonly server: string
  /** Every package that has a part in it, with its version. */
  readonly version: string
  /** The signal, or the call, that shows the code. */
  readonly how: string
}

/** Who was seen to say a code when it stops. */
export interface WhoSays {
  /** The servers, in the order of the table. */
  readonly servers: readonly Sayer[]
  /** How many of the ways of stopping that were tried show clients the code. */
  readonly count: number
  /** How many ways of stopping were tried in all. */
  readonly of: number
}

/** Whether clients report this code: a Close with it, or an end of TCP, which they report as 1006. */
function shows(code: number, seen: Seen): boolean {
  if (seen.what === 'close') return seen.code === code
  return code === 1006 && seen.what !== 'nothing'
}

/** The servers whose clients see a code when the server stops, as measured. */
export function whoSays(code: number): WhoSays {
  const says = ({ sees }: Stop) => sees.some((seen) => shows(code, seen))
  const stops = serverStops.flatMap((row) => row.stops)
  return {
    servers: serverStops.flatMap(({ server, version, stops }: ServerStops) =>
      stops
        .filter(says)
        .slice(0, 1)
        .map(({ how }) => ({ server, version, how })),
    ),
    count: stops.filter(says).length,
    of: stops.length,
  }
}
