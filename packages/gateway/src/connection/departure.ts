// How an upstream of a held client goes, and the time until another is there: the states 'leaving', 'judging' and 'held' of
// connection.ts; and what it says of the upstream, and of the hold, that one has gone.
import { code } from '@holdfast/close-codes'
import type { LetGo } from '../core/index.ts'
import type { Holdable } from '../hold/index.ts'
import { begin, end } from './closing.ts'
import type {
  Circumstances,
  CloseCame,
  ConnectionAction,
  ConnectionEvent,
  ConnectionState,
  Step,
} from './connection-state.ts'

/** RFC 6455 7.4.2: what libraries and frameworks, and then applications, say among themselves. */
const privateCodes = 3000

type Leaving = Extract<ConnectionState, { name: 'leaving' }>

/** The upstream is about to go: by its own word, or by the operator's. */
export function leave(by: Leaving['by']): Step {
  return [{ name: 'leaving', by, quiet: false }, [{ do: 'wait-departure' }, { do: 'quieten' }]]
}

/** What ends a connection, unless its client can be held instead; undefined for an event that ends nothing. */
export function holdOrEnd(event: ConnectionEvent, about: Circumstances): Step | undefined {
  const departure = about.hold && departureOf(event, about.hold)
  if (departure) return hold(departure, event, about)
  if (about.hold?.stopping && event.type === 'close-frame' && mayBeRestart(event)) {
    return [{ name: 'judging', close: event }, [{ do: 'judge', code: event.code }]]
  }
  return end(event, about)
}

/**
 * Servers that stop say 1000, 1001, nothing or a code of their own (docs/restarting.md), and send single clients away with the
 * same.
 */
function mayBeRestart({ from, code: said }: CloseCame): boolean {
  if (from === 'client') return false
  return said === undefined || said === code.normalClosure || said === code.goingAway || said >= privateCodes
}

export function whenJudging(
  state: Extract<ConnectionState, { name: 'judging' }>,
  event: ConnectionEvent,
  before: Circumstances,
): Step {
  const about: Circumstances = { ...before, upstream: 'gone' }
  if (event.type !== 'judged') return end(event, about) ?? [state, []]
  const { close } = state
  if (!event.stops || !about.hold) return end(close, about)!
  return hold({ code: close.code ?? code.noStatusReceived, echo: false }, close, about)
}

export function whenLeaving(state: Leaving, event: ConnectionEvent, before: Circumstances): Step {
  const told = state.by === 'gateway' && state.quiet
  const about: Circumstances = told ? { ...before, upstream: 'told' } : before
  switch (event.type) {
    case 'quiet':
      return state.quiet ? [state, []] : [{ ...state, quiet: true }, farewell(state.by)]
    case 'drain-ping':
      return [state, state.quiet ? [{ do: 'answer-drain' }] : []]
    case 'upstream-drained':
      return [state, []]
    case 'too-late':
      if (state.by === 'gateway' && about.hold)
        return hold({ code: code.goingAway, echo: false }, event, about)
      return begin({ what: 'upstream-not-back', retry: about.retry() }, event, about)
    case 'close-frame':
      if (!about.hold) break
      if (state.by === 'gateway' && event.from === 'upstream' && obeys(event.code, state.quiet)) {
        return hold({ code: code.goingAway, echo: !state.quiet }, event, about)
      }
      break
    case 'ended':
      if (state.by === 'gateway' && event.side === 'upstream' && about.hold) {
        return hold({ code: code.goingAway, echo: false }, event, about)
      }
  }
  const step = holdOrEnd(event, about)
  if (!step) return [state, []]
  const [after, actions] = step
  // What the client said before its Close, or before it broke a rule, goes to this upstream.
  const last =
    !told && (after.name === 'failing' || (event.type === 'close-frame' && event.from === 'client'))
  return [after, last ? [{ do: 'release' }, ...actions] : actions]
}

