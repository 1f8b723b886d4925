import { code } from '@holdfast/close-codes'
import { type Finding, finding } from '../findings.ts'
import { closeWords } from './closed.ts'
import { brokenFrames } from './ping.ts'
import type { Prober } from './prober.ts'
import { kibibytes, seconds } from './seconds.ts'
import type { Session, SessionEvent } from './session.ts'

const where = { layer: 'large-message' } as const

/** A common limit, and a bit over it: the first needs the longest form of a frame's header (RFC 6455 5.2). */
const sizes = [64 * 1024, 65 * 1024] as const
const small = 64

/** Sends messages of 64 KiB and a bit over, each with a Ping behind it, whose Pong proves that it was read. */
export async function largeMessage(prober: Prober): Promise<Finding> {
  const session = await prober.open()
  if (typeof session === 'string') return finding('second-connection', { words: session }, where)
  let passed = 0
  for (const size of sizes) {
    const event = await send(session, size, prober)
    if (event?.is !== 'pong') {
      session.destroy()
      return explain(event, size, passed, prober)
    }
    passed = size
  }
  await session.leave(prober.signal)
  return finding('large-message-passed', { size: kibibytes(passed) }, where)
}

/** What a message leads to: the Pong behind it, or the end. */
function send(session: Session, size: number, prober: Prober): Promise<SessionEvent | undefined> {
  session.text(Buffer.alloc(size, 'x'))
  session.ping(Buffer.from(`${size}`))
  return prober.limited(async (limit) => {
    for (;;) {
      const event = await session.next(limit)
      if (event?.is !== 'message') return event
    }
  })
}

async function explain(
  event: SessionEvent | undefined,
  bytes: number,
  passedBytes: number,
  prober: Prober,
): Promise<Finding> {
  const size = kibibytes(bytes)
  if (event?.is === 'broken') return brokenFrames(event.words, 'large-message')
  if (event?.is === 'close' && event.code === code.messageTooBig) {
    const passed = passedBytes > 0 ? kibibytes(passedBytes) : 'none'
    return finding('message-too-big', { size, passed, words: closeWords(event) }, where)
  }
  // A server may well dislike what it is sent: then it does so whatever the size.
  if (event && (await endsSmallOnes(prober))) {
    const words = event.is === 'close' ? closeWords(event) : 'the end of the connection'
    return finding('large-message-disliked', { words }, where)
  }
  if (event?.is === 'close') return finding('large-message-closed', { size, words: closeWords(event) }, where)
  if (event) return finding('large-message-cut', { size }, where)
  return finding('large-message-stuck', { size, after: seconds(prober.timeout) }, where)
}

async function endsSmallOnes(prober: Prober): Promise<boolean> {
  const session = await prober.open()
  if (typeof session === 'string') return false
  const event = await send(session, small, prober)
  await session.leave(prober.signal)
  return event?.is === 'close' || event?.is === 'lost'
}
