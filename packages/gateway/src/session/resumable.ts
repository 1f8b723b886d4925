// A connection whose client speaks `holdfast.v1`: its session, registered in its route before the client hears of it.
import type { RouteOptions } from '../core/index.ts'
import { isDeflated, type Return, Session } from '../resume/index.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import { type Connection, connectionInfo } from './connections.ts'
import type { Opening, Resuming } from './opening.ts'
import type { RouteState } from './route-state.ts'

/** A message that is longer than the buffer could never be kept for the client. */
export function messageBytesOf({ limits, resume }: RouteOptions): number {
  return limits.messageBytes ?? resume?.buffer ?? Number.POSITIVE_INFINITY
}

/** The session of a connection that begins; `welcome` says the first words to its client. */
export function beginSession(
  opening: Opening,
  { options, identity, over }: Resuming,
  connection: () => Connection,
  state: RouteState,
  deps: ConnectionDeps,
): { session: Session; welcome: () => void } {
  const { options: route, sessions } = state
  const { client, protocol, extensions, address } = opening
  const session: Session = new Session(
    {
      window: options.buffer,
      stallMs: options.stall,
      closeTimeoutMs: route.timeouts.close,
      keepalive: route.keepalive,
      closePolicy: route,
      messageBytes: messageBytesOf({ ...route, resume: options }),
      clock: deps.clock,
    },
    {
      onUsed: () => sessions.used(session),
      onGrown: () => sessions.grown(session),
      onParked() {
        sessions.parked(session)
        deps.log.debug(connectionInfo(connection()), 'session parked')
      },
      onOver(why) {
        sessions.over(session, why)
        deps.log.debug({ ...connectionInfo(connection()), why }, 'session over')
      },
      onBroken() {
        const { pipe } = connection()
        if (pipe.state === 'closed') return false
        pipe.end({ what: 'client-breaks-protocol' })
        return true
      },
      onFault: (error) => connection().pipe.fault(error),
    },
  )
  const onReturned = (how: Return) => clientIsBack(connection(), how)
  const { token } = sessions.add({ session, identity, protocol, extensions, address, onReturned })
  return {
    session,
    welcome: () =>
      session.connect(
        { stream: client, deflate: isDeflated(extensions) },
        { token, protocol: protocol ?? '', resumed: false, for: options.for, ...(over && { over }) },
      ),
  }
}

/** It counts as where it is now, and may send what it would have sent meanwhile. */
function clientIsBack(connection: Connection, { address, http, awayMs, admission }: Return): void {
  const { pipe, opening } = connection
  // Its upstream is gone, and with it what it counted as.
  if (pipe.state === 'closed') return admission.release()
  opening.release.admission()
  opening.release.admission = admission.release
  Object.defineProperty(opening, 'admission', { get: () => admission.id, configurable: true })
  Object.assign(connection, { address, http })
  pipe.allowClient(awayMs)
}
