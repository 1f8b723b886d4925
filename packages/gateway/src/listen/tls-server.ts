// In: an accepted socket of a listener with TLS. Out: a connection on which HTTP starts, encrypted.
import { createHash } from 'node:crypto'
import type net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { attempt, guarded, type ListenOptions, type TlsOptions } from '../core/index.ts'
import type { Source } from '../http/index.ts'
import { clientCertificateFields } from './client-certificate.ts'
import { peekClientHello } from './client-hello.ts'
import type { HttpServers } from './http-servers.ts'
import type { Opening } from './pending.ts'
import {
  type CertificateChoice,
  certificatesOf,
  chooseCertificate,
  describeCertificate,
} from './server-names.ts'

/** What a listener's TLS is made of. */
export type TlsSettings = Pick<ListenOptions, 'tls' | 'clientCertificates'>

export interface TlsDeps {
  handshakeTimeoutMs: number
  onFault?: (error: unknown) => void
  /** A handshake that did not succeed, with the code of why. */
  onRefused?: (code: string) => void
}

export interface TlsListener {
  /** Speaks TLS on a socket that nobody has read from. */
  serve(socket: net.Socket, source: Source, opening: Opening): void
  /** New handshakes get these; connections stay as they are. Throws, and changes nothing, when they cannot be used. */
  configure(settings: TlsSettings): void
  /** 48 secret bytes: sessions can be resumed wherever they are the same. */
  setTicketKeys(keys: Buffer): void
}

/**
 * Seconds in which a session can be resumed. A client that comes back after a restart got its ticket when it connected, hours
 * before. RFC 8446 4.6.1: "Servers MUST NOT use any value greater than 604800 seconds (7 days)." With client certificates it is
 * Node's default: a resumption does not look at the dates of the certificate again.
 */
const sessionSeconds = { plain: 24 * 3600, clientCertificates: 300 }

/** The servers of one configuration: one for each certificate that can be chosen. */
interface Servers {
  all: readonly tls.Server[]
  pick(serverName: string | undefined): tls.Server
}

interface Connection {
  source: Source
  opening: Opening
}

/** Opens the TLS of one listener; it hands what it has decrypted to `http`. */
export function openTls(settings: TlsSettings, http: HttpServers, deps: TlsDeps): TlsListener {
  // The server makes the TLS socket itself; the two ends of a connection tell it from all others that are open.
  const connections = new Map<string, Connection>()
  let ticketKeys: Buffer | undefined

  const fail = (error: unknown, socket: Duplex) => {
    deps.onFault?.(error)
    socket.destroy()
  }
  const onSecure = (asksClients: boolean) => (socket: tls.TLSSocket) => {
    socket.on('error', () => {})
    const found = connections.get(nameOf(socket))
    if (!found) return socket.destroy()
    const source = asksClients
      ? { ...found.source, clientCertificate: clientCertificateFields(socket) }
      : found.source
    http.serve(socket, socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1', source, found.opening)
  }
  const setKeys = (server: tls.Server, keys: Buffer) =>
    attempt(
      () => server.setTicketKeys(keys),
      // Bun has none; its one process needs none.
      () => {},
    )
  const open = (options: tls.TlsOptions) => {
    const server = tls.createServer({
      ...options,
      handshakeTimeout: deps.handshakeTimeoutMs,
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      deps.onRefused?.(error.code ?? 'unknown')
      socket.destroy()
    })
    server.on('secureConnection', guarded(onSecure(options.requestCert === true), fail))
    if (ticketKeys) setKeys(server, ticketKeys)
    return server
  }
  let servers = openServers(settings, open)

  return {
    serve(socket, source, opening) {
      const name = nameOf(socket)
      const connection = { source, opening }
      connections.set(name, connection)
      socket.once('close', () => {
        if (connections.get(name) === connection) connections.delete(name)
      })
      const [only, ...others] = servers.all
      if (others.length === 0) return void only!.emit('connection', socket)
      peekClientHello(socket, deps.handshakeTimeoutMs, (hello) =>
        attempt(
          () => servers.pick(hello?.serverName).emit('connection', socket),
          (error) => fail(error, socket),
        ),
      )
    },
    configure(replacement) {
      servers = openServers(replacement, open)
    },
    setTicketKeys(keys) {
      ticketKeys = keys
      for (const server of servers.all) setKeys(server, keys)
    },
  }
}

/**
 * A server for each choice, and not one with an SNICallback: what Node sets there is added to the first certificate, which is
 * then shown to everybody who prefers its kind of key (docs/decisions/0052).
 */
function openServers(settings: TlsSettings, open: (options: tls.TlsOptions) => tls.Server): Servers {
  const certificates = certificatesOf(settings)
  const choice = chooseCertificate(certificates.map(describeCertificate))
  const common = commonOptions(settings)
  const opened = new Map(
    choice.results.map((result) => {
      const chosen = result.map((index) => certificates[index]!)
      return [result.join(), open({ ...common, ...certificateOptions(chosen) })]
    }),
  )
  const pick: (name: Parameters<CertificateChoice>[0]) => tls.Server = (name) =>
    opened.get(choice.choose(name).join())!
  return { all: [...opened.values()], pick }
}

/** What Node takes for certificates, one for each kind of key. */
function certificateOptions(certificates: readonly TlsOptions[]): tls.TlsOptions {
  const pem = certificates.filter(({ pkcs12 }) => !pkcs12)
  const pfx = certificates.flatMap(({ pkcs12 }) =>
    pkcs12 ? [{ buf: Buffer.from(pkcs12.data, 'base64'), passphrase: pkcs12.passphrase }] : [],
  )
  const [one] = pem
  // Not every runtime takes lists.
  if (pem.length === 1 && pfx.length === 0) return { cert: one!.cert, key: one!.key }
  return {
    ...(pem.length > 0 && { cert: pem.map(({ cert }) => cert), key: pem.map(({ key }) => key) }),
    ...(pfx.length > 0 && { pfx }),
  }
}

function commonOptions({ clientCertificates }: TlsSettings): tls.TlsOptions {
  // Without one of its own Node takes a hash of the command line, which is another after an upgrade. A session of clients that
  // were asked for a certificate must not be resumed where they are asked for another.
  const context = JSON.stringify(clientCertificates ?? null)
  const sessionIdContext = createHash('sha256').update(context).digest('hex').slice(0, 32)
  if (!clientCertificates) return { sessionIdContext, sessionTimeout: sessionSeconds.plain }
  return {
    sessionIdContext,
    sessionTimeout: sessionSeconds.clientCertificates,
    ca: clientCertificates.ca,
    requestCert: true,
    rejectUnauthorized: clientCertificates.required,
  }
}

function nameOf({ remoteAddress, remotePort, localAddress, localPort }: net.Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}
