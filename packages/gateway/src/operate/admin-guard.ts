// Who may use the admin port. Pure: from a request's head to a refusal, or to nothing.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import net from 'node:net'
import type { AdminOptions } from '../core/index.ts'

export interface Refusal {
  status: 400 | 401 | 403 | 415 | 429
  code: string
  message: string
  /** Milliseconds after which to try again. */
  wait?: number
}

/**
 * What a request proves: that it knows the token, that it is of a page that has logged in, nothing, or that it was
 * wrong too often and has to wait, in milliseconds.
 */
export type Proof = 'token' | 'session' | 'none' | { wait: number }

export interface GuardedRequest {
  method: string
  headers: IncomingHttpHeaders
  /**
   * Who may come in. `anybody`: probes come without a token and under any name; they are told nothing but yes or no.
   * `strangers`: the page itself and its log-in, which show nothing of the gateway. Absent: who knows the token.
   */
  admits?: 'anybody' | 'strangers'
}

/** Why the request is refused; undefined when it is not. `prove` is only asked if nothing else refuses it. */
export function refusalOf(
  request: GuardedRequest,
  admin: AdminOptions,
  prove: () => Proof,
): Refusal | undefined {
  const { method, headers, admits } = request
  if (admits === 'anybody') return undefined
  const reads = method === 'GET' || method === 'HEAD'
  const foreign =
    hostRefusal(headers.host, admin, true) ??
    originRefusal(headers.origin, headers.host) ??
    (reads ? undefined : writeRefusal(headers))
  if (foreign || admits === 'strangers') return foreign
  const proof = prove()
  if (typeof proof === 'object') return tooOften(proof.wait)
  if (proof === 'session' && !reads && !namesItsOrigin(headers)) return crossSite
  return (
    hostRefusal(headers.host, admin, proof !== 'none') ??
    (admin.token === undefined || proof !== 'none' ? undefined : tokenRefusal)
  )
}

/** Said to those who were wrong about the token too often. */
export function tooOften(wait: number): Refusal {
  const seconds = Math.ceil(wait / 1000)
  return {
    status: 429,
    code: 'too_many_tries',
    message: `too many wrong tokens; try again in ${seconds} s`,
    wait,
  }
}

const tokenRefusal: Refusal = {
  status: 401,
  code: 'unauthorized',
  message: 'send the admin token as "Authorization: Bearer TOKEN"',
}

/**
 * A page on the web can make its own name resolve to this address (DNS rebinding), but its requests still carry that
 * name in Host. Off the loopback, where names are the operator's business, the token is proof enough: a page that
 * rebinds a name cannot know it, nor have the cookie of another name.
 */
function hostRefusal(host: string | undefined, admin: AdminOptions, proven: boolean): Refusal | undefined {
  const name = hostNameOf(host)
  if (name === undefined) return { status: 400, code: 'bad_host', message: 'send one valid Host header' }
  if (isLoopback(name) || name === admin.host.toLowerCase()) return undefined
  if (!isLoopback(admin.host) && (proven || net.isIP(name) !== 0)) return undefined
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

const crossSite: Refusal = {
  status: 403,
  code: 'cross_site',
  message: 'pages of other sites may not use the admin API',
}

/** Browsers say where a POST comes from, one way or the other; a cookie alone does not. */
function namesItsOrigin(headers: IncomingHttpHeaders): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] === 'same-origin'
}

/** What changes something must not come from another site's form. */
function writeRefusal(headers: IncomingHttpHeaders): Refusal | undefined {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return crossSite
  }
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type === undefined || type === '' || type === 'application/json') return undefined
  return { status: 415, code: 'not_json', message: 'send the body as application/json' }
}

/** The token in the Authorization header. */
export function bearerOf({ authorization }: IncomingHttpHeaders): string | undefined {
  // RFC 9110 section 11.1: the scheme is case-insensitive.
  return /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
}

/** Takes as long for a wrong token as for the right one. */
export function sameToken(a: string, b: string): boolean {
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
