// The log of Chromium's network (chrome://net-export, --log-net-log). With "Everything" it has the bytes of each
// socket, those within TLS in the clear; without it has the heads of frames only.
import { base64, concat } from './bytes.ts'
import { converse, maxFrames, type Stream } from './conversation.ts'
import { handshakeOf, parseHead } from './handshake.ts'
import type { Budget } from './inflate.ts'
import { arrayOf, isRecord, type Json, numberOf, stringOf } from './json.ts'
import type { Connection, End, Frame, Result, Sender } from './result.ts'
import { maxConnections } from './tcp.ts'

export const isNetlog = (data: unknown): data is Json =>
  isRecord(data) && isRecord(data.constants) && isRecord(data.constants.logEventTypes)

/** A log whose writer was killed has no end: each event is on a line of its own, and those that are whole count. */
export function mendNetlog(text: string): unknown {
  const last = text.lastIndexOf('},\n')
  if (!/^\s*\{"constants":/.test(text) || last < 0) return undefined
  try {
    return JSON.parse(`${text.slice(0, last)}}]}`)
  } catch {
    return undefined
  }
}

interface Event {
  readonly name: string
  readonly source: number
  readonly time: number | undefined
  readonly order: number
  readonly params: Json
}

interface Source {
  readonly events: Event[]
}

export function readNetlog(data: Json, budget: Budget): Omit<Result, 'kind'> {
  const sources = sourcesOf(data)
  const fromBytes: Connection[] = []
  for (const { events } of sources) {
    const connection = fromSocket(events, budget)
    if (connection) fromBytes.push(connection)
  }
  const seen = new Set(fromBytes.map(({ handshake }) => keyOf(handshake?.request)).filter(Boolean))
  const fromHeads = sources
    .map(({ events }) => fromRequest(events))
    .filter((connection) => connection !== undefined)
    .filter(({ handshake }) => !seen.has(keyOf(handshake?.request)))
  const all = [...fromBytes, ...fromHeads]
  const more = all.length - maxConnections
  return {
    connections: all.slice(0, maxConnections),
    notes: more > 0 ? [{ what: 'tooMany', n: more }] : [],
  }
}

const keyOf = (request: string | undefined) => /^sec-websocket-key:[ \t]*(\S+)/im.exec(request ?? '')?.[1]

/** The events of each source that may be about a WebSocket. */
function sourcesOf({ constants, events }: Json): Source[] {
  const numbers = isRecord(constants) && isRecord(constants.logEventTypes) ? constants.logEventTypes : {}
  const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name]))
  const sources = new Map<number, Source>()
  arrayOf(events).forEach((event, order) => {
    if (!isRecord(event) || !isRecord(event.source)) return
    const name = names.get(event.type)
    const source = numberOf(event.source.id)
    if (name === undefined || source === undefined || !wanted.test(name)) return
    const time = Number(event.time)
    const known = sources.get(source) ?? { events: [] }
    sources.set(source, known)
    known.events.push({
      name,
      source,
      order,
      time: Number.isFinite(time) ? time : undefined,
      params: isRecord(event.params) ? event.params : {},
    })
  })
  return [...sources.values()]
}

const wanted =
  /^(?:(?:SSL_)?SOCKET_BYTES_(?:SENT|RECEIVED)|SOCKET_(?:READ|WRITE)_ERROR|SOCKET_ALIVE|TCP_CONNECT|WEBSOCKET_\w+|HTTP_TRANSACTION_\w+|URL_REQUEST_START_JOB)$/

/** A connection out of the bytes of a socket; those within TLS, where there are some. */
function fromSocket(events: readonly Event[], budget: Budget): Connection | undefined {
  const secure = events.some(({ name }) => name.startsWith('SSL_SOCKET_BYTES'))
  const prefix = secure ? 'SSL_SOCKET_BYTES_' : 'SOCKET_BYTES_'
  const client = streamOf(events.filter(({ name }) => name === `${prefix}SENT`))
  const server = streamOf(events.filter(({ name }) => name === `${prefix}RECEIVED`))
  if (client.bytes.length === 0 && server.bytes.length === 0) return undefined
  const addresses = events.find(({ name, params }) => name === 'TCP_CONNECT' && params.remote_address)?.params
  const found = converse({
    name: [addresses?.local_address, addresses?.remote_address].map(stringOf).filter(Boolean).join(' → '),
    client,
    server,
    end: endOf(events),
    startTime: events[0]?.time,
    budget,
  })
  // A socket that begins in the middle of something is not known to be a WebSocket: here all begin at the beginning.
  return found?.handshake && found
}

