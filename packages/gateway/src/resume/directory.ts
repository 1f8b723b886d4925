// What makes a session findable for other gateways of a fleet. Who keeps the list is not known here.
import type { TokenSeries } from './token.ts'

/** A session that others can find. */
export interface Listing {
  readonly series: TokenSeries
  /** How often it has been taken over. */
  readonly epoch: number
  /** It is over, or others shall not find it any more. */
  end(): void
  /** It does not go on here, and others still find it. */
  leave(): void
  /** It has begun: from now on what it has counted is told, too. */
  begun(session: ListedSession): void
}

/** What is told of a session, and what it is told. */
export interface ListedSession {
  /** What it has counted, as a text; the same text while nothing has changed. */
  counters(): string
  /** A number that costs little, and is another one when that text may be another one. */
  stamp(): number
  /** What another gateway needs to go on with it, as a text. */
  recipe(): string
  /** Since when its client has had no connection; undefined: it has one. */
  readonly parkedAt: number | undefined
  /** Whether its client may be there; it is asked. False: it does not answer, and is parked from now on. To be called often. */
  checkClient(now: number): boolean
  /** What a replay module remembers of it, as a text; absent: nothing, or it is not known here. */
  remembered(): string | undefined
  /** Another gateway has it, or may have by now. */
  takenOver(): void
}

/** A session whose gateway is gone. */
export interface AbandonedSession {
  /** What is needed to go on with it, as its gateway has written it. */
  readonly recipe: string
  /** Milliseconds since that gateway was last heard of. */
  readonly silentMs: number
  /** What it had counted when it was found. Absent: that is not known before it is taken. */
  readonly counters?: string | undefined
  /** Its gateway is this one: a worker of it that has ended, or has given it up. */
  readonly isOwn: boolean
  /**
   * Takes it over, if nobody else has; what it had counted is in the result. Undefined: somebody else was faster, or nobody knows.
   */
  take(series: TokenSeries): Promise<{ counters: string; listing: Listing } | undefined>
}

/** A session as another gateway is given it, whole. */
export interface GivenAway {
  /** By which others find it. */
  id: string
  /** All of it, as a text. */
  session: string
}

/** Gives sessions away, to other gateways. */
export interface SessionGiver {
  /**
   * Looks for a gateway that takes a session of this route, with so many bytes, at the latest after `withinMs` milliseconds. Undefined:
   * there is none. `to`: id of the only node that is asked. Default: any.
   */
  reserve(route: string, bytes: number, withinMs: number, to?: string): Promise<Reservation | undefined>
}

/** A gateway that takes one session. */
export interface Reservation {
  /** Gives it. `unknown`: it may have been taken. It is used up by that. */
  hand(given: GivenAway): Promise<'taken' | 'refused' | 'unknown'>
  /** Nothing is given. */
  cancel(): void
}

export interface SessionDirectory {
  /**
   * A session is about to begin, and is kept for so many milliseconds. Resolves when others can find it, and soon if they cannot.
   * `recipe`: what another gateway needs to go on with it.
   */
  list(forMs: number, recipe: (series: TokenSeries) => string): Promise<Listing>
  /**
   * Looks for a session by the id in its token. `kept`: somebody has it, or may have. `away`: that cannot be looked up now. Undefined:
   * nobody knows it. `without`: id of a node that is known not to have it. `isUnsure`: workers of this gateway may have it.
   */
  seek(
    id: string,
    forMs: number,
    without?: string,
    isUnsure?: boolean,
  ): Promise<AbandonedSession | 'kept' | 'away' | undefined>
}