/** Whether a Close goes along with the operator's wish. RFC 6455 5.5.1: its answer need not have the same code. */
function obeys(said: number | undefined, told: boolean): boolean {
  return said === code.goingAway || (told && (said === undefined || said === code.normalClosure))
}

/** What the upstream is told when the client's messages have stopped. */
function farewell(by: Leaving['by']): ConnectionAction[] {
  if (by === 'upstream') return [{ do: 'answer-drain' }]
  return [{ do: 'send-close', to: 'upstream', code: code.goingAway, reason: '' }, { do: 'wait' }]
}

export function whenHeld(state: ConnectionState, event: ConnectionEvent, about: Circumstances): Step {
  if (event.type === 'attached') return [{ name: 'open' }, [{ do: 'resume' }]]
  return end(event, { ...about, upstream: 'gone' }) ?? [state, []]
}

/** How an upstream went whose client is held: with the code that the next one is told. */
interface Departure {
  code: number
  /** Whether its Close is to be answered. */
  echo: boolean
}

function departureOf(event: ConnectionEvent, { on }: Holdable): Departure | undefined {
  switch (event.type) {
    case 'close-frame':
      if (event.from === 'client' || event.code === undefined || !on.includes(event.code)) return undefined
      return { code: event.code, echo: true }
    case 'ended':
      if (event.side === 'client' || event.insideFrame || !on.includes('lost')) return undefined
      return { code: code.abnormalClosure, echo: false }
    case 'happened':
      if (event.cause.what !== 'upstream-silent' || !on.includes('lost')) return undefined
      return { code: code.abnormalClosure, echo: false }
    default:
      return undefined
  }
}

function hold(departure: Departure, event: ConnectionEvent, about: Circumstances): Step {
  const { resendable, partlyTold, unproven, lostAgain, tooOften, shortRetry } = about.hold!
  if (unproven) {
    // An upstream's own reason is kept: it may carry a `retry=` of its own.
    const itself = event.type === 'close-frame' && event.code === code.serviceRestart && event.reason !== ''
    if (itself) return letGo('not-restored', departure, end(event, about)!)
    const cause = { what: 'session-not-restored', retry: shortRetry() } as const
    return letGo('not-restored', departure, begin(cause, event, about))
  }
  if (tooOften || (lostAgain && departure.code === code.abnormalClosure)) {
    const cause = { what: 'upstream-lost-again', retry: about.retry() } as const
    return letGo('lost-again', departure, begin(cause, event, about))
  }
  if (resendable && !partlyTold) return [{ name: 'held' }, [{ do: 'hold', ...departure }]]
  return begin({ what: 'upstream-lost-inside-message', retry: about.retry() }, event, about)
}

function letGo(why: LetGo, { code }: Departure, [state, actions]: Step): Step {
  return [state, [{ do: 'let-go', why, departed: code }, ...actions]]
}

/** Whether this is an upstream's end that its client could have been held over. */
export function isLoss(event: ConnectionEvent, on: readonly (number | 'lost')[]): boolean {
  if (event.type === 'close-frame') {
    return event.from === 'upstream' && event.code !== undefined && on.includes(event.code)
  }
  if (event.type === 'judged') return event.stops
  if (event.type === 'happened') return event.cause.what === 'upstream-silent'
  return event.type === 'ended' && event.side === 'upstream'
}

/** What an event says of the upstream, beyond this connection: it has ended it of its own accord, or is given up. */
export function upstreamsDoing(was: ConnectionState, event: ConnectionEvent): 'silent' | 'ends' | undefined {
  // Whom the gateway has asked to go does so, and says nothing of other connections by that.
  const isAsked = was.name === 'leaving' && was.by === 'gateway'
  if (isAsked || (was.name !== 'open' && was.name !== 'leaving')) return undefined
  if (event.type === 'happened') return event.cause.what === 'upstream-silent' ? 'silent' : undefined
  const closes = event.type === 'close-frame' && event.from === 'upstream'
  const ends = event.type === 'ended' && event.side === 'upstream'
  return closes || ends ? 'ends' : undefined
}
