// The state of one connection and its pure `next(state, event)`. pipe.ts feeds it with what the sockets say and does
// what it returns; it knows neither bytes nor timers. Next: departure.ts, closing.ts.

import { whenClosing, whenFailing } from './closing.ts'
import type { Circumstances, ConnectionEvent, ConnectionState, Step } from './connection-state.ts'
import { holdOrEnd, leave, whenHeld, whenJudging, whenLeaving } from './departure.ts'

/** The state after an event, and what the sockets and timers have to do now. */
export function next(state: ConnectionState, event: ConnectionEvent, about: Circumstances): Step {
  switch (state.name) {
    case 'open':
      return whenOpen(state, event, about)
    case 'leaving':
      return whenLeaving(state, event, about)
    case 'judging':
      return whenJudging(state, event, about)
    case 'held':
      return whenHeld(state, event, about)
    case 'failing':
      return whenFailing(state, event, about)
    case 'closing':
      return whenClosing(state, event)
    case 'closed':
      return [state, []]
  }
}

function whenOpen(state: ConnectionState, event: ConnectionEvent, about: Circumstances): Step {
  if (about.hold && event.type === 'drain-ping') return leave('upstream')
  if (about.hold && event.type === 'upstream-drained') return leave('gateway')
  return holdOrEnd(event, about) ?? [state, []]
}
