import { code } from '@holdfast/close-codes'
import { type Finding, finding } from '../findings.ts'
import { brokenFrames } from './ping.ts'
import type { Prober } from './prober.ts'
import { seconds } from './seconds.ts'
import type { Session } from './session.ts'

const where = { layer: 'close' } as const

/** What a browser says that leaves a page; seldom sent by servers of their own accord in answer to another code. */
const sent = code.goingAway

/** Closes a WebSocket with a code, and looks whether the code comes back. */
export async function close(session: Session, prober: Prober): Promise<Finding> {
  session.close(sent, 'holdfast check')
  const found = await prober.limited(async (limit) => {
    for (;;) {
      const event = await session.next(limit)
      switch (event?.is) {
        case undefined:
          return finding('close-unanswered', { sent, after: seconds(prober.timeout) }, where)
        case 'close':
          return echo(event.code)
        case 'lost':
          return finding('close-cut', {}, where)
        case 'broken':
          return brokenFrames(event.words, 'close')
      }
    }
  })
  session.destroy()
  return found
}

/** RFC 6455 5.5.1: "the endpoint typically echos the status code it received". */
function echo(got: number | undefined): Finding {
  if (got === undefined) return finding('close-code-dropped', { sent }, where)
  return got === sent
    ? finding('close-echoed', { sent }, where)
    : finding('close-code-changed', { sent, got }, where)
}
