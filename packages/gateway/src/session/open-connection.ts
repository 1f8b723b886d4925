// In: what a handshake, or another process, has brought about. Out: a running, registered connection. Next: pipe.ts.

import { adviceFor, code, delayFor } from '@holdfast/close-codes'
import { Pipe } from '../connection/index.ts'
import { rsvOf } from '../http/index.ts'
import { accessEntry } from './access-entry.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import { type Connection, connectionInfo } from './connections.ts'
import { holdDeps, placeOf } from './held-connection.ts'
import type { Opening } from './opening.ts'
import { renewalOf } from './renew.ts'
import { beginSession, messageBytesOf } from './resumable.ts'
import type { RouteState } from './route-state.ts'
import { Visits } from './visits.ts'

export function openConnection(opening: Opening, state: RouteState, deps: ConnectionDeps): Connection {
  const { options: route } = state
  const { upstream, protocol, extensions, release, before, held } = opening
  const hold = held?.hold ?? route.hold
  const member = {
    ask: (answerBy: number) => pipe.askUpstream(answerBy),
    check: (now: number) => pipe.tick(now),
  }
  const visits = new Visits(state.pool, member, upstream)
  const begun = opening.resume && beginSession(opening, opening.resume, () => connection, state, deps)
  const pipe = new Pipe({
    client: begun?.session.stream ?? opening.client,
    upstream: opening.socket,
    rsv: rsvOf(extensions),
    closePolicy: route,
    closeTimeout: route.timeouts.close,
    keepalive: route.keepalive,
    watchesClient: begun !== undefined,
    messageBytes: begun ? messageBytesOf(route) : route.limits.messageBytes,
    messagesPerSecond: route.limits.messagesPerSecond,
    clock: deps.clock,
    retry: () =>
      Math.round(delayFor(adviceFor(code.serviceRestart), { attempt: 0, random: deps.random }) ?? 0),
    hold: hold && held && holdDeps(() => connection, { ...opening, ...held, hold }, state, visits, deps),
    onUpstreamEnded: () => visits.endedByUpstream(),
    onUnanswered: (gone) => visits.unanswered(gone),
    packed: before?.pipe,
    onError: (error) =>
      deps.log.error({ err: error, route: route.name, id: connection.id }, 'fault in a connection'),
    onClosed: ({ code, reason, by }) => {
      connection.leave()
      release.admission()
      const as = state.countClose(code, by)
      deps.onClosed?.(route.name, as)
      deps.log.debug({ ...connectionInfo(connection), code, reason, by }, 'connection closed')
      if (deps.accessLog.isOn) deps.accessLog.write(accessEntry(connection, { code, reason, by }, deps.clock))
      deps.emit({ type: 'close', at: deps.clock.wall(), route: route.name, code, reason, by })
    },
  })
  const connection: Connection = {
    id: before?.id ?? deps.newId(),
    route: route.name,
    upstream: upstream ? placeOf(upstream) : before?.place,
    address: opening.address,
    openedAt: before?.openedAt ?? deps.clock.wall(),
    protocol,
    http: opening.http,
    pipe,
    session: begun?.session,
    reattached: before?.reattached ?? 0,
    restoredBy: before?.restoredBy,
    opening,
    carried: opening.carried,
    leave() {
      connection.renewal?.stop()
      unregister()
      release.upstream()
      visits.over()
      state.countTraffic(pipe.traffic)
    },
  }
  const unregister = deps.connections.register(connection)
  // A fault in the first moment may have ended it.
  if (pipe.state !== 'closed') connection.renewal = renewalOf(connection, state, deps)
  if (!before) deps.onOpened?.(route.name)
  begun?.welcome()
  return connection
}
