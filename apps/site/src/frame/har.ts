// HAR, as Chromium's DevTools and Playwright write it: messages in `_webSocketMessages`, without frames and Closes.
import { base64, excerpt } from './bytes.ts'
import { maxFrames } from './conversation.ts'
import { handshakeOf, head } from './handshake.ts'
import { arrayOf, isRecord, type Json, numberOf, stringOf } from './json.ts'
import type { Connection, Frame, Result } from './result.ts'

export const isHar = (data: unknown): data is Json =>
  isRecord(data) && isRecord(data.log) && Array.isArray(data.log.entries)

export function readHar(data: Json): Omit<Result, 'kind'> {
  const entries = arrayOf(isRecord(data.log) ? data.log.entries : undefined).filter(isRecord)
  return { connections: entries.filter(isWebSocket).map(connectionOf), notes: [] }
}

function isWebSocket(entry: Json): boolean {
  const request = isRecord(entry.request) ? entry.request : {}
  return (
    entry._resourceType === 'websocket' ||
    Array.isArray(entry._webSocketMessages) ||
    /^wss?:/i.test(stringOf(request.url))
  )
}

function connectionOf(entry: Json): Connection {
  const request = isRecord(entry.request) ? entry.request : {}
  const response = isRecord(entry.response) ? entry.response : {}
  const url = stringOf(request.url)
  const status = numberOf(response.status) ?? 0
  const messages = arrayOf(entry._webSocketMessages).filter(isRecord)
  // Seconds in DevTools, milliseconds in Playwright.
  const times = messages.map(({ time }) => numberOf(time) ?? 0)
  const unit = (times[0] ?? 0) > 1e11 ? 1 : 1000
  const started = Date.parse(stringOf(entry.startedDateTime))
  const begin = Number.isNaN(started) ? (times[0] ?? 0) * unit : started
  const more = messages.length - maxFrames
  return {
    name: url,
    handshake: handshakeOf(
      head(`${stringOf(request.method)} ${pathOf(url)} HTTP/1.1`, fieldsOf(request)),
      status > 0
        ? head(`HTTP/1.1 ${status} ${stringOf(response.statusText)}`.trimEnd(), fieldsOf(response))
        : undefined,
    ),
    frames: messages
      .slice(0, maxFrames)
      .map((message, i) => ({ ...frameOf(message), at: Math.max(0, times[i]! * unit - begin) })),
    moreFrames: Math.max(0, more),
    reports: status > 0 && status !== 101 ? { client: 1006 } : {},
    notes: [
      { what: messages.length > 0 ? 'harNoClose' : 'harNoMessages' },
      ...(more > 0 ? [{ what: 'moreFrames' as const, n: more }] : []),
    ],
  }
}

function pathOf(url: string): string {
  const path = /^wss?:\/\/[^/?#]*([^#]*)/i.exec(url)?.[1] ?? url
  return path.startsWith('/') ? path : `/${path}`
}

function fieldsOf({ headers }: Json): (readonly [string, string])[] {
  return arrayOf(headers)
    .filter(isRecord)
    .map(({ name, value }) => [stringOf(name), stringOf(value)] as const)
    .filter(([name]) => name !== '' && !name.startsWith(':'))
}

function frameOf(message: Json): Frame {
  const opcode = numberOf(message.opcode) ?? 1
  const data = stringOf(message.data)
  const bytes = opcode === 1 ? undefined : base64(data)
  const payload = bytes ? excerpt(bytes, 'hex') : excerpt(new TextEncoder().encode(data), 'text')
  return {
    from: message.type === 'send' ? 'client' : 'server',
    opcode,
    length: payload.bytes,
    payload,
    faults: [],
  }
}
