// In: a client's request. Out: the fields of the question to the authentication service; and, with its answer, the fields of
// the request for the upstream. Pure.
import type { HeaderList } from '../http/index.ts'
import { changeFields } from '../upstream/index.ts'

/** What is asked about: a handshake, or a plain request. */
export interface Authorisable {
  /** Absent: a WebSocket handshake, which is a GET (RFC 6455 4.1; over HTTP/2 it stands for one). */
  method?: string
  /** Origin-form target with its query. */
  target: string
  /** End-to-end fields, with X-Forwarded-For, -Proto and -Host. */
  headers: HeaderList
}

/**
 * The question is a request of its own: it has no body, it opens nothing, and its answer is asked for whole, now and as it is.
 * What says who the client is goes with it: cookies, Authorization, its subprotocols, which may hold a token.
 */
const ofTheHandshake =
  /^(?:sec-websocket-(?:key|version|extensions|accept)|content-.*|transfer-encoding|trailer|te|expect|range|if-.*|upgrade|connection|accept-encoding|x-forwarded-(?:method|uri|proto))$/i

/** The fields of the question, but for Host and Connection. */
export function questionFields({ method = 'GET', target, headers }: Authorisable): HeaderList {
  const proto = headers.find(([name]) => /^x-forwarded-proto$/i.test(name))?.[1] ?? 'http'
  return [
    ...headers.filter(([name]) => !ofTheHandshake.test(name)),
    // Services compare it with http and https; a proxy before this one may have written ws or wss.
    ['X-Forwarded-Proto', proto.replace(/^ws/i, 'http')],
    ['X-Forwarded-Method', method],
    ['X-Forwarded-Uri', target],
  ]
}

/** What an answer was given for; traces differ from one handshake of a client to the next, and say nothing of who it is. */
export function questionKey(fields: HeaderList): string {
  return JSON.stringify(fields.filter(([name]) => !/^trace(?:parent|state)$/i.test(name)))
}

/**
 * The request as the upstream gets it: the service's word in the fields that it may set, and of the client's own none of
 * these names, in no spelling that is taken for one of them.
 */
export function authorised<R extends { headers: HeaderList }>(
  request: R,
  names: readonly string[],
  granted: HeaderList,
): R {
  const { headers } = request
  return { ...request, headers: [...changeFields({ remove: [...names] }, headers), ...granted] }
}
