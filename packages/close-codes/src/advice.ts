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

const stop: Advice = { action: 'stop' }

// The hybi post behind the registration asks for 5-30 s; see the text of 1012 for why this is shorter.
const afterRestart: Advice = { action: 'reconnect', delay: { least: 1000, most: 5000, cap: 30_000 } }

const afterOverload: Advice = { action: 'reconnect', delay: { least: 5000, most: 30_000, cap: 120_000 } }

// RFC 6455 7.2.3: "a value chosen randomly between 0 and 5 seconds is a reasonable initial delay", then
// "truncated binary exponential backoff".
const afterLoss: Advice = { action: 'reconnect', delay: { least: 0, most: 5000, cap: 30_000 } }

const backoff: Advice = { action: 'reconnect', delay: { least: 0, most: 1000, cap: 30_000 } }

/**
 * Says what a client does after a connection closed with this code. Pure; takes any number.
 *
 * A number that is not registered but may travel (1016-2999, the rest of 3000-3999, 4000-4999) means
 * something that only the application knows: come back with backoff, since a wrong return costs little and a
 * wrong silence costs the user the connection. A number that may not travel and yet arrived comes from a
 * broken peer, like a protocol error: stop.
 */
export function adviceFor(n: number): Advice {
  switch (n) {
    case code.serviceRestart:
      return afterRestart
    case code.tryAgainLater:
      return afterOverload
    case code.badGateway:
    case code.timeout:
      return backoff
    case code.goingAway:
    case code.noStatusReceived:
    case code.abnormalClosure:
    case code.internalError:
    case code.tlsHandshake:
      return afterLoss
    case code.normalClosure:
    case code.protocolError:
    case code.unsupportedData:
    case code.invalidPayload:
    case code.policyViolation:
    case code.messageTooBig:
    case code.mandatoryExtension:
    case code.unauthorized:
    case code.forbidden:
      return stop
    default:
      return mayTravel(n) ? backoff : stop
  }
}