function streamOf(events: readonly Event[]): Stream {
  const parts: Uint8Array[] = []
  const chunks: { offset: number; order: number; time?: number }[] = []
  const gaps: { offset: number; length: number }[] = []
  let offset = 0
  for (const { params, order, time } of events) {
    const bytes = base64(stringOf(params.bytes)) ?? new Uint8Array()
    const counted = numberOf(params.byte_count) ?? bytes.length
    if (bytes.length > 0) chunks.push({ offset, order, ...(time !== undefined && { time }) })
    // A log without the bytes says how many there were: nothing can be read of it.
    if (bytes.length !== counted) return { bytes: new Uint8Array(), chunks: [], gaps: [], begins: true }
    parts.push(bytes)
    offset += bytes.length
  }
  return { bytes: concat(parts), chunks, gaps, begins: true }
}

const connectionReset = -101

function endOf(events: readonly Event[]): End | undefined {
  const fin: Sender[] = []
  let reset: Sender | undefined
  for (const { name, params } of events) {
    if (name === 'SOCKET_BYTES_RECEIVED' && params.byte_count === 0) fin.push('server')
    if (/^SOCKET_(?:READ|WRITE)_ERROR$/.test(name) && params.net_error === connectionReset) reset ??= 'server'
  }
  const closed = events.filter(({ name }) => name === 'SOCKET_ALIVE').length > 1
  if (closed && !reset) fin.push('client')
  const sides = [...new Set(fin)]
  return sides.length > 0 || reset ? { fin: sides, ...(reset && { reset }) } : undefined
}

/** A connection out of a request and the heads of its frames. */
function fromRequest(events: readonly Event[]): Connection | undefined {
  const heads = events.filter(({ name }) => /^WEBSOCKET_(?:SENT|RECV)_FRAME_HEADER$/.test(name))
  const url = stringOf(events.find(({ name }) => name === 'URL_REQUEST_START_JOB')?.params.url)
  if (heads.length === 0 && !/^wss?:/.test(url)) return undefined
  const request = headerLines(events, 'HTTP_TRANSACTION_SEND_REQUEST_HEADERS')
  const response = headerLines(events, 'HTTP_TRANSACTION_READ_RESPONSE_HEADERS')
  const path = /^wss?:\/\/[^/?#]*([^#]*)/i.exec(url)?.[1] || '/'
  const begin = events[0]?.time
  const more = heads.length - maxFrames
  return {
    name: url,
    handshake: handshakeOf(
      request && parseHead([`GET ${path} HTTP/1.1`, ...request].join('\r\n')),
      response && parseHead(response.join('\r\n')),
    ),
    frames: heads.slice(0, maxFrames).map((event) => frameOf(event, begin)),
    moreFrames: Math.max(0, more),
    reports: {},
    notes: [{ what: 'headersOnly' }, ...(more > 0 ? [{ what: 'moreFrames' as const, n: more }] : [])],
  }
}

function headerLines(events: readonly Event[], name: string): string[] | undefined {
  const lines = arrayOf(events.find((event) => event.name === name)?.params.headers).map(stringOf)
  return lines.length > 0 ? lines : undefined
}

function frameOf({ name, params, time }: Event, begin: number | undefined): Frame {
  const rsv = [params.reserved1 && 4, params.reserved2 && 2, params.reserved3 && 1]
  return {
    from: name === 'WEBSOCKET_SENT_FRAME_HEADER' ? 'client' : 'server',
    opcode: numberOf(params.opcode) ?? 0,
    length: numberOf(params.payload_length) ?? 0,
    fin: params.final === true,
    rsv: rsv.reduce<number>((sum, bit) => sum + (bit || 0 ? Number(bit) : 0), 0),
    masked: params.masked === true,
    ...(time !== undefined && begin !== undefined && { at: Math.max(0, time - begin) }),
    faults: [],
  }
}
