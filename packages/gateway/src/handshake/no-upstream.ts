// In: why no upstream was found for a handshake. Out: its client is told. Next: turn-away.ts.
import { type CloseCause, closeMapping } from '../connection/index.ts'
import type { HandshakeResult } from '../core/index.ts'
import type { HandshakeAnswer } from '../trace/index.ts'
import type { Arrival } from './arrival.ts'
import type { Found } from './find-upstream.ts'
import { logRefusal } from './log-refusal.ts'
import { closeCauseOf, turnAway } from './turn-away.ts'

/** Says why there is no connection to a client that has not been answered yet. */
export function fail(failure: Extract<Found, { ok: false }>['failure'], arrival: Arrival): void {
  const { handshake, state, deps, span, asked } = arrival
  const end = (result: HandshakeResult, answer?: HandshakeAnswer) => {
    span.end(result, answer)
    logRefusal(handshake.request, asked, answer, state.options.name, deps)
  }
  const leave = (cause: CloseCause, result: HandshakeResult) => {
    state.counts.handshake(result)
    const clients = result === 'bad-gateway' && state.turnedAway(deps.clock.now())
    if (clients) {
      const upstreams = state.upstreamsInWords
      deps.log.warn({ route: state.options.name, upstreams, failure, clients }, 'no upstream for clients')
    }
    end(result, turnAway(handshake, cause, state, deps, asked))
  }
  switch (failure.kind) {
    case 'aborted':
      return arrival.abandoned()
    case 'drains': {
      // Nobody says with what delays when the gateway ends at once.
      const { retry = [0, 0] } = { retry: deps.draining(state.options.name) }
      return arrival.drains(retry)
    }
    case 'busy':
      return leave(closeCauseOf(failure, deps.random), 'busy')
    case 'rejected': {
      state.counts.handshake('rejected')
      const { response, status } = failure
      const told = closeMapping({ what: 'rejected', status }, state.options).client
      if (told.by !== 'pass') {
        response.destroy()
        return end('rejected', turnAway(handshake, { what: 'rejected', status }, state, deps, asked))
      }
      end('rejected', { status })
      return handshake.refuse({
        status,
        reason: response.statusMessage,
        headers: failure.headers,
        body: response,
      })
    }
    default:
      if (failure.kind === 'unreachable' && failure.ours) deps.onNoDescriptor?.()
      return leave(closeCauseOf(failure, deps.random), 'bad-gateway')
  }
}
