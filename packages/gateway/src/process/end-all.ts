// How a gateway ends: everything is drained, and then everything is closed.
import type { DrainCounts } from '../core/index.ts'
import type { Parts } from './parts.ts'

/** Milliseconds that sockets on their way to a worker get to arrive before a drain. */
const settleWithinMs = 500
/** Milliseconds that a drained worker may take to end. */
const exitWithinMs = 1000

/** Lets nobody in any more, and tells all that there are to go. Resolves when none is left, or the deadline is over. */
export async function drainAll(parts: Parts): Promise<DrainCounts> {
  const { clock, acme, fleet, fronts, pool, listening, balancer, drains, log } = parts
  const start = clock.now()
  parts.phase = 'draining'
  parts.rebalance.stop('draining')
  acme.stop()
  // Meanwhile clients are let in: whoever stands before the gateways may not know yet that this one goes.
  await fleet?.turnToDrain()
  pool.retire()
  fronts?.retire()
  log.info('draining')
  await listening.closeOthers([], pool.ready)
  await Promise.all([balancer.whenIdle(settleWithinMs), fronts?.balancer.whenIdle(settleWithinMs)])
  // Clients come back over other nodes until the end; from fronts they may still come whose TLS handshake has begun: they are told, too.
  if (!listening.relay && !fronts?.isRunning) balancer.close()
  const counts = await drains.all()
  log.info({ ...counts, ms: Math.round(clock.now() - start) }, 'drained')
  return counts
}

/** Ends what is left. */
export async function closeAll(parts: Parts): Promise<void> {
  const { carriers, pool, admin, fleet, fronts, listening, balancer, ticketKeys, carryDirectory } = parts
  carriers.stop()
  listening.closeRelay()
  balancer.close()
  await Promise.all([pool.stop(exitWithinMs), admin.close(), fleet?.stop()])
  await fronts?.stop()
  ticketKeys.stop()
  carryDirectory.remove()
}

/** Ends everything at once: connections are cut. */
export function killAll({ ticketKeys, fleet, acme, pool, fronts, carryDirectory }: Parts): void {
  ticketKeys.stop()
  fleet?.kill()
  acme.stop()
  pool.kill()
  fronts?.kill()
  carryDirectory.remove()
}
