import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { endToEnd, isLookAlike } from './field-names.ts'
import { clientAddress, forwardHeaders, looksLikeProxy, type Trust } from './forwarded.ts'
import { Fields, type HeaderList, trimBlanks } from './headers.ts'

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
  /** The front that does TLS with it, where another process does. */
  front?: number | undefined
  trusted: Trust
  /** Fields for the upstream about the certificate that the client has shown, where it was asked for one. */
  clientCertificate?: HeaderList
  /** Told of a peer on this network that says for whom it speaks, and is not trusted: a proxy that was forgotten. */
  onUntrustedProxy?: (peer: string) => void
}

export type Refusal = { ok: false; status: number; message: string; headers: HeaderList }
export type ReadResult<Request> = { ok: true; request: Request } | Refusal
/**
 * `ours`: the client says that it is @holdfast/client. The field is for the gateway, and no upstream gets it. `front`: who does TLS with it,
 * where another process does.
 */
export type UpgradeResult =
  | { ok: true; request: UpgradeRequest; ours: boolean; front?: number | undefined }
  | Refusal

/** What a client of ours sends where it can. */
export const clientHeader = 'Holdfast-Client'

/** What is read of a request over HTTP/1.1, however it was parsed. */
export type RequestHead = Pick<
  IncomingMessage,
  'method' | 'url' | 'httpVersion' | 'httpVersionMajor' | 'rawHeaders'
> & {
  /** Its header fields, where they have been read. */
  fields?: Fields
}

export type Incoming = RequestHead | Http2ServerRequest
type Head = Pick<UpgradeRequest, 'httpVersion' | 'target' | 'host' | 'authority'> & { method: string }

/** Reads a WebSocket handshake (RFC 6455 4.2.1, RFC 8441 5); what is wrong or ambiguous is refused. */
export function readUpgradeRequest(req: Incoming, source: Source): UpgradeResult {
  const fields = fieldsOf(req)
  const problem =
    (req.httpVersionMajor === 2 ? refuseConnect(req) : refuseUpgrade(req, fields)) ??
    refuseBody(fields) ??
    refuseVersion(fields) ??
    refuseHandshakeFields(fields)
  if (problem) return problem
  const head = readHead(req, fields)
  if (!head.ok) return head
  const { method: _, ...place } = head.request
  const protocols = fields.members('sec-websocket-protocol')
  const headers = forward(fields.list, place.authority, source).filter(([field]) => {
    const name = field.toLowerCase()
    return !handshakeOnly.has(name) && (name !== 'sec-websocket-protocol' || protocols.length > 0)
  })
  const origin = fields.first('origin')
  return {
    ok: true,
    ours: trimBlanks(fields.first(clientHeader.toLowerCase()) ?? '') === '1',
    front: source.front,
    request: {
      ...place,
      headers,
      // RFC 8441 5: "Implementations using this extended CONNECT to bootstrap WebSockets do not do the processing
      // of the Sec-WebSocket-Key and Sec-WebSocket-Accept header fields". The upstream, on HTTP/1.1, needs one.
      key:
        place.httpVersion === '2' ? randomBytes(16).toString('base64') : fields.first('sec-websocket-key')!,
      protocols,
      extensions: fields.values('sec-websocket-extensions').join(', '),
      ...(origin !== undefined && { origin }),
      address: clientAddress(source.address, fields.list, source.trusted),
    },
  }
}

const handshakeOnly = new Set([
  'host',
  'content-length',
  'expect',
  'sec-websocket-key',
  'sec-websocket-version',
])

/** The fields that go on to an upstream. */
export function forward(fields: HeaderList, authority: string, source: Source): HeaderList {
  if (source.onUntrustedProxy && looksLikeProxy(source.address, fields) && !source.trusted(source.address))
    source.onUntrustedProxy(source.address)
  const forwarded = forwardHeaders(
    // The last are the gateway's word: a client's own would be a lie.
    endToEnd(fields).filter(([name]) => !isLookAlike(name) && !/^holdfast-/i.test(name)),
    { peer: source.address, tls: source.tls, authority },
    source.trusted,
  )
  return source.clientCertificate ? [...forwarded, ...source.clientCertificate] : forwarded
}

/** The fields as they came, with one Cookie. */
export function fieldsOf(req: Incoming): Fields {
  const fields = ('fields' in req && req.fields) || Fields.of(req)
  const cookies = fields.values('cookie')
  if (req.httpVersionMajor < 2 || cookies.length < 2) return fields
  // RFC 9113 8.2.3: "If there are multiple Cookie header fields after decompression, these MUST be concatenated
  // into a single octet string using the two-octet delimiter of 0x3b, 0x20 (the ASCII string "; ") before being
  // passed into a non-HTTP/2 context"
  const others = fields.list.filter(([name]) => name.toLowerCase() !== 'cookie')
  return new Fields([...others, ['cookie', cookies.join('; ')]])
}

