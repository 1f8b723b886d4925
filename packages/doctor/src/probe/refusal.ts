// Why a handshake was not answered with 101: what the answer says, and what further questions bring out.
import { type Finding, finding } from '../findings.ts'
import { alike } from './alike.ts'
import type { HttpAnswer } from './answer.ts'
import { isSilence, words } from './connect.ts'
import type { Prober, Reply } from './prober.ts'
import { explainRedirect } from './redirect.ts'
import { headerOf } from './request.ts'
import { kibibytes, seconds } from './seconds.ts'
import { speaksTls } from './tls-instead.ts'

const where = { layer: 'upgrade' } as const

/** Subprotocols that servers insist on, to find out whether one of them is all that a handshake lacks. */
const wellKnown = [
  'graphql-transport-ws',
  'graphql-ws',
  'mqtt',
  'v12.stomp',
  'wamp.2.json',
  'actioncable-v1-json',
  'ocpp1.6',
  'ocpp2.0.1',
  'sip',
  'xmpp',
]

/** Says why there is no 101. It may ask the endpoint in up to five other ways. */
export async function explainRefusal(answer: Reply['answer'], prober: Prober): Promise<Finding> {
  switch (answer.is) {
    case 'unreachable':
      if (isSilence(answer.code)) return noAnswer(prober)
      return finding('upgrade-cut', { words: words(answer.code) }, where)
    case 'silence':
      return noAnswer(prober)
    case 'cut':
      return (
        (await speaksTls(prober)) ??
        (await headersTooLarge(answer, prober)) ??
        finding('upgrade-cut', { words: answer.code ? words(answer.code) : 'connection closed' }, where)
      )
    case 'not-http':
      return (
        (await speaksTls(prober)) ??
        finding('upgrade-not-http', { port: prober.target.endpoint.port, sample: answer.sample }, where)
      )
    case 'answer':
      return explainStatus(answer, prober)
  }
}

function noAnswer({ target, timeout }: Prober): Finding {
  return finding('upgrade-no-answer', { port: target.endpoint.port, after: seconds(timeout) }, where)
}

async function explainStatus(answer: HttpAnswer, prober: Prober): Promise<Finding> {
  const { status } = answer
  const by = signature(answer)
  const { target } = prober.target.endpoint
  if (status < 300) return finding('upgrade-ignored', { status, by }, where)
  if (status < 400) return explainRedirect(answer, prober.target.endpoint)
  switch (status) {
    case 404:
    case 410:
      return finding('path-not-found', { status, target, by }, where)
    case 407:
      return finding('unauthorized', { status, by }, where)
    case 408:
      return finding('upgrade-no-answer', { port: prober.target.endpoint.port, after: 'status 408' }, where)
    case 429:
      return finding('too-many-requests', { status, by, retry: retryOf(answer) }, where)
    case 502:
      return finding('backend-unreachable', { status, by }, where)
    case 503:
      return finding('backend-unavailable', { status, by, retry: retryOf(answer) }, where)
    case 504:
      return finding('backend-timeout', { status, by }, where)
    case 505:
      return finding('upgrade-as-http10', { status, by }, where)
  }
  return status < 500 ? explainClientError(answer, prober) : explainServerError(answer)
}

/** Cloudflare has statuses of its own for what it sees of the origin. */
function explainServerError(answer: HttpAnswer): Finding {
  const { status } = answer
  const by = signature(answer)
  if (status === 522 || status === 524) return finding('backend-timeout', { status, by }, where)
  if (status > 520 && status < 531) return finding('backend-unreachable', { status, by }, where)
  return finding('server-error', { status, by }, where)
}

/** 400, 401, 403, 426 and the like: several faults look the same, so each is put to the test. */
async function explainClientError(answer: HttpAnswer, prober: Prober): Promise<Finding> {
  const { status } = answer
  const by = signature(answer)
  const found =
    versionRefused(answer) ??
    wantsHttp11(answer) ??
    (await plainTextToTls(answer, prober)) ??
    (await headersTooLarge(answer, prober)) ??
    (await originMatters(answer, prober))
  if (found) return found
  if (status === 401) return finding('unauthorized', { status, by }, where)
  if (status === 403) return finding('forbidden', { status, by }, where)
  const wanted = await subprotocolMatters(answer, prober)
  if (wanted) return wanted
  const plain = await prober.attempt({ upgrade: false })
  if (plain.answer.is === 'answer' && alike(answer, plain.answer)) {
    return finding('upgrade-lost', { status, by }, where)
  }
  return finding('upgrade-refused', { status, by, words: firstLine(answer) }, where)
}

/** RFC 6455 4.4: a server names the versions that it knows. */
function versionRefused(answer: HttpAnswer): Finding | undefined {
  const versions = headerOf(answer.headers, 'sec-websocket-version')
  if (versions === undefined || /\b13\b/.test(versions)) return undefined
  return finding('version-refused', { versions }, where)
}

