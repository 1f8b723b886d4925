// In: a handshake that the authentication service has not let in. Out: its client is told, as of an upstream that refuses or
// is away. Next: turn-away.ts.
import { Readable } from 'node:stream'
import type { AuthVerdict } from '../auth/index.ts'
import { type CloseCause, closeMapping } from '../connection/index.ts'
import type { Asked, HandshakeResult } from '../core/index.ts'
import type { ClientHandshake, HeaderList } from '../http/index.ts'
import type { RouteState } from '../session/index.ts'
import type { HandshakeAnswer, HandshakeSpan } from '../trace/index.ts'
import type { HandshakeDeps } from './handshake-deps.ts'
import { clientLeft, logRefusal } from './log-refusal.ts'
import { closeCauseOf, turnAway } from './turn-away.ts'

export function refuse(
  verdict: Exclude<AuthVerdict, { kind: 'allowed' }>,
  handshake: ClientHandshake,
  state: RouteState,
  deps: HandshakeDeps,
  { span, asked }: { span: HandshakeSpan; asked: Asked | undefined },
): void {
  const { options: route } = state
  const end = (result: HandshakeResult, answer?: HandshakeAnswer) => {
    state.counts.handshake(result)
    span.end(result, answer)
    const logged = result === 'abandoned' ? { status: clientLeft } : answer
    logRefusal(handshake.request, asked, logged, route.name, deps)
  }
  const leave = (cause: CloseCause, result: HandshakeResult) =>
    end(result, turnAway(handshake, cause, state, deps, asked))
  switch (verdict.kind) {
    case 'aborted':
      return end('abandoned')
    case 'failed': {
      const { failure } = verdict
      const busy = failure.kind === 'busy' && failure.status === 429
      return leave(closeCauseOf(failure, deps.random), busy ? 'busy' : 'auth-failed')
    }
    case 'refused': {
      const { status, reason, headers, body } = verdict.refusal
      const cause = { what: 'rejected', status, by: 'auth' } as const
      if (closeMapping(cause, route).client.by !== 'pass') return leave(cause, 'unauthorized')
      end('unauthorized', { status })
      const framed: HeaderList = [...headers, ['Content-Length', String(body.length)]]
      const sent = body.length > 0 ? { headers: framed, body: Readable.from([body]) } : { headers }
      return handshake.refuse({ status, reason, ...sent })
    }
  }
}
