// Odd requests, and what each proxy makes of them. `docs/http.md` shows the table; http-differential.test.ts holds it.
import type { Peer } from './http-peers.ts'

export interface HttpCase {
  /** Completes 'A request with ...'. */
  name: string
  request: string
  /** Fields whose arrival at the upstream is part of the outcome, in lower case. */
  shows?: string[]
  /** What each made of it: the client's status, then what the upstream got. Those that are left out did as Holdfast. */
  outcome: { holdfast: string } & Partial<Record<Peer, string>>
  /** Why Holdfast does what it does, where others differ. */
  why: string
}

const body = 'GET /inner HTTP/1.1\r\nHost: a\r\n\r\n'
const length = `Content-Length: ${body.length}\r\n`
const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

/** A request with these lines beside Host, on a connection that ends with it. */
const get = (lines: string, { target = '/a', method = 'GET', connection = 'close', rest = '' } = {}) =>
  `${method} ${target} HTTP/1.1\r\nHost: a\r\n${lines}${connection && `Connection: ${connection}\r\n`}\r\n${rest}`

export const httpCases: HttpCase[] = [
  {
    name: '`Connection: content-length`',
    request: get(length, { method: 'POST', connection: 'close, content-length', rest: body }),
    outcome: { holdfast: '200; POST /a, 32 bytes' },
    why: 'The length frames the message; it is written anew and not taken from the fields.',
  },
  {
    name: '`Connection: transfer-encoding`',
    request: get('Transfer-Encoding: chunked\r\n', {
      method: 'POST',
      connection: 'close, transfer-encoding',
      rest: chunks,
    }),
    outcome: { holdfast: '200; POST /a, 32 bytes' },
    why: 'The same.',
  },
  {
    name: '`Connection: host`',
    request: get('', { connection: 'close, host' }),
    shows: ['host'],
    outcome: { holdfast: '200; GET /a, host: a' },
    why: 'It routes the message.',
  },
  {
    name: '`Connection: cookie`',
    request: get('Cookie: a=1\r\n', { connection: 'close, cookie' }),
    shows: ['cookie'],
    outcome: { holdfast: '200; GET /a, cookie: a=1', caddy: '200; GET /a', apache: '200; GET /a' },
    why: 'RFC 9110 7.6.1 forbids to name a field that is for every recipient. Named all the same it stays: `balance` may have gone by it.',
  },
  {
    name: '`Connection: x-hop`',
    request: get('X-Hop: 1\r\n', { connection: 'close, x-hop' }),
    shows: ['x-hop'],
    outcome: { holdfast: '200; GET /a', nginx: '200; GET /a, x-hop: 1', haproxy: '200; GET /a, x-hop: 1' },
    why: 'RFC 9110 7.6.1: it ends here.',
  },
  {
    name: '`Connection: x-forwarded-for`',
    request: get('X-Forwarded-For: 6.6.6.6\r\n', { connection: 'close, x-forwarded-for' }),
    shows: ['x-forwarded-for'],
    outcome: {
      holdfast: '200; GET /a, x-forwarded-for: IP',
      nginx: '200; GET /a, x-forwarded-for: 6.6.6.6',
      haproxy: '200; GET /a, x-forwarded-for: 6.6.6.6, x-forwarded-for: IP',
    },
    why: "Written by the gateway, from what it knows. A stranger's own is dropped, named or not.",
  },
  {
    name: '`Keep-Alive`, `TE: gzip` and `Proxy-Connection`',
    request: get('Keep-Alive: 5\r\nTE: gzip\r\nProxy-Connection: x\r\n'),
    shows: ['keep-alive', 'te', 'proxy-connection'],
    outcome: {
      holdfast: '200; GET /a',
      nginx: '200; GET /a, proxy-connection: x',
      haproxy: '200; GET /a, keep-alive: 5, proxy-connection: x',
    },
    why: 'Fields of one hop, RFC 9110 7.6.1.',
  },
  {
    name: '`Upgrade: h2c`',
    request: get('Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n', {
      connection: 'Upgrade, HTTP2-Settings, close',
    }),
    shows: ['upgrade', 'http2-settings'],
    outcome: {
      holdfast: '200; GET /a',
      nginx: '200; GET /a, http2-settings: AAMAAABkAARAAAAAAAIAAAAA',
      haproxy: '200; GET /a, upgrade: h2c, http2-settings: AAMAAABkAARAAAAAAAIAAAAA',
      caddy: '200; GET /a, upgrade: h2c',
    },
    why: 'RFC 9110 7.8: an offer to this hop, which may be ignored. An upstream that took it would speak HTTP/2 to a client of HTTP/1.1.',
  },
  {
    name: 'both `Content-Length` and `Transfer-Encoding`',
    request: get(`${length}Transfer-Encoding: chunked\r\n`, { method: 'POST', rest: chunks }),
    outcome: {
      holdfast: '400',
      haproxy: '200; POST /a, 32 bytes',
      caddy: '200; POST /a, 32 bytes',
      apache: '200; POST /a, 32 bytes',
    },
    why: 'RFC 9112 6.1: "A server MAY reject"; two servers that differ here are how requests are smuggled.',
  },
  {
    name: 'two `Content-Length` that differ',
    request: get(`Content-Length: 0\r\n${length}`, { method: 'POST', rest: body }),
    outcome: { holdfast: '400' },
    why: 'RFC 9112 6.3.',
  },
  {
    name: 'two `Content-Length` that agree',
    request: get(`${length}${length}`, { method: 'POST', rest: body }),
    outcome: { holdfast: '400', haproxy: '200; POST /a, 32 bytes', caddy: '200; POST /a, 32 bytes' },
    why: 'RFC 9110 8.6 lets a server refuse or repair; nobody sends it in good faith.',
  },
  {
    name: '`Content-Length: +N`',
    request: get(length.replace(': ', ': +'), { method: 'POST', rest: body }),
    outcome: { holdfast: '400' },
    why: 'RFC 9110 8.6: digits only.',
  },
  {
    name: 'a space before the colon of `Content-Length`',
    request: get(length.replace(':', ' :'), { method: 'POST', rest: body }),
    outcome: { holdfast: '400' },
    why: 'RFC 9112 5.1: "A server MUST reject".',
  },
  {
    name: '`Transfer-Encoding: chunked, identity`',
    request: get('Transfer-Encoding: chunked, identity\r\n', { method: 'POST', rest: chunks }),
    outcome: { holdfast: '400', nginx: '501', caddy: '501' },
    why: 'RFC 9112 6.3: chunked has to come last.',
  },
  {
    name: '`Transfer-Encoding: gzip, chunked`',
    request: get('Transfer-Encoding: gzip, chunked\r\n', { method: 'POST', rest: chunks }),
    outcome: { holdfast: '501', haproxy: '422', apache: '500' },
    why: 'RFC 9112 6.1: 501 for a coding that is not understood.',
  },
  {
    name: '`Transfer-Encoding: xchunked`',
    request: get('Transfer-Encoding: xchunked\r\n', { method: 'POST', rest: chunks }),
    outcome: { holdfast: '501', haproxy: '400', apache: '400' },
    why: 'The same.',
  },
  {
    name: '`Transfer-Encoding` in HTTP/1.0',
    request: get('Transfer-Encoding: chunked\r\n', { method: 'POST', rest: chunks }).replace(
      'HTTP/1.1',
      'HTTP/1.0',
    ),
    outcome: {
      holdfast: '400',
      haproxy: '200; POST /a HTTP/1.0, 32 bytes',
      caddy: '200; POST /a',
      apache: '200; POST /a, 32 bytes',
    },
    why: 'RFC 9112 6.1: "MUST treat the message as if the framing is faulty".',
  },
  {
    name: 'chunks in a GET',
    request: get('Transfer-Encoding: chunked\r\n', { rest: chunks }),
    outcome: { holdfast: '200; GET /a, 32 bytes' },
    why: 'A body is a body, whatever the method; it goes on in chunks.',
  },
  {
    name: 'a length in a GET',
    request: get(length, { rest: body }),
    outcome: { holdfast: '200; GET /a, 32 bytes' },
    why: 'The same.',
  },
  {
    name: 'a chunk extension',
    request: get('Transfer-Encoding: chunked\r\n', {
      method: 'POST',
      rest: chunks.replace('\r\n', ';x=y\r\n'),
    }),
    outcome: { holdfast: '200; POST /a, 32 bytes' },
    why: 'RFC 9112 7.1.1: it is of this hop, and ends here.',
  },
  {
    name: 'a chunk size with a bare LF',
    request: get('Transfer-Encoding: chunked\r\n', { method: 'POST', rest: chunks.replace('\r\n', '\n') }),
    outcome: {
      holdfast: '400',
      nginx: '200; POST /a, 32 bytes',
      haproxy: '200; POST /a, 32 bytes',
      caddy: '200; POST /a, 32 bytes',
    },
    why: 'RFC 9112 7.1 has CRLF there.',
  },
  {
    name: 'announced trailers',
    request: get('Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n', {
      method: 'POST',
      rest: '2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n',
    }),
    shows: ['trailer:x-sum', 'x-sum'],
    outcome: {
      holdfast: '200; POST /a, trailer x-sum: 1, 2 bytes',
      nginx: '200; POST /a, 2 bytes',
      caddy: '200; POST /a, 2 bytes',
      apache: '200; POST /a, 2 bytes',
    },
    why: 'RFC 9110 6.5: what was announced goes on. nginx, Caddy and Apache drop trailers.',
  },
  {
    name: 'a trailer that poses as a field',
    request: get('Transfer-Encoding: chunked\r\n', {
      method: 'POST',
      rest: '2\r\nab\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n',
    }),
    shows: ['x-forwarded-for', 'trailer:x-forwarded-for'],
    outcome: {
      holdfast: '200; POST /a, x-forwarded-for: IP, 2 bytes',
      nginx: '200; POST /a, 2 bytes',
      haproxy: '200; POST /a, x-forwarded-for: IP, trailer x-forwarded-for: 6.6.6.6, 2 bytes',
    },
    why: 'RFC 9110 6.5.1: a field that routes, frames or identifies may not come in a trailer.',
  },
  {
    name: 'no Host',
    request: 'GET /a HTTP/1.1\r\nConnection: close\r\n\r\n',
    shows: ['host'],
    outcome: { holdfast: '400', haproxy: '200; GET /a' },
    why: 'RFC 9112 3.2: "MUST respond with a 400".',
  },
  {
    name: 'no Host in HTTP/1.0',
    request: 'GET /a HTTP/1.0\r\n\r\n',
    outcome: { holdfast: '200; GET /a', haproxy: '200; GET /a HTTP/1.0' },
    why: "It goes on with the upstream's own authority as Host, since HTTP/1.1 wants one.",
  },
  {
    name: 'two Hosts',
    request: get('Host: b\r\n'),
    shows: ['host'],
    outcome: { holdfast: '400' },
    why: 'RFC 9112 3.2.',
  },
  {
    name: 'a Host with a path',
    request: get('').replace('Host: a', 'Host: a/b'),
    shows: ['host'],
    outcome: { holdfast: '400', haproxy: '200; GET /a, host: a/b' },
    why: 'RFC 9112 3.2: a Host with an invalid value is a 400.',
  },
  {
    name: 'a target in absolute form',
    request: get('', { target: 'http://a/b?c' }),
    shows: ['host'],
    outcome: { holdfast: '200; GET /b?c, host: a', haproxy: '200; GET http://a/b?c, host: a' },
    why: 'RFC 9112 3.2.2: "A server MUST accept". Upstreams get the usual form.',
  },
  {
    name: 'a target in absolute form and another Host',
    request: get('', { target: 'http://b:81/c' }),
    shows: ['host'],
    outcome: { holdfast: '200; GET /c, host: b:81', nginx: '200; GET /c, host: a', haproxy: '400' },
    why: 'RFC 9112 3.2.2: Host is ignored, the target counts, for the route and for the upstream.',
  },
  {
    name: 'a user in the target',
    request: get('', { target: 'http://u@a/b' }),
    shows: ['host'],
    outcome: { holdfast: '400', haproxy: '200; GET http://u@a/b, host: a', caddy: '200; GET /b, host: a' },
    why: 'RFC 9110 4.2.4: to be treated as an error.',
  },
  {
    name: '`OPTIONS *`',
    request: get('', { target: '*', method: 'OPTIONS' }),
    outcome: { holdfast: '400', haproxy: '200; OPTIONS *', caddy: '200', apache: '200' },
    why: 'It is about a server and not a path, so no route has it.',
  },
  {
    name: 'a fragment',
    request: get('', { target: '/a#b' }),
    outcome: { holdfast: '400', nginx: '200; GET /a#b', caddy: '200; GET /a%23b' },
    why: 'RFC 9112 3.2: a target has none; servers read it in different ways.',
  },
  {
    name: 'dots, two slashes and `%2F`',
    request: get('', { target: '/a/../b//c%2Fd' }),
    outcome: { holdfast: '200; GET /a/../b//c%2Fd', apache: '404' },
    why: 'A target goes through as it came; a route matches it as it stands.',
  },
  {
    name: 'bytes above 0x7f in the target',
    request: get('', { target: '/\xe4' }),
    outcome: { holdfast: '400', nginx: '200; GET /\u00e4', caddy: '200; GET /%E4', apache: '200; GET /%E4' },
    why: 'RFC 3986 has none; servers read them in different ways.',
  },
  {
    name: 'bytes above 0x7f in a field',
    request: get('X-A: \xc3\xb6\xff\r\n'),
    shows: ['x-a'],
    outcome: { holdfast: '200; GET /a, x-a: \u00c3\u00b6\u00ff' },
    why: 'RFC 9110 5.5: opaque bytes.',
  },
  {
    name: 'a folded field',
    request: get('X-A: 1\r\n 2\r\n'),
    shows: ['x-a'],
    outcome: {
      holdfast: '400',
      haproxy: '200; GET /a, x-a: 1   2',
      caddy: '200; GET /a, x-a: 1 2',
      apache: '200; GET /a, x-a: 1 2',
    },
    why: 'RFC 9112 5.2: "MUST either reject the message by sending a 400 [...] or replace".',
  },
  {
    name: 'a bare CR in a field',
    request: get('X-A: 1\rX-B: 2\r\n'),
    shows: ['x-a', 'x-b'],
    outcome: { holdfast: '400' },
    why: 'RFC 9112 2.2.',
  },
  {
    name: 'a NUL in a field',
    request: get('X-A: 1\0\r\n'),
    shows: ['x-a'],
    outcome: { holdfast: '400', haproxy: '502; no field line: "x-a: 1\\u0000"' },
    why: 'RFC 9110 5.5: "invalid and dangerous".',
  },
  {
    name: 'bare LFs',
    request: get('').replaceAll('\r\n', '\n'),
    outcome: { holdfast: '400', nginx: '200; GET /a', haproxy: '200; GET /a', caddy: '200; GET /a' },
    why: 'RFC 9112 2.2 lets a server take them; two that differ here are a way to smuggle.',
  },
  {
    name: 'an empty field',
    request: get('X-A:\r\n'),
    shows: ['x-a'],
    outcome: { holdfast: '200; GET /a, x-a: ' },
    why: 'RFC 9110 5.5: a value may be empty.',
  },
  {
    name: '`X_Forwarded_For`',
    request: get('X_Forwarded_For: 6.6.6.6\r\n'),
    shows: ['x_forwarded_for'],
    outcome: {
      holdfast: '200; GET /a',
      haproxy: '200; GET /a, x_forwarded_for: 6.6.6.6',
      caddy: '200; GET /a, x_forwarded_for: 6.6.6.6',
      apache: '200; GET /a, x_forwarded_for: 6.6.6.6',
    },
    why: 'CGI and WSGI make the same name of it as of the real one.',
  },
  {
    name: '`X_Mine`',
    request: get('X_Mine: 1\r\n'),
    shows: ['x_mine'],
    outcome: { holdfast: '200; GET /a, x_mine: 1', nginx: '200; GET /a' },
    why: 'It poses as nothing of the gateway. nginx drops every such name.',
  },
  {
    name: '`Proxy: x`',
    request: get('Proxy: x\r\n'),
    shows: ['proxy'],
    outcome: {
      holdfast: '200; GET /a',
      nginx: '200; GET /a, proxy: x',
      haproxy: '200; GET /a, proxy: x',
      caddy: '200; GET /a, proxy: x',
      apache: '200; GET /a, proxy: x',
    },
    why: 'CGI makes `HTTP_PROXY` of it, which libraries obey.',
  },
  {
    name: '`Expect: x`',
    request: get('Expect: x\r\n'),
    shows: ['expect'],
    outcome: { holdfast: '417', nginx: '200; GET /a', haproxy: '200; GET /a, expect: x' },
    why: 'RFC 9110 10.1.1: 417.',
  },
  {
    name: '`Max-Forwards: 0` in OPTIONS',
    request: get('Max-Forwards: 0\r\n', { method: 'OPTIONS' }),
    shows: ['max-forwards'],
    outcome: {
      holdfast: '501',
      nginx: '200; OPTIONS /a, max-forwards: 0',
      haproxy: '200; OPTIONS /a, max-forwards: 0',
      caddy: '200; OPTIONS /a, max-forwards: 0',
      apache: '200',
    },
    why: 'RFC 9110 7.6.2: "MUST NOT forward". There is nothing here that could answer it.',
  },
  {
    name: 'HTTP/1.2',
    request: get('').replace('HTTP/1.1', 'HTTP/1.2'),
    outcome: {
      holdfast: '505',
      nginx: '200; GET /a',
      haproxy: '200; GET /a',
      caddy: '200; GET /a',
      apache: '200; GET /a',
    },
    why: "Node's parser takes versions that exist. RFC 9110 2.5 would have it served as 1.1.",
  },
  {
    name: 'another request behind `Connection: close`',
    request: `${get('')}${get('', { target: '/second' })}`,
    outcome: { holdfast: '200; GET /a' },
    why: 'RFC 9112 9.6: "MUST NOT process any further requests".',
  },
  {
    name: 'three requests in one write',
    request: `${get('', { connection: '' })}${get('', { target: '/b', connection: '' })}${get('', { target: '/c' })}`,
    outcome: { holdfast: '200 200 200; GET /a; GET /b; GET /c' },
    why: 'RFC 9112 9.3.2: answered in order.',
  },
  {
    name: 'garbage behind a good one',
    request: `${get('', { connection: '' })}\x01\x02 garbage\r\n\r\n`,
    outcome: { holdfast: '200 400; GET /a' },
    why: 'The good one is answered before the 400.',
  },
  {
    name: 'the method `get`',
    request: get('', { method: 'get' }),
    outcome: { holdfast: '400', haproxy: '200; get /a', caddy: '200; get /a', apache: '200; get /a' },
    why: "Node's parser knows the registered methods only. Methods are case-sensitive, RFC 9110 9.1.",
  },
  {
    name: 'a POST without a length',
    request: get('', { method: 'POST' }),
    shows: ['content-length', 'transfer-encoding'],
    outcome: {
      holdfast: '200; POST /a, content-length: 0',
      nginx: '200; POST /a',
      haproxy: '200; POST /a',
      apache: '200; POST /a',
    },
    why: 'RFC 9110 8.6: a sender says 0.',
  },
]
