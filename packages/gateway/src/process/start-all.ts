// How a gateway starts: what is bound, and who is started, in which order; and what is undone when something of it fails.
import { warnOfLowLimit } from '../core/index.ts'
import { killAll } from './end-all.ts'
import { relayAddress } from './other-nodes.ts'
import type { Parts } from './parts.ts'

/**
 * Binds the listeners and the admin port and starts the workers. Resolves when all listeners accept, or to false: it was drained before it
 * began.
 *
 * @throws {GatewayError} 'cannot_listen' or 'worker_failed': what was bound is released again.
 */
export async function startAll(parts: Parts): Promise<boolean> {
  const { options, listening, admin, pool, fronts, acme, fleet, log } = parts
  const opened = await listening.open(options.listen)
  await parts.prepare()
  warnOfLowLimit(options, parts.size, log)
  try {
    if (options.fleet?.listen) await listening.openRelay(await relayAddress(options.fleet))
    await admin.start(options)
    // A signal may have ended it before it began: nothing would close what is opened now, nor end who is started.
    if (parts.phase === 'starting') await fronts?.start()
    if (parts.phase !== 'starting') {
      opened.discard()
      listening.closeRelay()
      return false
    }
    await opened.keep([])
    await pool.start()
    // Or meanwhile.
    if (parts.phase === 'starting') {
      parts.phase = 'serving'
      acme.start()
    }
    fleet?.start()
    return true
  } catch (error) {
    opened.discard()
    listening.closeRelay()
    await admin.close()
    killAll(parts)
    throw error
  }
}
