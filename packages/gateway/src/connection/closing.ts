// The end of a connection: both sides are told what the close table says, and have a time for their closing
// handshakes (RFC 6455 7.1). The state 'closing' of connection.ts. Next: close-mapping.ts.
import assert from 'node:assert/strict'
import { code } from '@holdfast/close-codes'
import type { ClosedBy } from '../core/index.ts'
import type { CloseAction, CloseCause, SideName } from './close-cause.ts'
import { closeMapping } from './close-mapping.ts'
import type {
  Circumstances,
  CloseCame,
  ConnectionAction,
  ConnectionEvent,
  ConnectionState,
  Half,
  Step,
  Verdict,
} from './connection-state.ts'

type Closing = Extract<ConnectionState, { name: 'closing' }>
type Failing = Extract<ConnectionState, { name: 'failing' }>

const other = (side: SideName): SideName => (side === 'client' ? 'upstream' : 'client')

const cut: readonly ConnectionAction[] = [
  { do: 'destroy', side: 'client' },
  { do: 'destroy', side: 'upstream' },
]

/** Ends a connection that is not closing yet; undefined for an event that ends nothing. */
export function end(event: ConnectionEvent, about: Circumstances): Step | undefined {
  switch (event.type) {
    case 'close-frame':
      return begin(closeHappening(event, about), event, about)
    case 'ended':
      return begin(lostHappening(event), event, about)
    case 'happened':
      return mayAnswerFirst(event.cause, about) ?? begin(event.cause, event, about)
    case 'cut':
      return [
        { name: 'closed', verdict: { code: code.abnormalClosure, reason: '', by: 'gateway' } },
        [...cut],
      ]
    default:
      return undefined
  }
}

function closeHappening(event: CloseCame, about: Circumstances): CloseCause {
  if (event.from === 'client') return { what: 'client-closes' }
  return event.code === code.serviceRestart
    ? { what: 'upstream-restarts', reason: event.reason, retry: about.retry() }
    : { what: 'upstream-closes' }
}

function lostHappening(event: Extract<ConnectionEvent, { type: 'ended' }>): CloseCause {
  if (event.side === 'client') return { what: 'client-lost' }
  return { what: event.insideFrame ? 'upstream-lost-inside-frame' : 'upstream-lost' }
}

/** A client that broke a rule gets the answers to what it said before that, as it would without a gateway between. */
function mayAnswerFirst(cause: CloseCause, { owes, upstream }: Circumstances): Step | undefined {
  if (sideAtFault(cause) !== 'client' || cause.what === 'client-silent') return undefined
  if (!owes || upstream === 'gone') return undefined
  return [{ name: 'failing', cause, upstream }, [{ do: 'ask-last' }]]
}

/** The upstream has answered, or its time is over, or something else ends the wait. */
export function whenFailing(state: Failing, event: ConnectionEvent, before: Circumstances): Step {
  const about = { ...before, owes: false, upstream: state.upstream }
  switch (event.type) {
    case 'cut':
      return end(event, about)!
    case 'ended':
      return begin(event.side === 'client' ? { what: 'client-lost' } : state.cause, event, about)
    case 'happened': {
      const { cause } = event
      return begin(cause.what === 'gateway-fault' ? cause : state.cause, event, about)
    }
    case 'answered':
    case 'too-late':
    case 'close-frame':
      return begin(state.cause, event, about)
    default:
      return [state, []]
  }
}

/** Looks the cause up and tells both sides. */
export function begin(cause: CloseCause, event: ConnectionEvent, about: Circumstances): Step {
  const outcome = closeMapping(cause, about.closePolicy)
  const from = event.type === 'close-frame' ? event.from : undefined
  const gone = event.type === 'ended' ? event.side : undefined
  const state: Closing = {
    name: 'closing',
    client: from === 'client' ? 'heard' : gone === 'client' ? 'gone' : 'open',
    upstream: gone === 'upstream' ? 'gone' : (about.upstream ?? (from === 'upstream' ? 'heard' : 'open')),
    verdict: verdictOf(outcome.client, event, outcome.by),
  }
  const actions: ConnectionAction[] = []
  if (state.client === 'open') tell(state, 'client', outcome.client, event, actions)
  if (from === 'upstream' && state.upstream === 'told') finish(state, 'upstream', actions)
  if (event.type === 'close-frame' && from === 'client' && state.upstream !== 'open') {
    answer(state, 'client', { code: event.code, reason: event.reason }, actions)
  }
  if (state.upstream === 'open') {
    // A drained client's last messages still reach the upstream: it is told after the client has answered.
    const afterwards = cause.what === 'gateway-drains' || cause.what === 'operator-closes'
    if (afterwards && state.client === 'told') state.afterwards = outcome.upstream
    else tell(state, 'upstream', outcome.upstream, event, actions)
  }
  const faulty = sideAtFault(cause)
  if (faulty && state[faulty] === 'told') {
    // RFC 6455 7.1.7: to fail a connection is to send a Close and to end TCP; what the peer says then is not read.
    state[faulty] = 'finished'
    actions.push({ do: 'end', side: faulty })
    // The other side closed meanwhile, and the faulty one is not asked any more.
    const rest = other(faulty)
    if (event.type === 'close-frame' && state[rest] === 'heard') {
      answer(state, rest, { code: event.code, reason: event.reason }, actions)
    }
  }
  if (gone) actions.push({ do: 'destroy', side: gone })
  actions.push({ do: 'wait' })
  return settle(state, actions)
}

