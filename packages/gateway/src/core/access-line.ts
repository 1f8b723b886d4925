// One line of the access log: what is known of a connection at its end, or of a request that became none. Pure.
import type { UnixMs } from './clock.ts'
import { maskProtocol, maskTarget } from './mask.ts'
import type { ClosedBy, Traffic } from './snapshot.ts'

/** A handshake, or a request, as it came. Plain data: it goes with a connection from one process to another. */
export interface Asked {
  /** Unix milliseconds of its arrival. */
  at: UnixMs
  method: string
  /** Origin-form target with its query, as received. */
  target: string
  /** Version of HTTP. */
  http: string
  /** The Host field or :authority. */
  host: string
  userAgent?: string
  referer?: string
  origin?: string
  /** Milliseconds until the route's limits had let it in. */
  admitMs?: number
  /** Milliseconds from there to the answer of the authentication service, on a route that has one. */
  authMs?: number
  /** Milliseconds from there to the answer of an upstream, the wait for one included. */
  upstreamMs?: number
}

/** What a line says. */
export interface AccessEntry {
  kind: 'websocket' | 'http'
  /** Unix milliseconds of its end. */
  at: UnixMs
  /** Absent where nothing was asked that could be read, or nobody wrote it down. */
  asked?: Asked
  /** The client's address. */
  address: string
  /** HTTP status that the client got; 499: it left before. */
  status: number
  /** Id of a connection. */
  id?: string
  route?: string
  /** The upstream that it had last. */
  upstream?: string
  protocol?: string
  /** How it ended; 1006: no Close was said. */
  close?: { code: number; reason: string; by: ClosedBy }
  traffic?: Traffic
  /** Bytes of a plain answer, its head included. */
  bytes?: number
  /** How many times it went on with another upstream. */
  reattached?: number
  /** Milliseconds from its 101 to its Close, and from there to its end. */
  openMs?: number
  closeMs?: number
}

export type AccessFormat = 'json' | 'combined'

/**
 * Characters of each text at most, once it is escaped. All of a line is less than 4096 bytes: POSIX writes that many to a
 * pipe in one piece, so that lines of several workers do not mix.
 */
const most = { target: 1280, referer: 384, userAgent: 320, reason: 300, host: 200, name: 256, short: 100 }

/** The line, with its line feed. `names`: the parameters of queries that are masked. */
export function accessLine(entry: AccessEntry, format: AccessFormat, names: ReadonlySet<string>): string {
  return format === 'json' ? jsonLine(entry, names) : combinedLine(entry, names)
}

function jsonLine(entry: AccessEntry, names: ReadonlySet<string>): string {
  const { asked, close, traffic, protocol } = entry
  const text = (value: string | undefined, limit: number) =>
    value === undefined ? undefined : `"${escaped(value, limit, jsonEscape)}"`
  const masked = (value: string | undefined) => value && maskTarget(value, names)
  const fields: Record<string, string | number | undefined> = {
    time: `"${new Date(entry.at).toISOString()}"`,
    kind: `"${entry.kind}"`,
    id: text(entry.id, most.short),
    address: text(entry.address, most.short),
    method: text(asked?.method, most.short),
    host: text(asked?.host, most.host),
    target: text(masked(asked?.target), most.target),
    http: text(asked?.http, most.short),
    status: entry.status,
    code: close?.code,
    reason: text(close?.reason, most.reason),
    by: close && `"${close.by}"`,
    route: text(entry.route, most.short),
    upstream: text(entry.upstream, most.name),
    protocol: text(protocol && maskProtocol(protocol, names), most.short),
    reattached: entry.reattached || undefined,
    messages: traffic && JSON.stringify(traffic.messages),
    bytes: JSON.stringify(
      traffic?.bytes ?? (entry.bytes === undefined ? undefined : { 'to-client': entry.bytes }),
    ),
    ms: JSON.stringify(stages(entry)),
    userAgent: text(asked?.userAgent, most.userAgent),
    referer: text(masked(asked?.referer), most.referer),
    origin: text(asked?.origin, most.host),
  }
  const parts = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [`"${key}":${value}`],
  )
  return `{${parts.join()}}\n`
}

