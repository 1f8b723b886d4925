// In: an accepted socket. Out: a connection on which HTTP starts, with its peer known. Next: http-servers.ts.
import type net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { Logger } from 'pino'
import {
  attempt,
  guarded,
  type ListenOptions,
  type PendingOptions,
  type TlsOptions,
  unixPath,
  unixPeer,
} from '../core/index.ts'
import { normaliseAddress, type Source, type Trust, trustProxies } from '../http/index.ts'
import type { HttpHandlers, HttpTimeouts } from './http-handlers.ts'
import { type HttpServers, openHttpServers } from './http-servers.ts'
import { defaultPending, type Opening, Pending } from './pending.ts'
import { takeProxyHeader } from './proxy-protocol.ts'

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
}

/** What happens to the accepted sockets of one listener. */
export interface Listener {
  /** Starts PROXY protocol, TLS and HTTP, whichever the listener has, on a socket that nobody has read from. */
  accept(socket: net.Socket): void
  /** New TLS handshakes get this certificate; connections stay as they are. */
  setCertificate(certificate: TlsOptions): void
  /** Ends connections once they are idle (Connection: close, GOAWAY); streams and WebSockets go on. */
  retire(): void
  /** Retires, and destroys every socket accepted from now on. */
  close(): void
  /** Closes, and destroys every socket, those of WebSockets too. */
  destroy(): void
  /** Sockets that were accepted and are still open. */
  readonly size: number
  /** How many of them have not sent a whole request yet. */
  readonly pending: number
}

/** Opens one listener. */
export function openListener(options: ListenOptions, deps: ListenerDeps): Listener {
  const given = { ...defaultTimeouts, ...deps.timeouts }
  // The one limit for all that comes before a request shall not be cut by the one for later heads.
  const timeouts = { ...given, headers: Math.max(given.headers, deps.pending?.().timeout ?? 0) }
  const servers = openHttpServers(deps, timeouts)
  const tlsServer = options.tls && openTls(options.tls, timeouts.tlsHandshake, servers, deps)
  const sockets = new Set<net.Socket>()
  const pending = new Pending({
    options: deps.pending ?? (() => ({ ...defaultPending, timeout: timeouts.headers })),
    // Whoever comes over a socket of the file system is one of many.
    shared: (address) => address === unixPeer || deps.trusted(address),
    onRefused: () => deps.onPendingRefused?.(),
  })
  let closed = false

  const start = (socket: net.Socket, peer: string, opening: Opening) => {
    const source = { address: normaliseAddress(peer), tls: tlsServer !== undefined, trusted: deps.trusted }
    opening.from(source.address)
    if (tlsServer) tlsServer.serve(socket, source, opening)
    else servers.serve(socket, 'http/1.1', source, opening)
  }
  const begin = (socket: net.Socket, peer: string) => {
    const opening = pending.add(socket, normaliseAddress(peer))
    if (!options.proxyProtocol) return start(socket, peer, opening)
    const header = guarded(
      (address: { host: string } | undefined) => start(socket, address?.host ?? peer, opening),
      (error) => fail(error, socket),
    )
    takeProxyHeader(socket, timeouts.proxyHeader, header)
  }
  const fail = (error: unknown, socket: Duplex) => {
    deps.onFault?.(error)
    socket.destroy()
  }
  const close = () => {
    closed = true
    servers.retire()
    if (sockets.size === 0) servers.close()
  }
  return {
    accept(socket) {
      // What goes wrong shows in the socket's 'close'.
      socket.on('error', () => {})
      const peer = unixPath(options.host) === undefined ? socket.remoteAddress : unixPeer
      if (closed || peer === undefined) {
        socket.destroy()
        return
      }
      socket.setNoDelay(true)
      sockets.add(socket)
      socket.once('close', () => {
        sockets.delete(socket)
        if (closed && sockets.size === 0) servers.close()
      })
      attempt(
        () => begin(socket, peer),
        (error) => fail(error, socket),
      )
    },
    setCertificate: (certificate) => tlsServer?.setCertificate(certificate),
    retire: () => servers.retire(),
    close,
    destroy() {
      close()
      for (const socket of sockets) socket.destroy()
    },
    get size() {
      return sockets.size
    },
    get pending() {
      return pending.size
    },
  }
}