function verdictOf(told: CloseAction, event: ConnectionEvent, by: ClosedBy): Verdict {
  if (told.by === 'close') return { code: told.code ?? code.noStatusReceived, reason: told.reason, by }
  if (event.type === 'close-frame')
    return { code: event.code ?? code.noStatusReceived, reason: event.reason, by }
  return { code: code.abnormalClosure, reason: '', by }
}

function tell(
  state: Closing,
  side: SideName,
  told: CloseAction,
  event: ConnectionEvent,
  actions: ConnectionAction[],
): void {
  switch (told.by) {
    case 'forward':
      assert(event.type === 'close-frame')
      actions.push({ do: 'forward-close', to: side, frame: event.frame })
      state[side] = 'told'
      return
    case 'close':
      actions.push({ do: 'send-close', to: side, code: told.code, reason: told.reason })
      state[side] = 'told'
      return
    case 'end':
      actions.push({ do: 'end', side })
      state[side] = 'gone'
      return
    case 'nothing':
    case 'http':
    case 'pass':
      state[side] = 'gone'
  }
}

export function whenClosing(before: Closing, event: ConnectionEvent): Step {
  if (event.type === 'cut') {
    const unseen: Verdict = { code: code.abnormalClosure, reason: '', by: 'gateway' }
    return [
      { name: 'closed', verdict: event.untold && before.verdict.by !== 'client' ? unseen : before.verdict },
      [...cut],
    ]
  }
  const state: Closing = { ...before }
  const actions: ConnectionAction[] = []
  switch (event.type) {
    case 'close-frame': {
      const side = event.from
      if (state[side] === 'told') {
        // RFC 6455 5.5.1: "After both sending and receiving a Close message, an endpoint considers the WebSocket
        // connection closed and MUST close the underlying TCP connection."
        finish(state, side, actions)
        if (state[other(side)] === 'heard') {
          actions.unshift({ do: 'forward-close', to: other(side), frame: event.frame })
          finish(state, other(side), actions)
        }
      } else if (state[side] === 'open') {
        state[side] = 'heard'
        answer(state, side, { code: event.code, reason: event.reason }, actions)
      }
      break
    }
    case 'ended':
    case 'unsaid':
      leave(state, event.side, actions)
      if (event.type === 'unsaid' && event.side === 'client') {
        state.verdict = { ...state.verdict, code: code.abnormalClosure, reason: '' }
      }
      break
    case 'happened': {
      // Its closing handshake is under way and nothing better can be said; a side that now breaks the rules or
      // stays silent is only let go.
      const side = sideAtFault(event.cause)
      if (side) leave(state, side, actions)
      break
    }
    case 'too-late':
      for (const side of ['client', 'upstream'] as const) {
        if (state[side] === 'told') leave(state, side, actions)
        else if (state[side] === 'finished') actions.push({ do: 'destroy', side })
      }
      break
    default:
      break
  }
  if (state.afterwards && state.client !== 'told' && state.client !== 'open') {
    if (state.upstream === 'open') {
      tell(state, 'upstream', state.afterwards, event, actions)
      actions.push({ do: 'wait' })
    }
    state.afterwards = undefined
  }
  return settle(state, actions)
}

/** The side whose bytes are not read any more, because it broke a rule or says nothing. */
function sideAtFault(cause: CloseCause): SideName | undefined {
  switch (cause.what) {
    case 'message-too-big':
      return cause.from
    case 'client-breaks-protocol':
    case 'client-reason-not-utf8':
    case 'too-many-messages':
    case 'client-silent':
      return 'client'
    case 'upstream-breaks-protocol':
    case 'upstream-reason-not-utf8':
    case 'upstream-silent':
      return 'upstream'
    default:
      return undefined
  }
}

/**
 * A side that is owed the answer to its Close gets it from the gateway where that has ended the connection itself, or has no
 * other side to ask.
 */
function answer(
  state: Closing,
  side: SideName,
  close: { code?: number; reason: string },
  actions: ConnectionAction[],
): void {
  // RFC 6455 5.5.1: "When sending a Close frame in response, the endpoint typically echos the status code it received."
  actions.push({ do: 'send-close', to: side, code: close.code, reason: close.reason })
  finish(state, side, actions)
}

/** The closing handshake with this side is complete. */
function finish(state: Closing, side: SideName, actions: ConnectionAction[]): void {
  state[side] = 'finished'
  // RFC 6455 7.1.1: the server closes TCP first; a client waits for it.
  actions.push({ do: side === 'client' ? 'end' : 'await-end', side })
}

/**
 * A side is out: destroyed. The other one, whose Close it has not answered, sees the end of TCP, as it would without a gateway
 * between: an answer of the gateway's own would tell it that its peer has read everything.
 */
function leave(state: Closing, side: SideName, actions: ConnectionAction[]): void {
  if (state[side] === 'gone') return
  actions.push({ do: 'destroy', side })
  state[side] = 'gone'
  const rest = other(side)
  if (state[rest] !== 'heard') return
  actions.push({ do: 'end', side: rest })
  state[rest] = 'finished'
}

/** Closed as soon as no side owes or is owed anything. */
function settle(state: Closing, actions: ConnectionAction[]): Step {
  const over = (half: Half) => half === 'finished' || half === 'gone'
  if (over(state.client) && over(state.upstream)) return [{ name: 'closed', verdict: state.verdict }, actions]
  return [state, actions]
}
