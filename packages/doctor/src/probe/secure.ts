import net from 'node:net'
import tls from 'node:tls'
import { type Finding, finding } from '../findings.ts'
import type { Endpoint } from './endpoint.ts'
import { until } from './limit.ts'
import { seconds } from './seconds.ts'

const where = { layer: 'tls' } as const
const day = 24 * 60 * 60 * 1000

/** A certificate that ends within this many days is worth a warning: most are renewed 30 days before. */
const soon = 14

/** TLS over a connected socket; undefined when it failed or the signal fired. The certificate is not checked here. */
export async function startTls(
  tcp: net.Socket,
  { host }: Endpoint,
  signal: AbortSignal,
  ca?: string,
): Promise<{ socket?: tls.TLSSocket; code: string }> {
  let code = ''
  const socket = tls.connect({
    socket: tcp,
    // RFC 6066 3: "Literal IPv4 and IPv6 addresses are not permitted in "HostName"". Node then checks the
    // certificate against `host`.
    ...(net.isIP(host) ? { host } : { servername: host }),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: false,
    ca: ca === undefined ? undefined : [...tls.rootCertificates, ca],
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    code ||= error.code ?? 'unknown'
  })
  let ready = false
  await until(signal, (wake) => {
    const onReady = () => {
      ready = true
      wake()
    }
    socket.on('secureConnect', onReady).on('close', wake)
    return () => socket.off('secureConnect', onReady).off('close', wake)
  })
  if (ready) return { socket, code }
  socket.destroy()
  return { code: code || (signal.aborted ? 'late' : 'ECONNRESET') }
}

/** What a failed TLS handshake means. */
export function tlsFailure(code: string, { host, port }: Endpoint, timeout: number): Finding {
  if (code === 'late') return finding('tls-no-answer', { port, after: seconds(timeout) }, where)
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL|^EPROTO$/.test(code)) {
    return finding('tls-not-spoken', { port }, where)
  }
  if (code === 'ECONNRESET') return finding('tls-cut', { port, host }, where)
  if (/NO_APPLICATION_PROTOCOL/.test(code)) return finding('tls-no-http1', { port }, where)
  const words = code
    .replace(/^ERR_(SSL|TLS)_/, '')
    .replaceAll('_', ' ')
    .toLowerCase()
  return finding('tls-failed', { port, words }, where)
}

/** Everything that a browser would hold against this certificate; a good one gives one finding that says so. */
export function judgeCertificate(socket: tls.TLSSocket, { host, port }: Endpoint, now: number): Finding[] {
  if (socket.alpnProtocol && socket.alpnProtocol !== 'http/1.1') {
    return [finding('tls-no-http1', { port: socket.remotePort ?? 0 }, where)]
  }
  const certificate = socket.getPeerCertificate()
  const from = Date.parse(certificate.valid_from)
  const to = Date.parse(certificate.valid_to)
  const found = [
    ...dates(host, from, to, now),
    ...name(host, certificate),
    ...trust({ host, port }, String(errorCode(socket.authorizationError) ?? ''), from <= now && now <= to),
  ]
  if (found.length > 0) return found
  const days = Math.floor((to - now) / day)
  const version = socket.getProtocol() ?? 'TLS'
  if (days < soon) return [finding('tls-expires-soon', { host, days, until: date(to) }, where)]
  return [finding('tls-right', { version, until: date(to) }, where)]
}

function dates(host: string, from: number, to: number, now: number): Finding[] {
  if (now > to) return [finding('tls-expired', { host, since: date(to) }, where)]
  if (now < from) return [finding('tls-not-yet-valid', { host, from: date(from) }, where)]
  return []
}

function name(host: string, certificate: tls.PeerCertificate): Finding[] {
  if (!tls.checkServerIdentity(host, certificate)) return []
  const names = certificate.subjectaltname?.replace(/DNS:|IP Address:/g, '') ?? certificate.subject?.CN
  return [finding('tls-wrong-name', { host, names: String(names ?? 'no name') }, where)]
}

/** OpenSSL's verdict, as far as dates and name have not said it already. */
function trust({ host, port }: Pick<Endpoint, 'host' | 'port'>, code: string, inTime: boolean): Finding[] {
  switch (code) {
    case '':
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return []
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return [finding('tls-self-signed', { host, port }, where)]
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return [finding('tls-incomplete-chain', { host, port }, where)]
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      // Its own dates are told already; then it is the authority's certificate.
      return inTime
        ? [finding('tls-untrusted', { host, port, words: 'its authority is out of date' }, where)]
        : []
    default:
      return [finding('tls-untrusted', { host, port, words: code.replaceAll('_', ' ').toLowerCase() }, where)]
  }
}

/** Node's types call it an Error; it is the code itself for what OpenSSL found, and an Error for the name. */
function errorCode(error: Error | string | null | undefined): string | undefined {
  return typeof error === 'object' ? (error as NodeJS.ErrnoException | null)?.code : error
}

function date(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
