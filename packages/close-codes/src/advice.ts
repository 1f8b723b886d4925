import { code } from './code.ts'
import { mayTravel } from './sendable.ts'

/**
 * How long to wait before coming back, in milliseconds: a random time between `least` and `most`, and `most`
 * doubles with each further attempt until it reaches `cap`. {@link delayFor} draws the number.
 */
export interface Delay {
  /** Milliseconds to wait at the least, on every attempt. */
  readonly least: number
  /**
   * Milliseconds to wait at the most on the first attempt; the double on each further one, until `cap`. Source of 5 s
   * after a loss: RFC 6455 7.2.3.
   */
  readonly most: number
  /** Milliseconds that `most` grows to, and no further. */
  readonly cap: number
}

/** Come back, after `delay`. */
export interface ReconnectAdvice {
  /** Tells this advice from {@link StopAdvice}. */
  readonly action: 'reconnect'
  /** From what range the delay is drawn, by {@link delayFor}. */
  readonly delay: Delay
}

/** Stay away until something has changed. */
export interface StopAdvice {
  /** Tells this advice from {@link ReconnectAdvice}. */
  readonly action: 'stop'
}

/** What a client does after a close: come back after a delay, or stay away until something has changed. */
export type Advice = ReconnectAdvice | StopAdvice

/** Milliseconds that a backoff grows to where the code asks for nothing else. */
export const maxWaitMs = 30_000

/** Milliseconds of {@link Delay}; a cap that is left out is 30 s. None at all: stay away. */
export type Waits = readonly [least: number, most: number, cap?: number] | readonly []

const stop: Waits = []

// RFC 6455 7.2.3: "a value chosen randomly between 0 and 5 seconds is a reasonable initial delay", then
// "truncated binary exponential backoff".
const loss: Waits = [0, 5000]

const backoff: Waits = [0, 1000]

const waits: { readonly [code: number]: Waits | undefined } = {
  // The hybi post behind the registration asks for 5-30 s; see the text of 1012 for why this is shorter.
  [code.serviceRestart]: [1000, 5000],
  [code.tryAgainLater]: [5000, 30_000, 120_000],
  [code.badGateway]: backoff,
  [code.timeout]: backoff,
  [code.goingAway]: loss,
  [code.noStatusReceived]: loss,
  [code.abnormalClosure]: loss,
  [code.internalError]: loss,
  [code.tlsHandshake]: loss,
  [code.unauthorized]: stop,
  [code.forbidden]: stop,
}

/** What {@link adviceFor} says, in the fewest bytes for a bundle. */
export function waitsAfter(n: number): Waits {
  // Up to 1011 what is not above says that all is done, or that the same again would fail again: 1000, 1002, 1003 and
  // 1007 to 1010.
  return waits[n] ?? (n > code.internalError && mayTravel(n) ? backoff : stop)
}

/**
 * Says what a client does after a connection closed with this code. Pure; takes any number.
 *
 * A number that is not registered but may travel (1016-2999, the rest of 3000-3999, 4000-4999) means
 * something that only the application knows: come back with backoff, since a wrong return costs little and a
 * wrong silence costs the user the connection. A number that may not travel and yet arrived comes from a
 * broken peer, like a protocol error: stop.
 */
export function adviceFor(n: number): Advice {
  const [least, most, cap = maxWaitMs] = waitsAfter(n)
  return least === undefined || most === undefined
    ? { action: 'stop' }
    : { action: 'reconnect', delay: { least, most, cap } }
}
