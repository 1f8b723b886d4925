// In: an accepted socket of a listener with TLS. Out: a connection on which HTTP starts, encrypted.
import { createHash } from 'node:crypto'
import type net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { attempt, guarded, type ListenOptions, type TlsChallenge, type TlsOptions } from '../core/index.ts'
import type { Source } from '../http/index.ts'
import { clientCertificateFields } from './client-certificate.ts'
import { type ClientHello, peekClientHello } from './client-hello.ts'
import type { HttpServers } from './http-servers.ts'
import type { Opening } from './pending.ts'
import { certificatesOf, chooseCertificate, describeCertificate } from './server-names.ts'
import { type RefusedTls, tlsRefusal } from './tls-refusal.ts'

/** What a listener's TLS is made of. */
export interface TlsSettings extends Pick<ListenOptions, 'tls' | 'clientCertificates' | 'auto'> {
  /** What an authority is answered that comes to see whose a name is (RFC 8737). */
  challenges?: readonly TlsChallenge[]
}

export interface TlsDeps {
  handshakeTimeoutMs: number
  onFault?: (error: unknown) => void
  /** A handshake that did not succeed. */
  onRefused?: (refused: RefusedTls) => void
  /** There is no certificate yet for the name that a client asks for, if it does. */
  onNoCertificate?: (name: string | undefined) => void
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
  /** The one for all, without a look at what the client asks for. */
  only?: tls.Server
  /** Undefined: none is for this client. */
  pick(hello: ClientHello | undefined): tls.Server | undefined
}

interface Connection {
  source: Source
  opening: Opening
  /** The handshake is over, and was counted if it has failed. */
  over: boolean
  late: boolean
}

/** The TLS of one listener; it hands what it has decrypted to `http`. */
export class TlsServer {
  readonly #http: HttpServers
  readonly #deps: TlsDeps
  /** By the socket that TLS is spoken on: the server makes the TLS socket itself. */
  readonly #connections = new WeakMap<object, Connection>()
  #servers: Servers
  #ticketKeys: Buffer | undefined

  constructor(settings: TlsSettings, http: HttpServers, deps: TlsDeps) {
    this.#http = http
    this.#deps = deps
    this.#servers = this.#openAll(settings)
  }

  /** Speaks TLS on a socket that nobody has read from. */
  serve(socket: net.Socket, source: Source, opening: Opening): void {
    const connection: Connection = { source, opening, over: false, late: false }
    this.#connections.set(socket, connection)
    const isLate = () => {
      connection.late = true
    }
    opening.onLate(() => {
      // Who looks whether the port is open may have left long ago: below TLS the end of a stream is not seen.
      if (socket.bytesRead > 0) isLate()
      socket.destroy()
    })
    const { only } = this.#servers
    if (only) return void only.emit('connection', socket)
    const onClose = () => this.#refused(connection, 'ECONNRESET')
    socket.once('close', onClose)
    const onHello = (hello: ClientHello | undefined) => {
      socket.off('close', onClose)
      attempt(
        () => this.#choose(socket, hello),
        (error) => this.#fail(error, socket),
      )
    }
    peekClientHello(socket, this.#deps.handshakeTimeoutMs, onHello, isLate)
  }

  /** New handshakes get these; connections stay as they are. Throws, and changes nothing, when they cannot be used. */
  configure(replacement: TlsSettings): void {
    this.#servers = this.#openAll(replacement)
  }

  /** 48 secret bytes: sessions can be resumed wherever they are the same. */
  setTicketKeys(keys: Buffer): void {
    this.#ticketKeys = keys
    for (const server of this.#servers.all) setKeys(server, keys)
  }

  #openAll(of: TlsSettings): Servers {
    return openServers(of, (options) => this.#open(options), this.#deps.handshakeTimeoutMs)
  }

  #open(options: tls.TlsOptions): tls.Server {
    const server = tls.createServer({
      ...options,
      handshakeTimeout: this.#deps.handshakeTimeoutMs,
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      const found = this.#connectionOf(socket)
      if (found) this.#refused(found, error.code ?? 'unknown', socket)
      socket.destroy()
    })
    const asksClients = options.requestCert === true
    server.on(
      'secureConnection',
      guarded(
        (socket: tls.TLSSocket) => this.#onSecure(socket, asksClients),
        (error, socket) => this.#fail(error, socket),
      ),
    )
    if (this.#ticketKeys) setKeys(server, this.#ticketKeys)
    return server
  }

  #connectionOf(socket: tls.TLSSocket): Connection | undefined {
    const { _parent: parent } = socket as { _parent?: object }
    return parent && this.#connections.get(parent)
  }

  #choose(socket: net.Socket, hello: ClientHello | undefined): void {
    const server = this.#servers.pick(hello)
    if (server) return void server.emit('connection', socket)
    this.#deps.onNoCertificate?.(hello?.serverName)
    refuseName(socket)
  }

