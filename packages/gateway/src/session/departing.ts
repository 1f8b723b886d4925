// A connection whose session goes to another gateway, and what two workers say to each other where it is in one of them, and the session in the
// other. Types alone.

/** A connection on its way to another gateway: here, or in another process. */
export interface Departing {
  /** Whether it could go on elsewhere, once its upstream has gone. */
  mayLeave(): boolean
  /**
   * Lets its upstream go. Resolves when it has, and all that it said is with the session; to false when that is not so in time, or when it
   * may not have read all that the client said. `onSlow`: others should not wait for that upstream, too.
   */
  free(withinMs: number, onSlow: () => void): Promise<boolean>
  /** It waits for what becomes of it. False: it has ended. */
  readonly isHeld: boolean
  /** What the session has passed on of its client is in what `write` gives. */
  readonly isWhole: boolean
  /** @throws {Error} Its state cannot be written down. */
  write(): string
  /** Another gateway has its session, which has let its client go. */
  leave(): void
  /** It goes on where it is, or ends. Resolves when the session takes again what its client says. */
  stay(): void | Promise<void>
}

/** What is said between the two workers, in this order. */
export type GivingWord =
  /** There is no such session, or it cannot be given. */
  | { has: false }
  /** A place is there, and nothing more of the client is taken: let the upstream go, in so many milliseconds. */
  | { free: number }
  /** It has gone, and this is the connection. */
  | { held: string }
  /** Whether another gateway has the session. */
  | { given: boolean }
  /** It has not, and the connection goes on. One that ends says so to the session itself. */
  | { stays: true }

/** A line between two workers. */
export interface GivingLine {
  readonly isOpen: boolean
  say(word: GivingWord): void
  /** What the other says next. Undefined: it says nothing in so many milliseconds, or has closed the line. */
  next(withinMs: number): Promise<GivingWord | undefined>
  end(): void
}

/** What the worker that has the session is asked. */
export interface GivingAsk {
  /** Id of the connection. */
  connection: string
  /** Id of the only node that is to have it. */
  to?: string | undefined
  withinMs: number
}

/** A line to a worker of this number, which has been asked. Undefined: it cannot be reached. */
export type LineTo = (worker: number, ask: GivingAsk) => Promise<GivingLine | undefined>
