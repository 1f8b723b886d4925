// In: an accepted socket. Out: a connection on which HTTP starts, with its peer known. Next: http-servers.ts.
import type net from 'node:net'
import type { Duplex } from 'node:stream'
import {
  attempt,
  guarded,
  type ListenOptions,
  type PendingOptions,
  unixPath,
  unixPeer,
} from '../core/index.ts'
import { normaliseAddress, type Source, type Trust } from '../http/index.ts'
import { Accepted, streamOf } from '../wire/index.ts'
import type { HttpHandlers, HttpTimeouts } from './http-handlers.ts'
import { type HttpServers, openHttpServers } from './http-servers.ts'
import { defaultPending, type Opening, Pending } from './pending.ts'
import { takeProxyHeader } from './proxy-protocol.ts'
import { handOn, isVerified, type Secured } from './secured.ts'
import type { RefusedTls } from './tls-refusal.ts'
import { TlsServer, type TlsSettings } from './tls-server.ts'

export interface ListenerTimeouts extends HttpTimeouts {
  /** Milliseconds for the PROXY header. Default 5 s. */
  proxyHeader: number
  /** Milliseconds for the TLS handshake. Default 10 s. */
  tlsHandshake: number
}

const defaultTimeouts: ListenerTimeouts = {
  proxyHeader: 5_000,
  tlsHandshake: 10_000,
  headers: 10_000,
  request: 300_000,
  idle: 30_000,
}

export interface ListenerDeps extends HttpHandlers {
  trusted: Trust
  timeouts?: Partial<ListenerTimeouts>
  /** Asked for each socket. */
  pending?: () => PendingOptions
  /** A socket had to give way to another before its request had come. */
  onPendingRefused?: () => void
  /** A TLS handshake did not succeed. */
  onTlsRefused?: (refused: RefusedTls) => void
  /** There is no certificate yet for the name that a client asks for, if it does. */
  onNoCertificate?: (name: string | undefined) => void
  onUntrustedProxy?: Source['onUntrustedProxy']
  /** TLS is all that happens here: what it has decrypted goes on to another process. */
  onSecured?: (options: ListenOptions, stream: Duplex, secured: Secured) => void
}

/** What happens to the accepted sockets of one listener. */
export class Listener {
  readonly #options: ListenOptions
  readonly #deps: ListenerDeps
  readonly #timeouts: ListenerTimeouts
  readonly #servers: HttpServers
  readonly #secure: TlsServer | undefined
  readonly #sockets = new Set<net.Socket | Accepted>()
  readonly #pending: Pending
  #closed = false

  constructor(options: ListenOptions & TlsSettings, deps: ListenerDeps) {
    const given = { ...defaultTimeouts, ...deps.timeouts }
    // The one limit for all that comes before a request shall not be cut by the one for later heads.
    const timeouts = { ...given, headers: Math.max(given.headers, deps.pending?.().timeout ?? 0) }
    const { onSecured } = deps
    this.#options = options
    this.#deps = deps
    this.#timeouts = timeouts
    this.#servers = onSecured
      ? handOn((stream, secured) => onSecured(options, stream, secured))
      : openHttpServers(deps, timeouts)
    const tlsDeps = {
      handshakeTimeoutMs: timeouts.tlsHandshake,
      onFault: deps.onFault,
      onRefused: deps.onTlsRefused,
      onNoCertificate: deps.onNoCertificate,
    }
    if (options.tls) this.#secure = new TlsServer(options, this.#servers, tlsDeps)
    this.#pending = new Pending({
      options: deps.pending ?? (() => ({ ...defaultPending, timeout: timeouts.headers })),
      // Whoever comes over a socket of the file system is one of many.
      shared: (address) => address === unixPeer || deps.trusted(address),
      onRefused: () => deps.onPendingRefused?.(),
    })
  }

  /**
   * Starts PROXY protocol, TLS and HTTP, whichever the listener has, on a socket that nobody has read from. `secured`: another process has
   * done all that comes before HTTP.
   */
  accept(given: net.Socket | Accepted, secured?: Secured): void {
    const { host, proxyProtocol } = this.#options
    // TLS and the PROXY protocol read a socket of Node's.
    const socket = this.#secure || secured || proxyProtocol ? streamOf(given) : given
    // What goes wrong shows in the socket's 'close'.
    if (!(socket instanceof Accepted)) socket.on('error', () => {})
    const peer = secured || unixPath(host) !== undefined ? unixPeer : socket.remoteAddress
    if (this.#closed || peer === undefined) {
      socket.destroy()
      return
    }
    socket.setNoDelay(true)
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      if (this.#closed && this.#sockets.size === 0) this.#servers.close()
    })
    attempt(
      () => (secured ? this.#beginSecured(streamOf(socket), secured) : this.#begin(socket, peer)),
      (error) => this.#fail(error, socket),
    )
  }

  #begin(socket: net.Socket | Accepted, peer: string): void {
    const opening = this.#pending.add(socket, normaliseAddress(peer))
    if (!this.#options.proxyProtocol) return this.#start(socket, peer, opening)
    const header = guarded(
      (address: { host: string } | undefined) => this.#start(socket, address?.host ?? peer, opening),
      (error) => this.#fail(error, socket),
    )
    takeProxyHeader(streamOf(socket), this.#timeouts.proxyHeader, header)
  }

  #start(socket: net.Socket | Accepted, peer: string, opening: Opening): void {
    const { trusted, onUntrustedProxy } = this.#deps
    const tls = this.#secure !== undefined
    const source = { address: normaliseAddress(peer), tls, trusted, onUntrustedProxy }
    opening.from(source.address)
    if (this.#secure) this.#secure.serve(streamOf(socket), source, opening)
    else this.#servers.serve(socket, 'http/1.1', source, opening)
  }

  #beginSecured(socket: net.Socket, { protocol, ...its }: Secured): void {
    // A reload may have come between its handshake and this.
    if (this.#options.clientCertificates?.required && !isVerified(its)) return void socket.destroy()
    const { trusted, onUntrustedProxy } = this.#deps
    const opening = this.#pending.add(socket, its.address)
    this.#servers.serve(socket, protocol, { ...its, tls: true, trusted, onUntrustedProxy }, opening)
  }

  #fail(error: unknown, socket: Duplex | Accepted): void {
    this.#deps.onFault?.(error)
    socket.destroy()
  }

  /** New TLS handshakes get these certificates; connections stay as they are. */
  configureTls(settings: TlsSettings): void {
    this.#secure?.configure(settings)
  }

  /** 48 secret bytes: TLS sessions can be resumed wherever they are the same. */
  setTicketKeys(keys: Buffer): void {
    this.#secure?.setTicketKeys(keys)
  }

  /** Ends connections once they are idle (Connection: close, GOAWAY); streams and WebSockets go on. */
  retire(): void {
    this.#servers.retire()
  }

  /** Retires, and destroys every socket accepted from now on. */
  close(): void {
    this.#closed = true
    this.#servers.retire()
    if (this.#sockets.size === 0) this.#servers.close()
  }

  /** Closes, and destroys every socket, those of WebSockets too. */
  destroy(): void {
    this.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Sockets that were accepted and are still open. */
  get size(): number {
    return this.#sockets.size
  }

  /** How many of them have not sent a whole request yet. */
  get pending(): number {
    return this.#pending.size
  }
}