  #onSecure(socket: tls.TLSSocket, asksClients: boolean): void {
    socket.on('error', () => {})
    const found = this.#connectionOf(socket)
    if (!found) return void socket.destroy()
    found.over = true
    const source = asksClients
      ? { ...found.source, clientCertificate: clientCertificateFields(socket) }
      : found.source
    this.#http.serve(socket, socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1', source, found.opening)
  }

  #refused(connection: Connection, code: string, judged: { authorizationError?: unknown } = {}): void {
    if (connection.over) return
    connection.over = true
    const { late, source } = connection
    const what = tlsRefusal(late ? 'ERR_TLS_HANDSHAKE_TIMEOUT' : code, judged)
    this.#deps.onRefused?.({ ...what, address: source.address })
  }

  #fail(error: unknown, socket: Duplex): void {
    this.#deps.onFault?.(error)
    socket.destroy()
  }
}

function setKeys(server: tls.Server, keys: Buffer): void {
  attempt(
    () => server.setTicketKeys(keys),
    // Bun has none; its one process needs none.
    () => {},
  )
}

/**
 * A server for each choice, and not one with an SNICallback: what Node sets there is added to the first certificate, which is
 * then shown to everybody who prefers its kind of key (docs/decisions/0052).
 */
function openServers(
  settings: TlsSettings,
  open: (options: tls.TlsOptions) => tls.Server,
  handshakeTimeout: number,
): Servers {
  const { auto = false, challenges = [] } = settings
  const certificates = certificatesOf(settings)
  const choice = chooseCertificate(certificates.map(describeCertificate), auto)
  const common = commonOptions(settings)
  const opened = new Map(
    (certificates.length > 0 ? choice.results : []).map((result) => {
      const chosen = result.map((index) => certificates[index]!)
      return [result.join(), open({ ...common, ...certificateOptions(chosen) })]
    }),
  )
  const all = [...opened.values()]
  const answering = new Map(challenges.map((one) => [one.name, answerChallenge(one, handshakeTimeout)]))
  return {
    all,
    ...(!auto && all.length === 1 && { only: all[0] }),
    pick: (hello) =>
      isChallenge(hello)
        ? answering.get(hello?.serverName?.toLowerCase() ?? '')
        : opened.get(choice.choose(hello?.serverName).join()),
  }
}

/** RFC 8737 3: the authority offers "the ALPN extension with the single protocol name 'acme-tls/1'". */
const challengeProtocol = 'acme-tls/1'

function isChallenge(hello: ClientHello | undefined): boolean {
  return hello?.protocols.length === 1 && hello.protocols[0] === challengeProtocol
}

/** RFC 8737 3: "Once the TLS handshake has been completed, the connection [...] SHOULD be closed". */
function answerChallenge({ cert, key }: TlsChallenge, handshakeTimeout: number): tls.Server {
  const server = tls.createServer({ cert, key, handshakeTimeout, ALPNProtocols: [challengeProtocol] })
  server.on('tlsClientError', (_, socket) => socket.destroy())
  server.on('secureConnection', (socket) => socket.on('error', () => {}).end())
  return server
}

/**
 * RFC 6066 3: "If the server understood the ClientHello extension but does not recognize the server name, the server SHOULD take
 * one of two actions: either abort the handshake by sending a fatal-level unrecognized_name(112) alert or continue the handshake."
 * With a certificate for another name a client would only find another fault.
 */
function refuseName(socket: net.Socket): void {
  // RFC 8446 5.1, 6: an alert(21), fatal(2), in a record of its own.
  socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 112]))
  // What is left unread would reset the connection, and the alert with it.
  socket.resume()
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
