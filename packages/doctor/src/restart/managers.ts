// What each of three managers of processes would have made of a stop that was watched.
import type { Target, Watched } from './stop.ts'
import type { ClientEnd, ClientKind, ClientSaw } from './witness.ts'

/** Who stops servers: each sends SIGTERM, waits, and kills. */
export type Manager = 'docker' | 'kubernetes' | 'systemd'

/**
 * To whom each sends SIGTERM, and how many milliseconds it waits by default. Sources: docker stop (`--time`), Kubernetes
 * `terminationGracePeriodSeconds`, systemd.kill(5) `KillMode=control-group` and `DefaultTimeoutStopSec`.
 */
export const managers: Readonly<Record<Manager, { target: Target; graceMs: number }>> = {
  docker: { target: 'main', graceMs: 10_000 },
  kubernetes: { target: 'main', graceMs: 30_000 },
  systemd: { target: 'group', graceMs: 90_000 },
}

/** What one client sees under a manager. */
export interface ClientFate {
  /** Which client it is. */
  client: ClientKind
  /** What it gets to know of the end. */
  sees: ClientEnd
  /** Milliseconds from the SIGTERM; absent when it saw nothing while it was watched. */
  afterMs?: number
}

/** What a manager makes of a stop. */
export interface Outcome {
  /** Who stops the server. */
  manager: Manager
  /** Milliseconds that it waits before it kills. */
  graceMs: number
  /** What becomes of each client. */
  clients: ClientFate[]
  /** Milliseconds until the last process has ended; absent when that was not seen. */
  endsAfterMs?: number
  /** Why SIGKILL was needed: the time was over, or the first process of a container ended before the others. */
  killed?: 'grace' | 'first-ended'
  /** SIGTERM does nothing there: the first process has no handler, and as process 1 of a container it is not ended by it. */
  ignored: boolean
}

/**
 * Nobody was told anything, and the first process died of the signal itself. Node has a handler that puts the terminal right
 * and then dies of the signal again, so for a process without children the end tells more than the handler.
 */
export function diesOfSignal({ exit, clients, left, catchesTerm }: Watched): boolean {
  const silently = exit?.signal === 'SIGTERM' && clients.every(({ sees }) => sees.what !== 'close')
  return silently && (left.length === 0 || !catchesTerm)
}

/** What becomes of the clients and processes under a manager. */
export function outcomeUnder(
  manager: Manager,
  watched: Watched,
  graceMs = managers[manager].graceMs,
): Outcome {
  const { exit, left, allEndedMs, watchedMs, clients } = watched
  const container = manager !== 'systemd'
  // pid_namespaces(7): "Only signals for which the "init" process has established a signal handler can be sent" to it.
  const ignored = container && diesOfSignal(watched)
  const first = container && !ignored && exit && left.length > 0 ? exit.afterMs : Number.POSITIVE_INFINITY
  // When the first process ends, the kernel ends all others of its namespace by SIGKILL (pid_namespaces(7)).
  const end = Math.min(first, ignored ? Number.POSITIVE_INFINITY : (allEndedMs ?? Number.POSITIVE_INFINITY))
  const common = { manager, graceMs, ignored }
  if (end > graceMs && (ignored || watchedMs >= graceMs)) {
    const fates = clients.map((saw) => fate(saw, ignored ? -1 : graceMs, graceMs))
    return { ...common, clients: fates, endsAfterMs: graceMs, killed: 'grace' }
  }
  if (!Number.isFinite(end)) return { ...common, clients: clients.map((saw) => fate(saw)) }
  if (end === first) {
    const fates = clients.map((saw) => fate(saw, end, end))
    return { ...common, clients: fates, endsAfterMs: end, killed: 'first-ended' }
  }
  return { ...common, clients: clients.map((saw) => fate(saw)), endsAfterMs: end }
}

/** What a client saw until a time stands; after that it is cut. */
function fate(
  { client, sees, afterMs }: ClientSaw,
  until = Number.POSITIVE_INFINITY,
  cutMs = until,
): ClientFate {
  if (afterMs !== undefined && afterMs <= until) return { client, sees, afterMs }
  if (Number.isFinite(cutMs)) return { client, sees: { what: 'end' }, afterMs: cutMs }
  return { client, sees, ...(afterMs !== undefined && { afterMs }) }
}
