// `holdfast check --hold URL`: the opening of one connection, and what it means for `hold`.
import { type HoldProposal, type Opening, proposeHold, recordOpening } from '@holdfast/gateway'
import type { CheckFlags } from './check-flags.ts'
import { readDuration } from './duration-argument.ts'
import { sheetOf } from './layout.ts'
import { Failure, type Io, printable, printJson } from './output.ts'
import { wrap } from './wrap.ts'

/** Characters of a message that are shown. */
const shown = 60

/** Waits for one client, hands it on to the server, and says how its route should hold it. It restarts nothing. */
export async function checkHold(url: string, flags: CheckFlags, io: Io): Promise<void> {
  const connectTimeoutMs = flags.timeout === undefined ? 60_000 : readDuration('--timeout', flags.timeout)
  const quiet = flags.idle === undefined ? 2000 : readDuration('--idle', flags.idle)
  const interrupted = new AbortController()
  const interrupt = () => interrupted.abort()
  process.once('SIGINT', interrupt)
  let opening: Opening
  try {
    opening = await recordOpening({
      url,
      connectTimeoutMs,
      quietMs: quiet,
      maxDurationMs: Math.max(10_000, quiet),
      signal: interrupted.signal,
      onListening: (at) => (flags.json ? io.stderr : io.stdout).write(invitation(at, url, connectTimeoutMs)),
    })
  } catch (error) {
    const { code = 'failed', message } = error as Error & { code?: string }
    throw new Failure(code === 'bad_url' ? 2 : 1, message, code)
  } finally {
    process.off('SIGINT', interrupt)
  }
  const proposal = proposeHold(opening)
  if (flags.json) printJson(io, { url, ...opening, proposal })
  else io.stdout.write(page(opening, proposal, io))
}

function invitation(at: string, url: string, connectTimeoutMs: number): string {
  return (
    `connect one client to ${at} within ${connectTimeoutMs / 1000} s, in place of ${printable(url)}\n` +
    'its opening is written down until it pauses; nothing is restarted\n\n'
  )
}

function page({ said, protocol }: Opening, proposal: HoldProposal, io: Io): string {
  const sheet = sheetOf(io)
  const lines = said.slice(0, 40).map(({ from, at, message }) => {
    const who = from === 'client' ? 'client' : 'server'
    const size = Buffer.byteLength(message.data)
    const text = message.type === 'text' ? message.data : message.data.toString('hex')
    const cut = text.length > shown ? `${text.slice(0, shown)}…` : text
    return `${String(Math.round(at)).padStart(6)} ms  ${who}  ${message.type}, ${size} B  ${printable(cut)}\n`
  })
  if (said.length > lines.length) lines.push(`           and ${said.length - lines.length} more\n`)
  if (protocol) lines.unshift(`   subprotocol ${printable(protocol)}\n`)
  const words = wordsFor(proposal).flatMap((paragraph) => [...wrap(paragraph, sheet.width), ''])
  const yaml = proposal.hold === undefined ? '' : `${sheet.paint('green', `    hold: ${proposal.hold}`)}\n\n`
  return `${lines.join('')}\n${words.join('\n')}\n${yaml}See docs/applications.md.\n`
}

function wordsFor({ by, protocol, replay, messages, answered, later, echoed }: HoldProposal): string[] {
  const more =
    later > 0
      ? [
          `Later the client said ${later} more. If any of that sets something up, such as another room, it is not said again: then write a module, or let the server restore the session.`,
        ]
      : []
  switch (by) {
    case 'recognised':
      return [`This is ${protocol}: its module (${replay}) sets it up again behind a restart.`]
    case 'never':
      return [
        `This is ${protocol}, which cannot be set up again by a gateway and is never held. Leave hold out: its client comes back by itself.`,
      ]
    case 'silent':
      return [
        'The client said nothing: all that the server knows of it is in its handshake, which is repeated. If the server keeps nothing else for a connection, say state: none; if it does, let it restore that and say Holdfast-Restored: 1.',
      ]
    case 'module':
      return [
        echoed === undefined
          ? `The client said ${messages} messages without a pause: that is no opening which can be said again.`
          : `The client said back what the server had made up for this connection (${printable(echoed.slice(0, shown))}): the next server will say something else, so that its first messages cannot be said again.`,
        'Let the server restore the session and say Holdfast-Restored: 1, write a module (docs/replay.md), or leave hold out.',
      ]
    case 'first':
      return [
        `The client sets itself up with its first ${messages === 1 ? 'message' : `${messages} messages`}, and these can be said again${answered > 0 ? '; where the client waited for the server, so will the gateway' : ''}:`,
        ...more,
      ]
  }
}
