// What the HTTP/1.1 server asks of a request's head: whether it is a whole handshake, what it offers, whether a body follows.
import type { IncomingMessage } from 'node:http'
import { Fields, type HeaderList, headerList, type RequestHead, readHttpHead, tokens } from '../http/index.ts'
import { maxHeaderBytes } from './http-handlers.ts'

/**
 * A WebSocket handshake that is whole and beyond doubt, with what came behind it. Node's HTTP server gets everything
 * else: it costs several times as much.
 */
export function readHandshake(bytes: Buffer): (RequestHead & { early: Buffer }) | undefined {
  const head = readHttpHead(bytes, maxHeaderBytes)
  const [method, url, version, ...more] = head?.start.split(' ') ?? []
  if (!head || method !== 'GET' || version !== 'HTTP/1.1' || more.length > 0 || !/^[!-~]+$/.test(url!))
    return undefined
  const { rawHeaders, length } = head
  const fields = Fields.of(head)
  // Without the option Node's parser sees no upgrade, nor with a tab behind it, which is white space (RFC 9110 5.6.3).
  if (!fields.tokens('connection').includes('upgrade') || bytes.subarray(0, length).includes('\t'))
    return undefined
  // A body would stand between the head and the first frame.
  if (!offersWebSocket(fields) || hasBody(fields)) return undefined
  const early = bytes.subarray(length)
  return { method, url, httpVersion: '1.1', httpVersionMajor: 1, rawHeaders, fields, early }
}

export function offersWebSocket(fields: Fields): boolean {
  return fields.tokens('upgrade').includes('websocket')
}

export function hasBody(fields: Fields): boolean {
  return fields.has('content-length') || fields.has('transfer-encoding')
}

/** The head of a request as it came, less the offer to upgrade; `last`: nothing is served behind it. */
export function withoutUpgrade(req: IncomingMessage, last: boolean): Buffer {
  const fields = headerList(req.rawHeaders)
  const offers = new Set(['upgrade', 'http2-settings'])
  const kept: HeaderList = fields.flatMap(([name, value]): HeaderList => {
    if (offers.has(name.toLowerCase())) return []
    if (name.toLowerCase() !== 'connection') return [[name, value]]
    if (last) return []
    const options = tokens([value]).filter((option) => !offers.has(option))
    return options.length > 0 ? [[name, options.join(', ')]] : []
  })
  if (last) kept.push(['Connection', 'close'])
  const lines = kept.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`${req.method} ${req.url} HTTP/${req.httpVersion}\r\n${lines}\r\n`, 'latin1')
}
