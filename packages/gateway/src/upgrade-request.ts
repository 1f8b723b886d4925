import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import {
  clientAddress,
  endToEnd,
  forwardHeaders,
  headerList,
  members,
  type Trust,
  tokens,
  values,
} from './forwarded.ts'

/** Header fields in the order and case in which they came. */
export type HeaderList = [name: string, value: string][]

/** An HTTP request that is no WebSocket handshake and passed every check. */
export interface PlainRequest {
  httpVersion: '1.1' | '2'
  method: string
  /** Origin-form target with its query, as received: '/ws/room?id=1'. */
  target: string
  /** Lower-case host without port, for route matching; '' for an HTTP/1.0 request without Host. */
  host: string
  /** The Host header or :authority as received. */
  authority: string
  /**
   * End-to-end headers for the upstream, in order and with their case as received, without Host; X-Forwarded-For,
   * -Proto, -Host and Forwarded are set.
   */
  headers: HeaderList
  /** The client's address, after PROXY protocol and trusted proxies. */
  address: string
}

/** A WebSocket handshake that passed every check, from an HTTP/1.1 Upgrade or an HTTP/2 extended CONNECT. */
export interface UpgradeRequest {
  httpVersion: '1.1' | '2'
  /** Origin-form target with its query, as received: '/ws/room?id=1'. */
  target: string
  /** Lower-case host without port, for route matching. */
  host: string
  /** The Host header or :authority as received. */
  authority: string
  /**
   * End-to-end headers for the upstream, in order and with their case as received: hop-by-hop headers, Host,
   * Sec-WebSocket-Key and -Version are gone; X-Forwarded-For, -Proto, -Host and Forwarded are set.
   * Sec-WebSocket-Protocol and -Extensions are in it as received.
   */
  headers: HeaderList
  /** The client's Sec-WebSocket-Key; a fresh one for HTTP/2, which has none (RFC 8441 5). */
  key: string
  /** Subprotocols offered, in order. */
  protocols: string[]
  /** Extensions offered: the raw header values joined by ', ', or ''. */
  extensions: string
  origin?: string
  /** The client's address, after PROXY protocol and trusted proxies. */
  address: string
}

/** Where a request came in. */
export interface Source {
  /** The peer's address: the socket's, or the one in its PROXY header. */
  address: string
  tls: boolean
  trusted: Trust
}

export type Refusal = { ok: false; status: number; message: string; headers: HeaderList }
export type ReadResult<Request> = { ok: true; request: Request } | Refusal

/** What is read of a request over HTTP/1.1, however it was parsed. */
export type RequestHead = Pick<
  IncomingMessage,
  'method' | 'url' | 'httpVersion' | 'httpVersionMajor' | 'rawHeaders'
>

type Incoming = RequestHead | Http2ServerRequest
type Head = Omit<PlainRequest, 'headers' | 'address'>

/** Reads a WebSocket handshake (RFC 6455 4.2.1, RFC 8441 5); what is wrong or ambiguous is refused. */
export function readUpgradeRequest(req: Incoming, source: Source): ReadResult<UpgradeRequest> {
  const fields = fieldsOf(req)
  const problem =
    (req.httpVersionMajor === 2 ? refuseConnect(req) : refuseUpgrade(req, fields)) ??
    refuseBody(fields) ??
    refuseVersion(fields, req.httpVersionMajor === 2) ??
    refuseHandshakeFields(fields)
  if (problem) return problem
  const head = readHead(req)
  if (!head.ok) return head
  const { method: _, ...place } = head.request
  const headers = forward(fields, place.authority, source).filter(
    ([name]) => !handshakeOnly.has(name.toLowerCase()),
  )
  const origin = values(fields, 'origin')[0]
  return {
    ok: true,
    request: {
      ...place,
      headers,
      // RFC 8441 5: "Implementations using this extended CONNECT to bootstrap WebSockets do not do the processing
      // of the Sec-WebSocket-Key and Sec-WebSocket-Accept header fields". The upstream, on HTTP/1.1, needs one.
      key:
        place.httpVersion === '2'
          ? randomBytes(16).toString('base64')
          : values(fields, 'sec-websocket-key')[0]!,
      protocols: members(values(fields, 'sec-websocket-protocol')),
      extensions: values(fields, 'sec-websocket-extensions').join(', '),
      ...(origin !== undefined && { origin }),
      address: clientAddress(source.address, fields, source.trusted),
    },
  }
}