/** Milliseconds of each stage that there was. */
function stages({ at, asked, openMs, closeMs }: AccessEntry): Record<string, number> | undefined {
  const all = {
    admit: asked?.admitMs,
    auth: asked?.authMs,
    upstream: asked?.upstreamMs,
    open: openMs,
    close: closeMs,
    total: asked && Math.max(0, at - asked.at),
  }
  const known = Object.entries(all).filter((pair): pair is [string, number] => pair[1] !== undefined)
  if (known.length === 0) return undefined
  return Object.fromEntries(known.map(([stage, ms]) => [stage, Math.round(ms * 10) / 10]))
}

/** That of Apache and nginx, with more fields behind it, which those who read the usual ones pass over. */
function combinedLine(entry: AccessEntry, names: ReadonlySet<string>): string {
  const { asked, close, traffic } = entry
  const text = (value: string | undefined, limit: number) => escaped(value || '-', limit, hexEscape)
  const request = asked
    ? `${text(asked.method, most.short)} ${text(maskTarget(asked.target, names), most.target)} HTTP/${text(asked.http, most.short)}`
    : '-'
  const bytes = traffic?.bytes['to-client'] ?? entry.bytes ?? '-'
  const more: Record<string, string | number | undefined> = {
    route: entry.route && text(entry.route, most.short),
    upstream: entry.upstream && text(entry.upstream, most.name),
    code: close?.code,
    by: close?.by,
    reason: close?.reason && `"${text(close.reason, most.reason)}"`,
    messages: traffic && `${traffic.messages['to-upstream']}/${traffic.messages['to-client']}`,
    received: traffic?.bytes['to-upstream'],
    ...Object.fromEntries(
      Object.entries(stages(entry) ?? {}).map(([stage, value]) => [`${stage}_ms`, value]),
    ),
  }
  const behind = Object.entries(more).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [` ${key}=${value}`],
  )
  const referer = text(asked?.referer && maskTarget(asked.referer, names), most.referer)
  const agent = text(asked?.userAgent, most.userAgent)
  const usual = `${text(entry.address, most.short)} - - [${commonTime(entry.at)}] "${request}" ${entry.status} ${bytes}`
  return `${usual} "${referer}" "${agent}"${behind.join('')}\n`
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `10/Oct/2000:13:55:36 +0000` */
function commonTime(at: UnixMs): string {
  const [date = '', time = ''] = new Date(at).toISOString().split('T')
  const [year, month, day] = date.split('-')
  return `${day}/${months[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`
}

type Escape = (char: string) => string

/** What is not printable ASCII, and what ends a text: nothing that a stranger sends ends a line or steers a terminal. */
function escaped(text: string, limit: number, asEscape: Escape): string {
  const start = text.length > limit ? text.slice(0, limit) : text
  if (start === text && !/[^ -~]|["\\]/.test(text)) return text
  let out = ''
  for (const char of start) {
    const next = /[^ -~]|["\\]/.test(char) ? asEscape(char) : char
    if (out.length + next.length > limit) break
    out += next
  }
  return out
}

const unit = (code: number, digits: number) => code.toString(16).padStart(digits, '0')

const jsonEscape: Escape = (char) =>
  /["\\]/.test(char)
    ? `\\${char}`
    : Array.from({ length: char.length }, (_, i) => `\\u${unit(char.charCodeAt(i), 4)}`).join('')

/** As Apache and nginx write it: each byte, `\\x22`. */
const hexEscape: Escape = (char) =>
  Array.from(
    char.charCodeAt(0) < 256 ? Buffer.from(char, 'latin1') : Buffer.from(char),
    (byte) => `\\x${unit(byte, 2)}`,
  ).join('')
