// Why a TLS handshake did not succeed: a word for the metrics, and a line of the log now and then.
import { ThrottledLine, type TlsRefusal } from '../core/index.ts'

/** A handshake that did not succeed. */
export interface RefusedTls {
  reason: TlsRefusal
  /** What the TLS library calls it. */
  code: string
  /** The client's address. */
  address: string
}

/** The part of a TLS socket that is looked at. */
interface Judged {
  /** Why the client's certificate was not taken, where it was asked for. */
  authorizationError?: unknown
}

const noCertificate = /PEER_DID_NOT_RETURN_A_CERTIFICATE|CERTIFICATE_VERIFY_FAILED/
/** RFC 8446 6.2: what a client says of the gateway's certificate. */
const ofOurs = /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|ACCESS_DENIED)/
const notTls = /HTTP_REQUEST|HTTPS_PROXY_REQUEST|WRONG_VERSION_NUMBER|BAD_RECORD_TYPE|PACKET_LENGTH/
const nothingShared =
  /UNSUPPORTED_PROTOCOL|VERSION_TOO_|NO_SHARED_|NO_SUITABLE_|PROTOCOL_VERSION|HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY|APPLICATION_PROTOCOL|FALLBACK/
const left = /^(?:ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM_DESTROYED)$/

/** What the error of a handshake means. */
export function tlsRefusal(code: string, { authorizationError }: Judged): Omit<RefusedTls, 'address'> {
  // Node destroys such a socket as if the client had left.
  if (authorizationError) return { reason: 'tls-client-certificate', code: String(authorizationError) }
  if (noCertificate.test(code)) return { reason: 'tls-client-certificate', code }
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return { reason: 'tls-timeout', code }
  if (left.test(code)) return { reason: 'tls-closed', code }
  if (ofOurs.test(code)) return { reason: 'tls-certificate', code }
  if (notTls.test(code)) return { reason: 'tls-plain', code }
  return { reason: nothingShared.test(code) ? 'tls-version' : 'tls-other', code }
}

const hints: Partial<Record<TlsRefusal, string>> = {
  'tls-client-certificate': 'clientCertificates.ca names the authorities that count',
  'tls-certificate': 'clients do not take the certificate of this listener; holdfast check shows its chain',
  'tls-plain': 'clients speak plain HTTP, or no TLS, to this port',
  'tls-version': 'they have no version, cipher or protocol in common with the gateway',
}

/** Milliseconds between two lines with one reason: strangers can cause them at will. */
const lineEveryMs = 60_000

/** Writes what has happened, each reason by itself, so that what scanners do hides nothing. */
export class TlsRefusalLines {
  readonly #lines = new Map<TlsRefusal, ThrottledLine>()
  readonly #write: (refused: RefusedTls & { times: number; hint?: string }) => void

  constructor(write: (refused: RefusedTls & { times: number; hint?: string }) => void) {
    this.#write = write
  }

  happened(refused: RefusedTls): void {
    const { reason } = refused
    // Who looks whether a port is open does this all day.
    if (reason === 'tls-closed') return
    const hint = hints[reason]
    const line =
      this.#lines.get(reason) ??
      new ThrottledLine(
        (times, last) => this.#write({ ...(last as RefusedTls), times, ...(hint && { hint }) }),
        lineEveryMs,
      )
    this.#lines.set(reason, line)
    line.happened(refused)
  }
}