/** Reads a request that is to be passed on over HTTP; what is ambiguous is refused. */
export function readPlainRequest(req: Incoming, source: Source): ReadResult<PlainRequest> {
  const head = readHead(req)
  if (!head.ok) return head
  const fields = fieldsOf(req)
  const codings = tokens(values(fields, 'transfer-encoding'))
  // RFC 9112 6.1: "A server that receives a request message with a transfer coding it does not understand SHOULD
  // respond with 501 (Not Implemented)."
  if (codings.some((coding) => coding !== 'chunked')) return refuse(501, 'Transfer-Encoding not known')
  return {
    ok: true,
    request: {
      ...head.request,
      headers: forward(fields, head.request.authority, source).filter(
        ([name]) => name.toLowerCase() !== 'host',
      ),
      address: clientAddress(source.address, fields, source.trusted),
    },
  }
}

const handshakeOnly = new Set(['host', 'content-length', 'sec-websocket-key', 'sec-websocket-version'])

function forward(fields: HeaderList, authority: string, source: Source): HeaderList {
  return forwardHeaders(
    // These are the gateway's word: a client's own would be a lie.
    endToEnd(fields).filter(([name]) => !/^holdfast-/i.test(name)),
    { peer: source.address, tls: source.tls, authority },
    source.trusted,
  )
}

function fieldsOf(req: Incoming): HeaderList {
  const fields = headerList(req.rawHeaders)
  const cookies = values(fields, 'cookie')
  if (req.httpVersionMajor < 2 || cookies.length < 2) return fields
  // RFC 9113 8.2.3: "If there are multiple Cookie header fields after decompression, these MUST be concatenated
  // into a single octet string using the two-octet delimiter of 0x3b, 0x20 (the ASCII string "; ") before being
  // passed into a non-HTTP/2 context"
  return [...fields.filter(([name]) => name.toLowerCase() !== 'cookie'), ['cookie', cookies.join('; ')]]
}

