// In: the head of a request that is no WebSocket handshake. Out: the request as the gateway has understood it, which is
// the one that http-forward.ts writes.
import type { Http2ServerRequest } from 'node:http2'
import {
  clientAddress,
  type Fields,
  fieldsOf,
  forward,
  type HeaderList,
  type Incoming,
  type ReadResult,
  type Refusal,
  readHead,
  refuse,
  type Source,
  values,
} from '../http/index.ts'

/** How the end of a body is known. */
export type BodyFraming = { by: 'none' } | { by: 'length'; bytes: number } | { by: 'chunks' }

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
   * End-to-end headers for the upstream, in order and with their case as received, without Host, Expect and those that
   * frame the message; X-Forwarded-For, -Proto, -Host and Forwarded are set.
   */
  headers: HeaderList
  body: BodyFraming
  /** Whether the client waits for a 100 before it sends its body. */
  expectsContinue: boolean
  /** Fields that may follow the body of the request. */
  trailer: string[]
  /** Whether the client takes trailers behind the answer's body. */
  takesTrailers: boolean
  /** The client's address, after PROXY protocol and trusted proxies. */
  address: string
}

/** Reads a request that is to be passed on over HTTP; what is ambiguous is refused. */
export function readPlainRequest(req: Incoming, source: Source): ReadResult<PlainRequest> {
  const fields = fieldsOf(req)
  const head = readHead(req, fields)
  if (!head.ok) return head
  const body = readFraming(req, fields)
  if ('ok' in body) return body
  const expectations = fields.tokens('expect')
  // RFC 9110 10.1.1: "A server that receives an Expect field value containing a member other than 100-continue MAY
  // respond with a 417 (Expectation Failed) status code"
  if (expectations.some((member) => member !== '100-continue')) return refuse(417, 'Expect not known')
  const headers = forward(fields.list, head.request.authority, source)
  const hops = values(headers, 'max-forwards')[0]
  // RFC 9110 7.6.2: "Each intermediary that receives a TRACE or OPTIONS request containing a Max-Forwards header field
  // MUST check and update its value prior to forwarding the request. If the received value is zero (0), the intermediary
  // MUST NOT forward the request"
  const counted = hops !== undefined && /^(?:TRACE|OPTIONS)$/.test(head.request.method)
  if (counted && /^0*$/.test(hops)) return refuse(501, 'Max-Forwards is 0')
  return {
    ok: true,
    request: {
      ...head.request,
      headers: headers
        .filter(([name]) => !setByGateway.has(name.toLowerCase()))
        .map(([name, value]) =>
          counted && /^max-forwards$/i.test(name)
            ? [name, String(Number.parseInt(value, 10) - 1)]
            : [name, value],
        ),
      body,
      // RFC 9110 10.1.1: "A server that receives a 100-continue expectation in an HTTP/1.0 request MUST ignore that
      // expectation."
      expectsContinue: req.httpVersion !== '1.0' && body.by !== 'none' && expectations.length > 0,
      trailer: fields.tokens('trailer'),
      takesTrailers: takesTrailers(req, fields),
      address: clientAddress(source.address, fields.list, source.trusted),
    },
  }
}

const setByGateway = new Set(['host', 'content-length', 'expect'])

/** How the body is framed; a request whose end two servers could see in two places is refused. */
function readFraming(req: Incoming, fields: Fields): BodyFraming | Refusal {
  const codings = fields.tokens('transfer-encoding')
  const lengths = fields.values('content-length')
  if (fields.has('transfer-encoding')) {
    // RFC 9112 6.1: "A server or client that receives an HTTP/1.0 message containing a Transfer-Encoding header field
    // MUST treat the message as if the framing is faulty", and "A server MAY reject a request that contains both
    // Content-Length and Transfer-Encoding"
    if (req.httpVersion !== '1.1') return refuse(400, 'Transfer-Encoding needs HTTP/1.1')
    if (lengths.length > 0) return refuse(400, 'both Content-Length and Transfer-Encoding')
    // "A server that receives a request message with a transfer coding it does not understand SHOULD respond with 501
    // (Not Implemented)."
    if (codings.some((coding) => coding !== 'chunked')) return refuse(501, 'Transfer-Encoding not known')
    if (codings.length !== 1) return refuse(400, 'Transfer-Encoding not valid')
    return { by: 'chunks' }
  }
  const [length, ...more] = lengths
  // RFC 9112 6.3: "If a message is received without Transfer-Encoding and with an invalid Content-Length header field,
  // then the message framing is invalid and the recipient MUST treat it as an unrecoverable error"
  if (more.length > 0 || (length !== undefined && !/^\d{1,15}$/.test(length))) {
    return refuse(400, 'Content-Length not valid')
  }
  if (length !== undefined) return { by: 'length', bytes: Number(length) }
  const open = req.httpVersionMajor === 2 && !(req as Http2ServerRequest).stream.endAfterHeaders
  return { by: open ? 'chunks' : 'none' }
}

function takesTrailers(req: Incoming, fields: Fields): boolean {
  // RFC 9110 10.1.4: "A sender of TE MUST also send a "TE" connection option within the Connection header field to
  // inform intermediaries not to forward this field."
  if (req.httpVersionMajor < 2 && !fields.tokens('connection').includes('te')) return false
  return fields.tokens('te').includes('trailers')
}
