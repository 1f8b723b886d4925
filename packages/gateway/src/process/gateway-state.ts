// What a supervisor says of its gateway: whether it should get traffic, where it listens, and the whole state.
import { unixPath } from '../core/index.ts'
import { formatHostPort } from '../listen/index.ts'
import type { GatewayState } from '../operate/index.ts'
import { measureAll, socketsOf } from './measure-all.ts'
import type { Parts } from './parts.ts'

/** Why it should not get traffic; undefined when it should. */
export function whyUnready(parts: Parts): string | undefined {
  const { phase, pool, fronts, descriptors } = parts
  if (phase !== 'serving') return phase
  if (pool.ready.length === 0) return 'no worker is ready'
  if (fronts?.areMissing) return 'no front is ready'
  return descriptors.isShort || socketsOf(parts).short ? 'the limit of open files is reached' : undefined
}

/** The listeners' URLs with their actual ports. */
export function listenUrls({ listening }: Parts): string[] {
  return listening.addresses.map(({ options: { tls, host }, port }) =>
    unixPath(host) === undefined ? `${tls ? 'wss' : 'ws'}://${formatHostPort(host, port)}` : host,
  )
}

/** The whole state, asked of every worker; one that does not answer counts with its last report. */
export async function gatewayState(parts: Parts): Promise<GatewayState> {
  const {
    snapshot,
    workers,
    carriers,
    fronts = [],
    frontRestarts = 0,
    workerRestarts,
    certificates,
  } = await measureAll(parts)
  const { version, phase, startedAt, began, clock, options, acme, upgrades, fleetInfo } = parts
  return {
    version,
    phase,
    pid: process.pid,
    startedAt,
    uptime: clock.now() - began,
    listen: listenUrls(parts),
    admin: parts.admin.server?.url,
    workers,
    carriers,
    ...(fronts.length > 0 && { fronts, frontRestarts }),
    workerRestarts,
    socketsDropped: parts.socketsDropped,
    certificates,
    ...(options.acme && { acme: acme.infos }),
    upgrade: upgrades.last,
    fleet: fleetInfo,
    drainPlan: { spread: options.drain.spread, deadline: options.drain.deadline },
    ...snapshot,
  }
}
