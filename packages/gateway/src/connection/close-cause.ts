// Everything that can end a connection or keep it from coming to be, and what can be said about it. What is said is in
// close-mapping.ts.
import type { ClosedBy, RouteOptions } from '../core/index.ts'
import type { Fault } from '../wire/index.ts'

export type SideName = 'client' | 'upstream'

/** What one side is told. */
export type CloseAction =
  /** A Close frame; without a code its body is empty. */
  | { by: 'close'; code?: number; reason: string }
  /** The other side's Close frame as it came. */
  | { by: 'forward' }
  /** An HTTP answer instead of a 101; `code` is what would have been said in band, where there is such a choice. */
  | { by: 'http'; status: number; reason: string; retry?: number; code?: number }
  /** The other upstream's HTTP answer, whole. */
  | { by: 'pass' }
  /** The end of TCP and nothing else. */
  | { by: 'end' }
  /** Nothing: there is nobody to tell. */
  | { by: 'nothing' }

/** Everything that can end a connection or keep it from coming to be. */
export type CloseCause =
  | { what: 'unreachable'; words: string; retry?: number }
  | { what: 'no-answer'; afterMs: number; retry?: number }
  | { what: 'bad-answer'; words: string; retry?: number }
  | { what: 'upstream-busy'; retry: number }
  /** `by`: it was not the upstream. */
  | { what: 'rejected'; status: number; by?: 'auth' }
  | { what: 'no-healthy-upstream'; retry?: number }
  | { what: 'upstream-restarts'; reason: string; retry: number }
  | { what: 'upstream-closes' }
  | { what: 'upstream-lost' }
  | { what: 'upstream-lost-inside-frame' }
  /** On a route with `hold`; everywhere else it is 'upstream-lost'. */
  | { what: 'upstream-lost-inside-message'; retry: number }
  /** Held for as long as `hold.for` says, or refused by the next upstream. */
  | { what: 'upstream-not-back'; retry: number }
  /** On a route with `hold`: its upstream has gone, and nobody restores the client's session. */
  | { what: 'session-not-restored'; retry: number }
  /** On a route with `hold`: re-attached, and lost again before the upstream said anything; or too often. */
  | { what: 'upstream-lost-again'; retry: number }
  | { what: 'upstream-breaks-protocol' }
  | { what: 'upstream-reason-not-utf8' }
  | { what: 'upstream-silent' }
  | { what: 'client-closes' }
  | { what: 'client-lost' }
  /** On a route with `resume`: it did not come back within `resume.for`, or its memory was needed. */
  | { what: 'client-not-back' }
  /** On a route with `resume`: TCP has ended behind `bye`. */
  | { what: 'client-left' }
  /** On a route with `resume`: the client has a new connection, and this is its last one. */
  | { what: 'session-taken-over' }
  /** On a route with `resume`: it has acknowledged nothing for `resume.stall`. The session is parked. */
  | { what: 'client-acknowledges-nothing' }
  /** On a route with `resume`: who comes back is somebody else, by `resume.bind`. The session stays parked. */
  | { what: 'other-identity' }
  /** On a route with `resume`: another node has the session, and cannot be reached. */
  | { what: 'session-unreachable'; retry: number }
  | { what: 'client-breaks-protocol' }
  | { what: 'client-reason-not-utf8' }
  | { what: 'message-too-big'; from: SideName }
  | { what: 'client-silent' }
  | { what: 'too-many-messages' }
  | { what: 'origin-refused' }
  | { what: 'no-route' }
  | { what: 'over-limit'; words: string; retry: number }
  /** The supervisor, which counts for all workers, did not answer in time, and the worker's own share is used up. */
  | { what: 'limits-unknown'; retry: number }
  /** It had a connection. */
  | { what: 'gateway-drains'; retry: number }
  /** It was about to get one, or waited for it. */
  | { what: 'route-drains'; retry: number }
  /** The authentication service was asked again, and refused. */
  | { what: 'authorization-ended' }
  /** It was asked again, and has not answered for as long as a connection may go on without. */
  | { what: 'authorization-unknown'; retry: number }
  | { what: 'gateway-fault' }
  /** The same before it had a connection. */
  | { what: 'handshake-fault'; retry?: number }
  | { what: 'operator-closes'; code: number; reason: string }

/**
 * The settings of a route that change what is said. `badGateway: auto` is decided for each client (in-band-rules.ts): here
 * it is as good as `http`.
 */
export type ClosePolicy = Pick<RouteOptions, 'rejections' | 'badGateway' | 'closeCodes'>

export interface Outcome {
  client: CloseAction
  upstream: CloseAction
  /** Who ended it, for the metrics. */
  by: ClosedBy
}

/** Why a request that is no handshake is served by no upstream. */
export type Unserved = Extract<
  CloseCause,
  {
    what:
      | 'no-route'
      | 'no-healthy-upstream'
      | 'unreachable'
      | 'bad-answer'
      | 'no-answer'
      | 'upstream-busy'
      | 'over-limit'
      | 'limits-unknown'
      | 'route-drains'
      | 'handshake-fault'
  }
>

/** What it means that the frames of this side break a rule. */
export function faultCause(fault: Fault, from: SideName): CloseCause {
  switch (fault) {
    case 'protocol':
      return { what: `${from}-breaks-protocol` }
    case 'not-utf8':
      return { what: `${from}-reason-not-utf8` }
    case 'too-big':
      return { what: 'message-too-big', from }
    case 'too-fast':
      return { what: 'too-many-messages' }
  }
}
