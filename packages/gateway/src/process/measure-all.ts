// What is measured in all processes of a gateway.
import { addRefused, logLinesDropped, type SocketCounts } from '../core/index.ts'
import type { Measured } from '../operate/index.ts'
import { certificateInfos } from './certificate-infos.ts'
import type { Parts } from './parts.ts'
import { workerInfo } from './worker-info.ts'

/** Asked of every worker; one that does not answer counts with its last report. */
export async function measureAll(parts: Parts): Promise<Measured> {
  const { pool, fronts, carriers, upgrades, refused, clock, acme, fleetInfo } = parts
  await Promise.all([pool.refresh(), fronts?.refresh()])
  const sockets = socketsOf(parts)
  return {
    snapshot: pool.snapshot(),
    workers: pool.workers.map(workerInfo),
    carriers: carriers.infos,
    fronts: fronts?.infos ?? [],
    workerRestarts: pool.restarts,
    handovers: { ...upgrades.handovers },
    frontRestarts: fronts?.restarts ?? 0,
    logLinesDropped: logLinesDropped() + pool.logLinesDropped + (fronts?.logLinesDropped ?? 0),
    accessLinesDropped: pool.accessLinesDropped,
    sockets: { ...sockets, refused: addRefused(sockets.refused, refused) },
    certificates: certificateInfos(parts.options, clock.wall(), acme.shared.certificates),
    acme: { orders: acme.orders, names: acme.infos },
    fleet: fleetInfo,
  }
}

/** What became of sockets that became no connection, in all processes but this one. */
export function socketsOf({ pool, fronts }: Parts): SocketCounts {
  const [own, of] = [pool.sockets, fronts?.sockets]
  if (!of) return own
  return {
    pending: own.pending + of.pending,
    refused: addRefused(own.refused, of.refused),
    short: own.short || of.short,
  }
}
