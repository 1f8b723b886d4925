// The state of a session and its pure `next(state, event)`: who is there, and who has closed. session.ts feeds it with what
// its streams say and does what it returns; it knows neither bytes nor timers.

/** Why a session is over, as a tombstone says it; `elsewhere`: another gateway has it, and nothing is remembered. */
export type SessionEnd = 'expired' | 'evicted' | 'closed' | 'counters' | 'elsewhere'

export type SessionState =
  /** The client has a connection. */
  | { name: 'connected' }
  /** It has none, and may come back. */
  | { name: 'parked' }
  /** The client has closed; the upstream answers. */
  | { name: 'closing' }
  /** A Close waits for the client's echo. The upstream's side is over, or will be. */
  | { name: 'telling' }
  /** The same, and the client has no connection: it is told when it comes back. */
  | { name: 'owing' }
  | { name: 'over'; why: SessionEnd }

export type SessionEvent =
  /** The client's connection has ended without a Close that ends the session, or was given up. */
  | { type: 'broken' }
  /** The client said Close. `stays`: with 1001 and without `bye`, so that it may come back. */
  | { type: 'client-closed'; stays: boolean }
  /** The end of TCP behind `bye`. */
  | { type: 'client-left' }
  /** The other side has said Close. */
  | { type: 'close-said' }
  /** The other side has ended without one; or behind one. */
  | { type: 'lost' }
  | { type: 'ended' }
  /** The client has come back with a new connection. */
  | { type: 'returned' }
  /** It did not, or the memory is needed. */
  | { type: 'given-up'; why: 'expired' | 'evicted' }
  /** Another gateway has it, or may have. */
  | { type: 'taken-over' }
  /** Another gateway has all of it: its client finds it there. */
  | { type: 'given' }
  /** The client counts what cannot be. */
  | { type: 'miscounted' }

export type SessionAction =
  /** The session waits for its client from now on: the upstream's last Ping is answered in its name. */
  | 'park'
  /** Hand the client's Close on to the upstream. */
  | 'hand-on-close'
  /** Tell the upstream 1001 in the client's name: `left` by itself, or it did not come back. */
  | 'tell-left'
  | 'tell-not-back'
  /** The client's connection ends: it has, or may have, one elsewhere. */
  | 'drop-client'
  /** The client's connection ends without a word, so that it comes back. */
  | 'let-client-go'
  /** Tell the upstream that the client broke a rule: what it sees is the end of the stream. */
  | 'end-upstream'
  /** Answer the Close of the other side in the client's name. */
  | 'echo'
  /** Answer the client's Close with the same code, and end its connection. */
  | 'answer-client'
  /** There is no Close to tell the client: it is told that the upstream was lost. */
  | 'say-lost'
  /** Forget it, but for how it ended. */
  | 'forget'

export type SessionStep = [SessionState, SessionAction[]]

const over = (why: SessionEnd): SessionState => ({ name: 'over', why })

/** The state after an event, and what is to be done, in order. */
export function next(state: SessionState, event: SessionEvent): SessionStep {
  switch (state.name) {
    case 'connected':
      return whenConnected(state, event)
    case 'parked':
      return whenParked(state, event)
    case 'closing':
      // The client has said its last word, so that nothing brings it back.
      if (event.type === 'close-said' || event.type === 'client-closed') return [state, []]
      return [over(event.type === 'taken-over' ? 'elsewhere' : 'closed'), ['forget']]
    case 'telling':
      return whenTelling(state, event)
    case 'owing':
      if (event.type === 'returned') return [{ name: 'telling' }, []]
      if (event.type === 'given-up') return [over(event.why), ['forget']]
      if (event.type === 'taken-over') return [over('elsewhere'), ['forget']]
      if (event.type === 'miscounted') return [over('counters'), ['forget']]
      return [state, []]
    case 'over':
      return [state, []]
  }
}

function whenConnected(state: SessionState, event: SessionEvent): SessionStep {
  switch (event.type) {
    case 'broken':
      return [{ name: 'parked' }, ['park']]
    case 'client-closed':
      if (event.stays) return [{ name: 'parked' }, ['answer-client', 'park']]
      return [{ name: 'closing' }, ['hand-on-close']]
    case 'client-left':
      return [over('closed'), ['tell-left', 'forget']]
    case 'close-said':
      return [{ name: 'telling' }, []]
    case 'lost':
      return [{ name: 'telling' }, ['say-lost']]
    case 'taken-over':
      return [over('elsewhere'), ['tell-not-back', 'drop-client', 'forget']]
    case 'given':
      return [over('elsewhere'), ['let-client-go', 'forget']]
    case 'miscounted':
      return [over('counters'), ['end-upstream', 'forget']]
    default:
      return [state, []]
  }
}

function whenParked(state: SessionState, event: SessionEvent): SessionStep {
  switch (event.type) {
    case 'returned':
      return [{ name: 'connected' }, []]
    case 'close-said':
      return [{ name: 'owing' }, ['echo']]
    case 'lost':
      return [{ name: 'owing' }, ['say-lost']]
    case 'given-up':
      return [over(event.why), ['tell-not-back', 'forget']]
    case 'taken-over':
      return [over('elsewhere'), ['tell-not-back', 'forget']]
    case 'given':
      return [over('elsewhere'), ['forget']]
    case 'miscounted':
      return [over('counters'), ['end-upstream', 'forget']]
    default:
      return [state, []]
  }
}

function whenTelling(state: SessionState, event: SessionEvent): SessionStep {
  switch (event.type) {
    case 'client-closed':
      return [over('closed'), ['hand-on-close', 'forget']]
    case 'broken':
    case 'client-left':
      return [{ name: 'owing' }, ['echo', 'park']]
    case 'taken-over':
      return [over('elsewhere'), ['drop-client', 'forget']]
    case 'miscounted':
      return [over('counters'), ['end-upstream', 'forget']]
    default:
      return [state, []]
  }
}
