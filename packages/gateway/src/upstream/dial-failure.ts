import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { TLSSocket } from 'node:tls'
import { isShortage } from '../core/index.ts'
import type { HeaderList } from '../http/index.ts'
import { formatHostPort } from '../listen/index.ts'

/** Why a dial came to nothing. `words` may be told to a client: they hold no address, path, errno or stack. */
export type DialFailure =
  /** No connection, or it was lost before an answer came. */
  /** `detail`: more, for operators only. `ours`: this process, or the system, has too many open files; no fault of the upstream's. */
  | { kind: 'unreachable'; words: string; detail?: string; ours?: true }
  /** One of the two limits passed. */
  | { kind: 'no-answer'; afterMs: number }
  /** Something else than the right 101; `agreement`: a 101 that agrees to what was never offered. */
  | { kind: 'bad-answer'; words: string; agreement?: true }
  /** 503 or 429. `retryAfter` in milliseconds. `stops`: the upstream was found to be stopping. */
  | { kind: 'busy'; status: 503 | 429; retryAfter?: number; stops?: true }
  /** Another 3xx or 4xx: its end-to-end headers, and its body, unread and paused. */
  | { kind: 'rejected'; status: number; headers: HeaderList; response: IncomingMessage }
  /** The signal fired. */
  | { kind: 'aborted' }

export type Failed = { ok: false; failure: DialFailure }

export const failed = (failure: DialFailure): Failed => ({ ok: false, failure })

export const unreachable = (words: string): Failed => failed({ kind: 'unreachable', words })

export const badAnswer = (words: string, agreement?: true): Failed =>
  failed({ kind: 'bad-answer', words, ...(agreement && { agreement }) })

/** Nobody listens where an upstream was, or is to be: what a restart looks like. */
export const refusedWords = 'connection refused'

const wordsOf: Record<string, string> = {
  EACCES: 'connection not permitted',
  EADDRNOTAVAIL: 'no local port left',
  // A socket of the file system whose server has all the connections that may wait for it.
  EAGAIN: refusedWords,
  EAI_AGAIN: 'name lookup failed',
  EAI_FAIL: 'name lookup failed',
  EAI_NODATA: 'name not found',
  EAI_NONAME: 'name not found',
  ECONNABORTED: 'connection reset',
  ECONNREFUSED: refusedWords,
  ECONNRESET: 'connection reset',
  EHOSTDOWN: 'host unreachable',
  EHOSTUNREACH: 'host unreachable',
  EMFILE: 'no sockets left',
  ENETDOWN: 'network unreachable',
  ENETUNREACH: 'network unreachable',
  ENFILE: 'no sockets left',
  ENOENT: refusedWords,
  ENODATA: 'name not found',
  ENOTFOUND: 'name not found',
  EPERM: 'connection not permitted',
  EPIPE: 'connection reset',
  ETIMEDOUT: 'connection timed out',
}

/** What went wrong with a socket or a name lookup, in words that may be told to a client. */
export function errorWords(error: unknown, otherwise = 'connection failed'): string {
  return wordsOf[codeOf(error)] ?? otherwise
}

/** Why there is no connection. `host`: what was connected to, an address or a name. */
export function connectFailure(error: unknown, socket: object, host?: string): Failed {
  if (isShortage(error)) return failed({ kind: 'unreachable', words: errorWords(error), ours: true })
  if (socket instanceof TLSSocket) {
    // Set, before the error is emitted, when the handshake ended well but the certificate was not accepted.
    if (socket.authorizationError)
      return failedWith('TLS certificate not valid', certificateFault(codeOf(error)))
    if (!(codeOf(error) in wordsOf)) return unreachable('TLS handshake failed')
  }
  const isName = host !== undefined && isIP(host) === 0
  return failedWith(errorWords(error), isName ? triedWords(error) : undefined)
}

function failedWith(words: string, detail: string | undefined): Failed {
  return failed({ kind: 'unreachable', words, ...(detail !== undefined && { detail }) })
}

const certificateFaults: Record<string, string> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another name',
  SELF_SIGNED_CERT_IN_CHAIN: 'its CA is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'its CA is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its CA is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its CA is not known here, or an intermediate certificate is missing',
}

function certificateFault(code: string): string | undefined {
  return certificateFaults[code] ?? (code === '' ? undefined : code)
}

/** The addresses that a name stands for and that were tried: `localhost` may be one that its server does not listen on. */
function triedWords(error: unknown): string | undefined {
  const tried = ((error as AggregateError).errors ?? [error]) as { address?: string; port?: number }[]
  const places = tried.flatMap(({ address, port }) =>
    address === undefined || port === undefined ? [] : [formatHostPort(address, port)],
  )
  return places.length > 0 ? `tried ${[...new Set(places)].slice(0, 4).join(', ')}` : undefined
}

/** What is told of a failure to operators only. */
export function withDetail(words: string, detail: string | undefined): string {
  return detail === undefined ? words : `${words}: ${detail}`
}

/** Why there is no answer on a connection that stood. */
export function answerFailure(error: unknown): Failed {
  const code = codeOf(error)
  if (code === 'HPE_HEADER_OVERFLOW') return badAnswer('headers too large')
  if (code.startsWith('HPE_')) return badAnswer('not HTTP')
  // The HTTP client says ECONNRESET for an orderly end too, but then no system call has failed.
  const { syscall } = error as NodeJS.ErrnoException
  if (code === 'ECONNRESET' && !syscall) return unreachable('connection closed without an answer')
  return unreachable(errorWords(error))
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException | undefined)?.code ?? '')
}
