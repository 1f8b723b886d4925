/** What a connected client sees of a stop. `end`: TCP ends without a Close frame, which it reports as 1006. */
export type Seen =
  | { readonly what: 'close'; readonly code: number; readonly reason?: string }
  | { readonly what: 'end' | 'reset' | 'nothing' }

/**
 * What a newcomer meets while the server stops, in the order in which it changes. `gone`: the process ended before anybody
 * could try. `accepted-…`: TCP is accepted, and then ended, reset, or never answered. `let-in-…`: 101, and then thrown out.
 */
export type Newcomer =
  | 'refused'
  | 'gone'
  | 'let-in'
  | 'let-in-ended'
  | 'let-in-closed'
  | 'accepted-ended'
  | 'accepted-reset'
  | 'accepted-silent'
  | 'http-503'

/** One way of stopping a server, as watched on the wire. Times are in seconds. */
export interface Stop {
  /** The signal, or the call that its documentation gives. */
  readonly how: string
  /** What connected clients see; more than one where they did not all see the same. */
  readonly sees: readonly Seen[]
  /** Seconds until they see it; absent when they see nothing within 40 s. */
  readonly after?: number
  /** Seconds over which the clients go; absent when all go at once. */
  readonly spread?: number
  /** What those who connect meanwhile meet, in the order in which it changes. */
  readonly newcomers: readonly Newcomer[]
  /**
   * Seconds until the process ends, with its exit status or the signal, and how many processes of it are left then; `stays`: it
   * is meant to go on; `never`: not within 40 s.
   */
  readonly exits:
    | { readonly after: number; readonly status: string; readonly orphans?: number }
    | 'stays'
    | 'never'
  /** A client that answers no Close: seconds until it is cut and until the process ends; `never`: not within 40 s. Absent where not tried. */
  readonly silentClient?: { readonly cut?: number | 'never'; readonly exit?: number } | 'never'
}

/** A server set-up and what its clients see when it is stopped. */
export interface ServerStops {
  /** Name of the server, and of the set-up where that matters. */
  readonly server: string
  /** Every package that has a part in it, with its version. */
  readonly version: string
  /** Where the version that was tried comes from. */
  readonly from: 'npm' | 'Debian'
  /** What was tried: each signal and each call, one after the other. */
  readonly stops: readonly Stop[]
}

/** When all of this was watched, on Debian 12 with Node 20.20.2: three raw TCP clients for each stop. */
export const serverStopsMeasured = '2026-11-28'
