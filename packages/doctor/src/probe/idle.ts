import { type Finding, finding } from '../findings.ts'
import { closeWords } from './closed.ts'
import { withLimit } from './limit.ts'
import { brokenFrames } from './ping.ts'
import type { Prober } from './prober.ts'
import { seconds } from './seconds.ts'
import type { Session, SessionEvent } from './session.ts'

const where = { layer: 'idle' } as const

/** Leaves a new WebSocket alone for a while, and looks whether it still lives. */
export async function idle(prober: Prober, ms: number, pongs: boolean): Promise<Finding> {
  const session = await prober.open()
  if (typeof session === 'string') return finding('second-connection', { words: session }, where)
  const begin = performance.now()
  const ended = await withLimit(ms, prober.signal, (limit) => untilEnd(session, limit))
  const found = ended
    ? explainEnd(ended, seconds(performance.now() - begin))
    : await stillThere(session, prober, ms, pongs)
  await session.leave(prober.signal)
  return found
}

type End = Exclude<SessionEvent, { is: 'pong' | 'message' }>

async function untilEnd(session: Session, limit: AbortSignal): Promise<End | undefined> {
  for (;;) {
    const event = await session.next(limit)
    if (event?.is !== 'message' && event?.is !== 'pong') return event
  }
}

function explainEnd(end: End, after: string): Finding {
  if (end.is === 'broken') return brokenFrames(end.words, 'idle')
  if (end.is === 'lost') return finding('idle-cut', { after }, where)
  return finding('idle-closed', { after, code: end.code ?? 'none', words: closeWords(end) }, where)
}

/** An open socket is no proof: a Ping tells whether there is still somebody at its end. */
async function stillThere(session: Session, prober: Prober, ms: number, pongs: boolean): Promise<Finding> {
  const idle = seconds(ms)
  const good = finding('idle-survived', { idle, pings: session.pings }, where)
  if (!pongs) return good
  session.ping(Buffer.from('still there?'))
  return prober.limited(async (limit) => {
    for (;;) {
      const event = await session.next(limit)
      if (event === undefined) return finding('idle-dead', { idle }, where)
      if (event.is === 'pong') return good
      if (event.is !== 'message') return explainEnd(event, idle)
    }
  })
}