/** This check speaks HTTP/1.1, so a server that asks for it is spoken to by somebody in between. */
function wantsHttp11(answer: HttpAnswer): Finding | undefined {
  const { status, body } = answer
  if (!/\bHTTP\/?1\.[01]\b|\bHTTP version\b/i.test(body)) return undefined
  return finding('upgrade-as-http10', { status, by: signature(answer) }, where)
}

/** nginx, Apache and Go say in words that they expected TLS. */
async function plainTextToTls({ body }: HttpAnswer, prober: Prober): Promise<Finding | undefined> {
  return /\b(https|ssl|tls)\b/i.test(body) ? speaksTls(prober) : undefined
}

/** What servers answer to headers larger than they take; undefined for all other answers. */
export function tooLarge(answer: Reply['answer']): string | undefined {
  if (answer.is === 'cut') return 'the connection is cut'
  if (answer.is !== 'answer') return undefined
  return [400, 413, 431, 494, 502].includes(answer.status) ? `status ${answer.status}` : undefined
}

/** Headers of a normal size are never what is too large, so without large ones nothing is asked. */
async function headersTooLarge(answer: Reply['answer'], prober: Prober): Promise<Finding | undefined> {
  const status = tooLarge(answer)
  const size = prober.wishes.headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  const certain = answer.is === 'answer' && [431, 494].includes(answer.status)
  if (!status || (size < 512 && !certain)) return undefined
  if (!certain && !(await prober.attempt({ userHeaders: false })).accepted) return undefined
  return finding('headers-too-large', { answer: status, size: kibibytes(size) }, where)
}

/** RFC 6455 4.2.2 wants 403 for an unacceptable Origin; libraries answer 400 and 401, too. */
async function originMatters({ status }: HttpAnswer, prober: Prober): Promise<Finding | undefined> {
  if (![400, 401, 403].includes(status)) return undefined
  const own = prober.target.endpoint.origin
  const sent = headerOf(prober.wishes.headers, 'origin')
  if (sent === undefined) {
    if (!(await prober.attempt({ origin: own })).accepted) return undefined
    return finding('origin-missing', { status, origin: own }, where)
  }
  const good =
    (await prober.attempt({ origin: null })).accepted || (await prober.attempt({ origin: own })).accepted
  return good ? finding('origin-refused', { status, origin: sent }, where) : undefined
}

async function subprotocolMatters(answer: HttpAnswer, prober: Prober): Promise<Finding | undefined> {
  const { status } = answer
  const offered = prober.wishes.protocols
  if (offered.length > 0) {
    if (!(await prober.attempt({ protocols: [] })).accepted) return undefined
    return finding('subprotocol-refused', { status, offered: offered.join(', ') }, where)
  }
  const known = await prober.attempt({ protocols: wellKnown })
  if (known.accepted && known.protocol) {
    return finding('subprotocol-wanted', { protocol: known.protocol, words: `status ${status}` }, where)
  }
  return mentionsSubprotocol(answer.body) ? wantsSubprotocol(firstLine(answer)) : undefined
}

/** Whether a text of the server speaks of subprotocols. */
export function mentionsSubprotocol(text: string): boolean {
  return /sub-?protocols?|sec-websocket-protocol/i.test(text)
}

/** A server that wants a subprotocol whose name has to be looked up. */
export function wantsSubprotocol(words: string, layer: 'upgrade' | 'ping' = 'upgrade'): Finding {
  return finding('subprotocol-wanted', { protocol: 'NAME', words }, { layer })
}

/** Who says that it has answered. */
export function signature({ headers }: HttpAnswer): string {
  return printable(headerOf(headers, 'server') ?? headerOf(headers, 'via') ?? 'unnamed', 60)
}

function retryOf({ headers }: HttpAnswer): string {
  return printable(headerOf(headers, 'retry-after') ?? 'none', 60)
}

/** The first words of a body, without tags. */
function firstLine({ body }: HttpAnswer): string {
  return printable(withoutTags(body).trim().split(/\r?\n/)[0] ?? '', 120) || 'no words'
}

/** A page's text; of tags, styles and scripts that do not end the beginnings stay. */
function withoutTags(page: string): string {
  // ASCII only: other letters may change their length.
  const lower = page.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  const missing = new Set<string>()
  const endOf = (text: string, from: number): number => {
    const found = missing.has(text) ? -1 : lower.indexOf(text, from)
    if (found < 0) missing.add(text)
    return found < 0 ? -1 : found + text.length
  }
  let text = ''
  let at = 0
  for (let open = lower.indexOf('<'); open >= 0; open = lower.indexOf('<', at)) {
    const name = /^<(style|script)\b/.exec(lower.slice(open, open + 8))?.[1]
    const whole = name ? endOf(`</${name}>`, open) : -1
    const end = whole < 0 ? endOf('>', open) : whole
    if (end < 0) break
    text += `${page.slice(at, open)} `
    at = end
  }
  return text + page.slice(at)
}

/** Text from elsewhere as one short line. */
export function printable(text: string, most: number): string {
  const line = text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim()
  return line.length > most ? `${line.slice(0, most - 1).trimEnd()}…` : line
}