/** The checks that every request has to pass: where it goes must be said once, in one way. */
function readHead(req: Incoming): ReadResult<Head> {
  const http2 = req.httpVersionMajor === 2
  const fields = headerList(req.rawHeaders)
  const target = req.url ?? ''
  // RFC 9112 3.2.1: "a client MUST send only the absolute path and query components of the target URI as the
  // request-target". Other forms, and fragments, are read differently by different servers.
  if (!/^\/[!-"$-~]*$/.test(target)) return refuse(400, "request target must be a path that starts with '/'")
  const hosts = values(fields, 'host')
  const pseudo = http2 ? (req as Http2ServerRequest).authority : undefined
  // RFC 9112 3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that
  // lacks a Host header field and to any request message that contains more than one Host header field line"
  if (hosts.length > 1) return refuse(400, 'more than one Host')
  // RFC 9113 8.3.1: "A server SHOULD treat a request as malformed if it contains a Host header field that
  // identifies an entity that differs from the entity in the ":authority" pseudo-header field."
  if (pseudo && hosts[0] !== undefined && pseudo.toLowerCase() !== hosts[0].toLowerCase()) {
    return refuse(400, 'Host and :authority differ')
  }
  const authority = pseudo || hosts[0]
  if (authority === undefined && req.httpVersion !== '1.0') return refuse(400, 'Host missing')
  const host = authority === undefined ? '' : hostOf(authority)
  if (host === undefined) return refuse(400, 'Host not valid')
  return {
    ok: true,
    request: {
      httpVersion: http2 ? '2' : '1.1',
      method: req.method ?? '',
      target,
      host,
      authority: authority ?? '',
    },
  }
}

/** The host of `host[:port]` in lower case, without the dot of a fully qualified name. */
function hostOf(authority: string): string | undefined {
  const [, host] = /^(\[[0-9a-f:.]+\]|[\w.~%!$&'()*+,;=-]+)(?::\d{0,5})?$/i.exec(authority) ?? []
  return host?.toLowerCase().replace(/(?<=.)\.$/, '')
}

/** A handshake has no body; one that announces a body would be read differently by different servers. */
function refuseBody(fields: HeaderList): Refusal | undefined {
  const empty = values(fields, 'content-length').every((length) => /^0+$/.test(length))
  if (!empty || values(fields, 'transfer-encoding').length > 0) {
    return refuse(400, 'a WebSocket handshake has no body')
  }
}

function refuseUpgrade(req: Incoming, fields: HeaderList): Refusal | undefined {
  // RFC 6455 4.2.1: "1. An HTTP/1.1 or higher GET request, including a "Request-URI" [...] 3. An |Upgrade| header
  // field containing the value "websocket", treated as an ASCII case-insensitive value. 4. A |Connection| header
  // field that includes the token "Upgrade", treated as an ASCII case-insensitive value. 5. A |Sec-WebSocket-Key|
  // header field with a base64-encoded [...] value that, when decoded, is 16 bytes in length."
  if (req.method !== 'GET') return refuse(405, 'a WebSocket handshake is a GET', [['Allow', 'GET']])
  if (req.httpVersion !== '1.1') return refuse(400, 'a WebSocket handshake needs HTTP/1.1')
  if (!tokens(values(fields, 'upgrade')).includes('websocket'))
    return refuse(400, 'Upgrade must be websocket')
  if (!tokens(values(fields, 'connection')).includes('upgrade'))
    return refuse(400, 'Connection must be Upgrade')
  const keys = values(fields, 'sec-websocket-key')
  if (keys.length !== 1 || !/^[A-Za-z0-9+/]{22}==$/.test(keys[0]!)) {
    return refuse(400, 'Sec-WebSocket-Key must be the base64 of 16 bytes')
  }
}

function refuseConnect(req: Incoming): Refusal | undefined {
  // RFC 8441 4: "A new pseudo-header field :protocol MAY be included on request HEADERS indicating the desired
  // protocol to be spoken on the tunnel created by CONNECT", and "the :scheme and :path pseudo-header fields of the
  // target URI [...] MUST also be included"
  const protocol = (req as Http2ServerRequest).headers[':protocol']
  if (req.method !== 'CONNECT' || typeof protocol !== 'string') return refuse(405, 'CONNECT is not served')
  if (protocol.toLowerCase() !== 'websocket') return refuse(501, ':protocol must be websocket')
  if (!/^https?$/i.test((req as Http2ServerRequest).scheme ?? '')) return refuse(400, ':scheme must be https')
}

function refuseVersion(fields: HeaderList, optional: boolean): Refusal | undefined {
  const versions = values(fields, 'sec-websocket-version')
  // Some clients leave it out over HTTP/2, where :protocol says it all.
  if (optional && versions.length === 0) return undefined
  // RFC 6455 4.4: "If the server doesn't support the requested version, it MUST respond with a
  // |Sec-WebSocket-Version| header field (or multiple |Sec-WebSocket-Version| header fields) containing all versions
  // it is willing to use."
  if (versions.length !== 1 || versions[0] !== '13') {
    return refuse(426, 'Sec-WebSocket-Version must be 13', [['Sec-WebSocket-Version', '13']])
  }
}

function refuseHandshakeFields(fields: HeaderList): Refusal | undefined {
  const protocolFields = values(fields, 'sec-websocket-protocol')
  const protocols = members(protocolFields)
  // RFC 6455 4.1, 10: "The elements that comprise this value MUST be non-empty strings with characters in the range
  // U+0021 to U+007E not including separator characters [...] and MUST all be unique strings."
  const valid = protocols.every((protocol) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(protocol))
  if (
    !valid ||
    new Set(protocols).size < protocols.length ||
    (protocolFields.length > 0 && protocols.length === 0)
  ) {
    return refuse(400, 'Sec-WebSocket-Protocol must list distinct tokens')
  }
  if (values(fields, 'origin').length > 1) return refuse(400, 'more than one Origin')
}

function refuse(status: number, message: string, headers: HeaderList = []): Refusal {
  return { ok: false, status, message, headers }
}
