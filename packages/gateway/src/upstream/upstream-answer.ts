// In: the head of an upstream's answer. Out: what it agreed to, or what is wrong with it. Pure. Next: dial.ts.
import { maxRetry } from '@holdfast/close-codes'
import type { UnixMs } from '../core/index.ts'
import {
  acceptKey,
  endToEnd,
  extensionProblem,
  type Fields,
  type HeaderList,
  trimBlanks,
  type UpgradeRequest,
} from '../http/index.ts'

/** What an upstream agreed to with its 101. */
export interface Agreement {
  protocol?: string
  extensions?: string
  /**
   * Whether it says that it has restored the session that the handshake names. An upstream that answers this at all
   * restores sessions; one that does not may say so only with `Holdfast-Reattach`, and then only yes.
   */
  restored?: boolean
  /** Its other end-to-end headers, such as Set-Cookie. */
  headers: HeaderList
}

export type AnswerResult = ({ ok: true } & Agreement) | { ok: false; words: string; agreement?: true }

/** What concerns the handshake alone, or is said to the gateway and not to the client. */
const ofHandshake = /^(?:content-length|sec-websocket-(?:accept|protocol|extensions|version)|holdfast-.*)$/i

/** In an upstream's 101 to a handshake with `Holdfast-Session`: 1 when it has restored the client's session, else 0. */
const restoredHeader = 'holdfast-restored'

/** Checks the headers of a 101 as RFC 6455 4.1 asks of a client. */
export function readSwitch(fields: Fields, request: UpgradeRequest): AnswerResult {
  const wrong = (words: string) => ({ ok: false as const, words })
  // "If the response lacks an |Upgrade| header field or the |Upgrade| header field contains a value that is not an
  // ASCII case-insensitive match for the value "websocket", the client MUST _Fail the WebSocket Connection_."
  const upgrade = fields.tokens('upgrade')
  if (upgrade.length !== 1 || upgrade[0] !== 'websocket') return wrong('wrong Upgrade header')
  // "If the response lacks a |Connection| header field or the |Connection| header field doesn't contain a token that
  // is an ASCII case-insensitive match for the value "Upgrade", the client MUST _Fail the WebSocket Connection_."
  if (!fields.tokens('connection').includes('upgrade')) return wrong('wrong Connection header')
  // "If the response lacks a |Sec-WebSocket-Accept| header field or the |Sec-WebSocket-Accept| contains a value other
  // than the base64-encoded SHA-1 of the concatenation of the |Sec-WebSocket-Key| (as a string, not base64-decoded)
  // with the string "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" but ignoring any leading and trailing whitespace, the
  // client MUST _Fail the WebSocket Connection_."
  const accepts = fields.values('sec-websocket-accept')
  if (accepts.length !== 1 || trimBlanks(accepts[0]!) !== acceptKey(request.key)) {
    return wrong('wrong Sec-WebSocket-Accept')
  }
  const extensions = fields.values('sec-websocket-extensions').join(', ')
  const problem = extensionProblem(extensions, request.extensions)
  if (problem) return { ...wrong(problem), agreement: true }
  // "If the response includes a |Sec-WebSocket-Protocol| header field and this header field indicates the use of a
  // subprotocol that was not present in the client's handshake (the server has indicated a subprotocol not requested
  // by the client), the client MUST _Fail the WebSocket Connection_."
  // RFC 6455 11.3.4: it "MUST NOT appear more than once in an HTTP response".
  const [protocol, ...more] = fields.values('sec-websocket-protocol')
  if (more.length > 0) return wrong('more than one subprotocol')
  if (protocol !== undefined && !request.protocols.includes(protocol))
    return { ...wrong('subprotocol never offered'), agreement: true }
  return {
    ok: true,
    ...(protocol !== undefined && { protocol }),
    ...(extensions !== '' && { extensions }),
    ...restoredIn(fields),
    headers: endToEnd(fields.list).filter(([name]) => !ofHandshake.test(name)),
  }
}

function restoredIn(fields: Fields): Pick<Agreement, 'restored'> {
  const said = fields.values(restoredHeader)
  return said.length > 0 ? { restored: said.every((value) => trimBlanks(value) === '1') } : {}
}

/**
 * Milliseconds of a Retry-After, which is a number of seconds or a date (RFC 9110 10.2.3); undefined when it is
 * neither. At most a day: a longer one is treated as a mistake.
 */
export function retryAfter(value: string | undefined, now: UnixMs): number | undefined {
  const text = trimBlanks(value ?? '')
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseHttpDate(text) - now
  return Number.isNaN(ms) ? undefined : Math.min(maxRetry, Math.max(0, ms))
}

/** The three forms of RFC 9110 5.6.7; the last, asctime, means GMT without saying so. */
function parseHttpDate(text: string): number {
  if (/^[A-Z][a-z]+, .* GMT$/.test(text)) return Date.parse(text)
  return /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}$/.test(text)
    ? Date.parse(`${text} GMT`)
    : Number.NaN
}
