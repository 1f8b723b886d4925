/** What every reader knows of WebSockets: their headers, the look of their paths, and limits on silence. */

import type { Level } from '../findings.ts'
import { testForeign } from './foreign-expression.ts'

/** Request headers without which a server sees no handshake (RFC 6455 4.2.1), in lower case. */
export const requestHeaders: readonly string[] = [
  'upgrade',
  'connection',
  'sec-websocket-key',
  'sec-websocket-version',
]

/** Headers of the answer without which a client fails the connection (RFC 6455 4.1), in lower case. */
export const answerHeaders: readonly string[] = ['upgrade', 'connection', 'sec-websocket-accept']

const words =
  'wss?|web-?sockets?|sockets?|socket\\.io|sockjs(?:-node)?|engine\\.io|signalr|hubs?|cable|realtime'
const webSocketName = new RegExp(`(?:^|[^a-z0-9])(?:${words})(?:$|[^a-z0-9])`, 'i')

/** Do the words of this path or name say that WebSockets are meant? `/ws`, `chat_websocket`, `/socket.io/`. */
export function looksLikeWebSocket(name: string): boolean {
  return webSocketName.test(name.replaceAll('\\.', '.'))
}

/** Clients of Socket.IO ask for `/socket.io/`, so a match of exactly `/socket.io` never fits. */
export function isSocketIoWithoutSlash(path: string): boolean {
  return /\/(?:socket|engine)\.io$/.test(path)
}

/** The part of a path that names Socket.IO, whose requests must all reach the same server. */
export function isSocketIo(path: string): boolean {
  return /(?:socket|engine)\\?\.io/.test(path)
}

/** What browsers write into the headers of the handshake. */
const sent: Readonly<Record<string, readonly string[]>> = {
  upgrade: ['websocket'],
  // Firefox sends both tokens.
  connection: ['Upgrade', 'keep-alive, Upgrade'],
}

/** What other requests have in these headers. */
const otherwise: readonly string[] = ['', 'keep-alive', 'close', 'h2c', 'TE']

/**
 * Is this a test for WebSockets that misses the handshake of some browser? A test that fits none of them in any
 * capitals, or fits other requests as well, is about something else. Negated, it is as wrong as it is plain.
 */
export function missesHandshakes(
  header: string,
  fits: (value: string, ignoreCase: boolean) => boolean,
): boolean {
  const values = sent[header.toLowerCase()] ?? []
  if (values.every((value) => fits(value, false))) return false
  return values.some((value) => fits(value, true)) && !otherwise.some((value) => fits(value, true))
}

/** Compares a whole value, the way that most programs compare. */
export function equals(wanted: string): (value: string, ignoreCase: boolean) => boolean {
  return (value, ignoreCase) => (ignoreCase ? value.toLowerCase() === wanted.toLowerCase() : value === wanted)
}

/** Is this header, with this value, something that a server takes for no handshake? */
export function breaksHandshake(header: string, value: string): boolean {
  switch (header.toLowerCase()) {
    case 'upgrade':
      return value.trim().toLowerCase() !== 'websocket'
    case 'connection':
      return !value.split(',').some((token) => token.trim().toLowerCase() === 'upgrade')
    case 'sec-websocket-version':
      return value.trim() !== '13'
    default:
      return header.toLowerCase() === 'sec-websocket-key'
  }
}

/** Looks for a regular expression; one that cannot be read fits everything. */
export function matchesPattern(source: string): (value: string, ignoreCase: boolean) => boolean {
  return (value, ignoreCase) => {
    try {
      const insensitive = ignoreCase || source.startsWith('(?i)')
      return testForeign(new RegExp(source.replace(/^\(\?i\)/, ''), insensitive ? 'i' : ''), value)
    } catch {
      return true
    }
  }
}

const minute = 60_000

/**
 * How bad is a limit on silence? Servers and clients that ping do so every 20 to 30 seconds, so 20 seconds cut all of
 * them. A minute, which most proxies take when nothing is written, cuts all that do not ping, and is in more reports
 * than any other limit. Undefined for more.
 */
export function idleLevel(ms: number | undefined): Level | undefined {
  if (ms === undefined || ms <= 0 || ms > minute) return undefined
  return ms < 20_000 ? 'error' : 'warning'
}

/** How bad is a limit on silence that nobody wrote? Those of some minutes are worth a hint: few know of them. */
export function defaultIdleLevel(ms: number): Level {
  return idleLevel(ms) ?? 'hint'
}

/** How bad is a limit on the whole life of a connection? Undefined for an hour and more. */
export function lifetimeLevel(ms: number | undefined): Level | undefined {
  if (ms === undefined || ms <= 0 || ms >= 60 * minute) return undefined
  return ms <= minute ? 'error' : 'warning'
}

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: minute,
  min: minute,
  h: 60 * minute,
  d: 24 * 60 * minute,
  w: 7 * 24 * 60 * minute,
}

/** Milliseconds of `90`, `1m30s`, `1h 30m` or `0.5s`; `unit` is that of a bare number. Undefined if not understood. */
export function duration(text: string, unit: string): number | undefined {
  const part = /(\d+(?:\.\d+)?)\s*([a-zµ]*)\s*/g
  const parts = text.trim().toLowerCase()
  if (parts === '' || parts.replace(part, '') !== '') return undefined
  let total = 0
  for (const [, amount, name] of parts.matchAll(part)) {
    const factor = units[name || unit]
    if (factor === undefined) return undefined
    total += Number(amount) * factor
  }
  return total
}

/** What a proxy that replaces `prefix` by `target`, letter by letter, makes of a path one step below it. */
export function joinedPath(prefix: string, target: string): { example: string; seen: string } {
  const example = `${prefix.replace(/\/$/, '')}/chat`
  return { example, seen: target + example.slice(prefix.length) }
}

/** A path with a slash at its end, or none, as another has. */
export function endLike(other: string, path: string): string {
  const bare = path.replace(/\/$/, '')
  return other.endsWith('/') ? `${bare}/` : bare
}

/** Does replacing `prefix` by `target` double a slash or lose one? */
export function slashMismatch(prefix: string, target: string): boolean {
  return target !== '' && prefix.endsWith('/') !== target.endsWith('/')
}