function openTls(
  certificate: TlsOptions,
  handshakeTimeoutMs: number,
  servers: HttpServers,
  { onFault }: Pick<ListenerDeps, 'onFault'>,
) {
  const server = tls.createServer({
    ...certificate,
    handshakeTimeout: handshakeTimeoutMs,
    ALPNProtocols: ['h2', 'http/1.1'],
  })
  // The server makes the TLS socket itself; the two ends of a connection tell it from all others that are open.
  const connections = new Map<string, { source: Source; opening: Opening }>()
  const nameOf = ({ remoteAddress, remotePort, localAddress, localPort }: net.Socket) =>
    `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`

  server.on('tlsClientError', (_error, socket) => socket.destroy())
  const onSecure = (socket: tls.TLSSocket) => {
    socket.on('error', () => {})
    const found = connections.get(nameOf(socket))
    if (!found) return socket.destroy()
    servers.serve(socket, socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1', found.source, found.opening)
  }
  const fail = (error: unknown, socket: Duplex) => {
    onFault?.(error)
    socket.destroy()
  }
  server.on('secureConnection', guarded(onSecure, fail))
  return {
    serve(socket: net.Socket, source: Source, opening: Opening) {
      const name = nameOf(socket)
      const connection = { source, opening }
      connections.set(name, connection)
      socket.once('close', () => {
        if (connections.get(name) === connection) connections.delete(name)
      })
      server.emit('connection', socket)
    },
    setCertificate: (replacement: TlsOptions) => server.setSecureContext({ ...replacement }),
  }
}

export interface ListenersDeps extends HttpHandlers {
  /** Asked for each request, so that a reload holds for old connections too. */
  trustedProxies: () => readonly string[]
  log?: Pick<Logger, 'debug' | 'error'>
  timeouts?: Partial<ListenerTimeouts>
  pending?: ListenerDeps['pending']
  onPendingRefused?: () => void
}

/** All listeners of a gateway, each opened when its first socket comes. */
export class Listeners {
  readonly #deps: ListenerDeps
  readonly #log: ListenersDeps['log']
  #open: { options: ListenOptions; listener: Listener }[] = []
  /** Those that the configuration no longer has, while they have connections. */
  #closing: Listener[] = []
  /** What the last reload left. */
  #configured: readonly ListenOptions[] | undefined
  #retired = false

  constructor({ trustedProxies, log, ...handlers }: ListenersDeps) {
    this.#log = log
    this.#deps = {
      ...handlers,
      trusted: following(trustedProxies),
      onRefused(status, why, ...about) {
        log?.debug({ status, why }, 'request refused')
        handlers.onRefused?.(status, why, ...about)
      },
    }
  }

  /** Starts a listener's protocols on an accepted socket that nobody has read from. */
  accept(options: ListenOptions, socket: net.Socket): void {
    let listener: Listener | undefined
    try {
      listener = this.#listenerOf(options)
    } catch (err) {
      this.#log?.error({ err }, 'listener cannot be served')
    }
    if (listener) listener.accept(socket)
    else socket.on('error', () => {}).destroy()
  }

  /** Goes on with the listeners that stay, with their certificates as they now are, and closes the others. */
  reload(listeners: readonly ListenOptions[]): void {
    this.#configured = listeners
    this.#closing = this.#closing.filter(({ size }) => size > 0)
    this.#open = this.#open.filter((entry) => {
      const now = closest(listeners, entry.options)
      if (!now) {
        entry.listener.close()
        this.#closing.push(entry.listener)
        return false
      }
      try {
        if (now.tls && !hasCertificateOf(now, entry.options)) entry.listener.setCertificate(now.tls)
        entry.options = now
      } catch (err) {
        this.#log?.error({ err }, 'certificate not usable; the one before it stays')
      }
      return true
    })
  }

  /** Ends connections once they are idle; what is open goes on, and sockets are still accepted. */
  retire(): void {
    this.#retired = true
    for (const { listener } of this.#open) listener.retire()
  }

  /** Sockets, of all listeners, that have not sent a whole request yet. */
  get pending(): number {
    return [...this.#open.map(({ listener }) => listener), ...this.#closing].reduce(
      (sum, listener) => sum + listener.pending,
      0,
    )
  }

  /** Destroys every socket and accepts none any more. */
  close(): void {
    this.reload([])
    for (const listener of this.#closing) listener.destroy()
  }

  #listenerOf(wanted: ListenOptions): Listener | undefined {
    const options = this.#configured ? closest(this.#configured, wanted) : wanted
    if (!options) return undefined
    const open = this.#open.map((entry) => entry.options)
    const found = closest(open, options)
    if (found) return this.#open[open.indexOf(found)]!.listener
    const listener = openListener(options, this.#deps)
    if (this.#retired) listener.retire()
    this.#open.push({ options, listener })
    return listener
  }
}

/** The test for a list that may be replaced by another. */
function following(trustedProxies: () => readonly string[]): Trust {
  let ranges: readonly string[] = []
  let trust = trustProxies(ranges)
  return (address) => {
    const now = trustedProxies()
    if (now !== ranges) {
      trust = trustProxies(now)
      ranges = now
    }
    return trust(address)
  }
}

/** The listener of that address and kind; of several, the one with the same certificate. */
function closest(listeners: readonly ListenOptions[], wanted: ListenOptions): ListenOptions | undefined {
  const same = listeners.filter((listener) => isSame(listener, wanted))
  return same.find((listener) => hasCertificateOf(listener, wanted)) ?? same[0]
}

function isSame(a: ListenOptions, b: ListenOptions): boolean {
  return a.host === b.host && a.port === b.port && !a.tls === !b.tls && a.proxyProtocol === b.proxyProtocol
}

function hasCertificateOf(a: ListenOptions, b: ListenOptions): boolean {
  return a.tls?.cert === b.tls?.cert && a.tls?.key === b.tls?.key
}
