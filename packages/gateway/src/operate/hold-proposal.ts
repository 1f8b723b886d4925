// From the opening of a connection to what its route should say about `hold`. Pure; `holdfast check --hold` shows it.
import { protocolOf, protocolOfMessage } from '../hold/replay/index.ts'
import type { Opening, OpeningMessage } from './record-opening.ts'

/** What `hold` is to say, and why. */
export interface HoldProposal {
  /**
   * recognised: `hold: {}` is enough; never: such clients are not held whatever `hold` says; first: the client's first
   * `messages` set its session up; module: they cannot simply be said again; silent: the client says nothing.
   */
  by: 'recognised' | 'never' | 'first' | 'module' | 'silent'
  /** The protocol that was recognised, as docs/applications.md names it. */
  protocol?: string
  /** Name of the replay module of that protocol. */
  replay?: string
  /** How many messages of the client belong to its opening. */
  messages: number
  /** How many of these the client said and then waited for the server's word, as the gateway will when it says them again. */
  answered: number
  /** How many messages the client went on to say, behind its opening. */
  later: number
  /** A part of what the server had said, which the client then said back: it will be another one the next time. */
  echoed?: string
  /** The `hold` to write, as YAML; absent where none is right. */
  hold?: string
}

/** Milliseconds after which a message of the client does not belong to the opening any more. */
const gap = 700
/** More messages than that are no opening. */
const maxMessages = 20

/** What to write for an application whose connections begin like that. */
export function proposeHold({ target, protocol, said }: Opening): HoldProposal {
  const opening = openingOf(said)
  const messages = opening.filter(({ from }) => from === 'client').length
  const later = said.filter(({ from }) => from === 'client').length - messages
  const counts = { messages, answered: answeredIn(opening), later }
  const row = protocolOf(target, protocol) ?? firstRecognised(said)
  if (row) {
    const { name, replay } = row
    if (replay === undefined) return { by: 'never', protocol: name, ...counts }
    return { by: 'recognised', protocol: name, replay, hold: '{}', ...counts }
  }
  if (messages === 0) return { by: 'silent', ...counts }
  const echoed = echoIn(opening)
  if (echoed !== undefined) return { by: 'module', echoed, ...counts }
  if (messages > maxMessages) return { by: 'module', ...counts }
  return { by: 'first', hold: `{ replay: { first: ${messages} } }`, ...counts }
}

function firstRecognised(said: readonly OpeningMessage[]) {
  for (const from of ['client', 'upstream'] as const) {
    const first = said.find((one) => one.from === from)
    const row = first && protocolOfMessage(from, first.message)
    if (row) return row
  }
  return undefined
}

/** What was said until the client first paused. */
function openingOf(said: readonly OpeningMessage[]): readonly OpeningMessage[] {
  let last = 0
  const end = said.findIndex(({ from, at }) => {
    if (from !== 'client') return false
    if (at - last > gap) return true
    last = at
    return false
  })
  return end < 0 ? said : said.slice(0, end)
}

function answeredIn(opening: readonly OpeningMessage[]): number {
  const last = opening.findLastIndex(({ from }) => from === 'client')
  return opening.filter(
    ({ from }, index) => index < last && from === 'client' && opening[index + 1]!.from === 'upstream',
  ).length
}

/** What looks as if it was made up for this connection: a challenge, a nonce, a token. */
const madeUp = /[\w+/=-]{12,}/g

function echoIn(opening: readonly OpeningMessage[]): string | undefined {
  const heard = new Set<string>()
  for (const { from, message } of opening) {
    if (message.type !== 'text') continue
    const words = message.data.match(madeUp) ?? []
    if (from === 'upstream') for (const word of words) heard.add(word)
    else {
      const echoed = words.find((word) => /\d/.test(word) && heard.has(word))
      if (echoed !== undefined) return echoed
    }
  }
  return undefined
}
