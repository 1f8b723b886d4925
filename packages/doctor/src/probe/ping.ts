import { randomBytes } from 'node:crypto'
import { type Finding, finding, type Layer } from '../findings.ts'
import { closedAtOnce } from './closed.ts'
import type { Prober } from './prober.ts'
import { seconds } from './seconds.ts'
import type { Session } from './session.ts'

/** Sends a Ping and waits for its Pong. */
export async function ping(session: Session, prober: Prober): Promise<Finding> {
  const where = { layer: 'ping' } as const
  const payload = randomBytes(8)
  const begin = performance.now()
  session.ping(payload)
  let strange = false
  return prober.limited(async (limit) => {
    for (;;) {
      const event = await session.next(limit)
      switch (event?.is) {
        case undefined: {
          const after = seconds(prober.timeout)
          return strange ? finding('pong-wrong', { after }, where) : finding('pong-missing', { after }, where)
        }
        case 'pong':
          // RFC 6455 5.5.3: a Pong "must have identical "Application data""; others may come unasked.
          if (event.payload.equals(payload)) return finding('pong-came', {}, where)
          strange = true
          break
        case 'close':
          return closedAtOnce(event, performance.now() - begin)
        case 'lost':
          return finding('lost-after-upgrade', { after: seconds(performance.now() - begin) }, where)
        case 'broken':
          return brokenFrames(event.words, 'ping')
      }
    }
  })
}

export function brokenFrames(words: string, layer: Layer): Finding {
  return finding('frames-broken', { words }, { layer })
}