/** The checks that every request has to pass: where it goes must be said once, in one way. */
export function readHead(req: Incoming, fields: Fields): ReadResult<Head> {
  const http2 = req.httpVersionMajor === 2
  const method = req.method ?? ''
  const place = readTarget(req.url ?? '', method, http2)
  if (!place) return refuse(400, 'request target not valid')
  const hosts = fields.values('host')
  const pseudo = http2 ? (req as Http2ServerRequest).authority : undefined
  // RFC 9112 3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that
  // lacks a Host header field and to any request message that contains more than one Host header field line or a Host
  // header field with an invalid field value."
  if (hosts.length > 1) return refuse(400, 'more than one Host')
  // RFC 9113 8.3.1: "A server SHOULD treat a request as malformed if it contains a Host header field that
  // identifies an entity that differs from the entity in the ":authority" pseudo-header field."
  if (pseudo && hosts[0] !== undefined && pseudo.toLowerCase() !== hosts[0].toLowerCase()) {
    return refuse(400, 'Host and :authority differ')
  }
  const named = pseudo || hosts[0]
  if (named === undefined && req.httpVersion !== '1.0') return refuse(400, 'Host missing')
  if (named !== undefined && hostOf(named) === undefined) return refuse(400, 'Host not valid')
  // RFC 9112 3.2.2: "When an origin server receives a request with an absolute-form of request-target, the origin
  // server MUST ignore the received Host header field (if any) and instead use the host information of the
  // request-target."
  const authority = place.authority ?? named ?? ''
  const host = authority === '' ? '' : hostOf(authority)
  if (host === undefined) return refuse(400, 'request target not valid')
  return {
    ok: true,
    request: { httpVersion: http2 ? '2' : '1.1', method, target: place.target, host, authority },
  }
}

/** RFC 9112 3.2.1. A fragment, and bytes above 0x7f, are read in different ways by different servers. */
const originForm = /^\/[!-"$-~]*$/

/** The origin form of a request target, and the authority when it came in absolute form. */
function readTarget(
  target: string,
  method: string,
  http2: boolean,
): { target: string; authority?: string } | undefined {
  if (originForm.test(target)) return { target }
  // RFC 9112 3.2.2: "A server MUST accept the absolute-form in requests even though most HTTP/1.1 clients will only send
  // the absolute-form to a proxy."
  const [all, authority = ''] = /^(?:https?|wss?):\/\/([^/?#]+)/i.exec(target) ?? []
  if (all === undefined || http2) return undefined
  const rest = target.slice(all.length)
  // RFC 9112 3.2.4: such an OPTIONS is about the server, and not about '/'.
  if (rest === '' && method === 'OPTIONS') return undefined
  const path = rest.startsWith('/') ? rest : `/${rest}`
  return originForm.test(path) ? { target: path, authority } : undefined
}

/** The host of `host[:port]` in lower case, without the dot of a fully qualified name. */
function hostOf(authority: string): string | undefined {
  const [, host] = /^(\[[0-9a-f:.]+\]|[\w.~%!$&'()*+,;=-]+)(?::\d{0,5})?$/i.exec(authority) ?? []
  return host?.toLowerCase().replace(/(?<=.)\.$/, '')
}

/** A handshake has no body; one that announces a body would be read differently by different servers. */
function refuseBody(fields: Fields): Refusal | undefined {
  const empty = fields.values('content-length').every((length) => /^0+$/.test(length))
  if (!empty || fields.has('transfer-encoding')) {
    return refuse(400, 'a WebSocket handshake has no body')
  }
}

function refuseUpgrade(req: Incoming, fields: Fields): Refusal | undefined {
  // RFC 6455 4.2.1: "1. An HTTP/1.1 or higher GET request, including a "Request-URI" [...] 3. An |Upgrade| header
  // field containing the value "websocket", treated as an ASCII case-insensitive value. 4. A |Connection| header
  // field that includes the token "Upgrade", treated as an ASCII case-insensitive value. 5. A |Sec-WebSocket-Key|
  // header field with a base64-encoded [...] value that, when decoded, is 16 bytes in length."
  if (req.method !== 'GET') return refuse(405, 'a WebSocket handshake is a GET', [['Allow', 'GET']])
  if (req.httpVersion !== '1.1') return refuse(400, 'a WebSocket handshake needs HTTP/1.1')
  if (!fields.tokens('upgrade').includes('websocket')) return refuse(400, 'Upgrade must be websocket')
  if (!fields.tokens('connection').includes('upgrade')) return refuse(400, 'Connection must be Upgrade')
  const keys = fields.values('sec-websocket-key')
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
  // RFC 8441 5: "The pseudo-header field :protocol [...] MUST have a value of "websocket" to initiate a WebSocket
  // connection on an HTTP/2 stream."
  if (protocol !== 'websocket') return refuse(501, ':protocol must be websocket')
  if (!/^https?$/i.test((req as Http2ServerRequest).scheme ?? '')) return refuse(400, ':scheme must be https')
}

function refuseVersion(fields: Fields): Refusal | undefined {
  const versions = fields.values('sec-websocket-version')
  // RFC 6455 4.4: "If the server doesn't support the requested version, it MUST respond with a
  // |Sec-WebSocket-Version| header field (or multiple |Sec-WebSocket-Version| header fields) containing all versions
  // it is willing to use."
  if (versions.length !== 1 || versions[0] !== '13') {
    return refuse(426, 'Sec-WebSocket-Version must be 13', [['Sec-WebSocket-Version', '13']])
  }
}

function refuseHandshakeFields(fields: Fields): Refusal | undefined {
  // An empty list is taken as no offer: RFC 9110 5.6.1.2 has recipients take empty list elements, and libsoup sends it.
  const protocols = fields.members('sec-websocket-protocol')
  // RFC 6455 4.1, 10: "The elements that comprise this value MUST be non-empty strings with characters in the range
  // U+0021 to U+007E not including separator characters [...] and MUST all be unique strings."
  const valid = protocols.every((protocol) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(protocol))
  if (!valid || new Set(protocols).size < protocols.length) {
    return refuse(400, 'Sec-WebSocket-Protocol must list distinct tokens')
  }
  if (fields.values('origin').length > 1) return refuse(400, 'more than one Origin')
}

export function refuse(status: number, message: string, headers: HeaderList = []): Refusal {
  return { ok: false, status, message, headers }
}
