// Who may use the admin port. Pure: from a request's head to a refusal, or to nothing.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import net from 'node:net'
import type { AdminOptions } from './options.ts'

export interface Refusal {
  status: 400 | 401 | 403 | 415
  code: string
  message: string
}

export interface GuardedRequest {
  method: string
  headers: IncomingHttpHeaders
  /** Probes come without a token and under any name. They are told nothing but yes or no. */
  probe: boolean
}

/** Why the request is refused; undefined when it is not. */
export function refusalOf(request: GuardedRequest, admin: AdminOptions): Refusal | undefined {
  const { headers, probe } = request
  if (probe) return undefined
  const token = tokenOf(headers.authorization)
  const known = admin.token !== undefined && token !== undefined && sameToken(token, admin.token)
  return (
    hostRefusal(headers.host, admin, known) ??
    originRefusal(headers.origin, headers.host) ??
    (request.method === 'GET' || request.method === 'HEAD' ? undefined : writeRefusal(headers)) ??
    (admin.token === undefined || known ? undefined : tokenRefusal)
  )
}

const tokenRefusal: Refusal = {
  status: 401,
  code: 'unauthorized',
  message: 'send the admin token as "Authorization: Bearer TOKEN"',
}

/**
 * A page on the web can make its own name resolve to this address (DNS rebinding), but its requests still carry that
 * name in Host. Off the loopback, where names are the operator's business, the token is proof enough: a page that
 * rebinds a name cannot know it.
 */
function hostRefusal(
  host: string | undefined,
  admin: AdminOptions,
  tokenKnown: boolean,
): Refusal | undefined {
  const name = hostNameOf(host)
  if (name === undefined) return { status: 400, code: 'bad_host', message: 'send one valid Host header' }
  if (isLoopback(name) || name === admin.host.toLowerCase()) return undefined
  if (!isLoopback(admin.host) && (tokenKnown || net.isIP(name) !== 0)) return undefined
  return {
    status: 403,
    code: 'host_not_allowed',
    message: "this Host is not the admin address; use the address in the gateway's startup line",
  }
}

function originRefusal(origin: string | undefined, host: string | undefined): Refusal | undefined {
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return undefined
  return {
    status: 403,
    code: 'origin_not_allowed',
    message: 'pages of other origins may not use the admin API',
  }
}

/** What changes something must not come from another site's form. */
function writeRefusal(headers: IncomingHttpHeaders): Refusal | undefined {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return { status: 403, code: 'cross_site', message: 'pages of other sites may not use the admin API' }
  }
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type === undefined || type === '' || type === 'application/json') return undefined
  return { status: 415, code: 'not_json', message: 'send the body as application/json' }
}

function tokenOf(authorization: string | undefined): string | undefined {
  // RFC 9110 section 11.1: the scheme is case-insensitive.
  return /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
}

/** Takes as long for a wrong token as for the right one. */
function sameToken(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** The host of a Host header: lower case, without port and brackets. */
function hostNameOf(host: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(host ?? '')
  return (match?.[1] ?? match?.[2])?.toLowerCase()
}

/** Whether only this machine can reach it by that name or address. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  return name === 'localhost' || name === '::1' || (net.isIPv4(name) && name.startsWith('127.'))
}
