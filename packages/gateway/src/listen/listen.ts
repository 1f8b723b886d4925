// In: an accepted socket. Out: a connection on which HTTP starts, with its peer known. Next: http-servers.ts.
import type net from 'node:net'
import type { Duplex } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import {
  type AcmeShared,
  attempt,
  guarded,
  type ListenOptions,
  nothingShared,
  type PendingOptions,
  ThrottledLine,
  unixPath,
  unixPeer,
} from '../core/index.ts'
import { normaliseAddress, type Source, type Trust, trustProxies } from '../http/index.ts'
import { Accepted, streamOf } from '../wire/index.ts'
import type { HttpHandlers, HttpTimeouts } from './http-handlers.ts'
import { openHttpServers } from './http-servers.ts'
import { defaultPending, type Opening, Pending } from './pending.ts'
import { takeProxyHeader } from './proxy-protocol.ts'
import { handOn, isVerified, type Secured } from './secured.ts'
import { type RefusedTls, TlsRefusalLines } from './tls-refusal.ts'
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
export interface Listener {
  /**
   * Starts PROXY protocol, TLS and HTTP, whichever the listener has, on a socket that nobody has read from. `secured`: another process has
   * done all that comes before HTTP.
   */
  accept(socket: net.Socket | Accepted, secured?: Secured): void
  /** New TLS handshakes get these certificates; connections stay as they are. */
  configureTls(settings: TlsSettings): void
  /** 48 secret bytes: TLS sessions can be resumed wherever they are the same. */
  setTicketKeys(keys: Buffer): void
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
export function openListener(options: ListenOptions & TlsSettings, deps: ListenerDeps): Listener {
  const given = { ...defaultTimeouts, ...deps.timeouts }
  // The one limit for all that comes before a request shall not be cut by the one for later heads.
  const timeouts = { ...given, headers: Math.max(given.headers, deps.pending?.().timeout ?? 0) }
  const { onSecured } = deps
  const servers = onSecured
    ? handOn((stream, secured) => onSecured(options, stream, secured))
    : openHttpServers(deps, timeouts)
  const tlsDeps = {
    handshakeTimeoutMs: timeouts.tlsHandshake,
    onFault: deps.onFault,
    onRefused: deps.onTlsRefused,
    onNoCertificate: deps.onNoCertificate,
  }
  const secure = options.tls && new TlsServer(options, servers, tlsDeps)
  const sockets = new Set<net.Socket | Accepted>()
  const pending = new Pending({
    options: deps.pending ?? (() => ({ ...defaultPending, timeout: timeouts.headers })),
    // Whoever comes over a socket of the file system is one of many.
    shared: (address) => address === unixPeer || deps.trusted(address),
    onRefused: () => deps.onPendingRefused?.(),
  })
  let closed = false

  const start = (socket: net.Socket | Accepted, peer: string, opening: Opening) => {
    const { trusted, onUntrustedProxy } = deps
    const source = { address: normaliseAddress(peer), tls: secure !== undefined, trusted, onUntrustedProxy }
    opening.from(source.address)
    if (secure) secure.serve(streamOf(socket), source, opening)
    else servers.serve(socket, 'http/1.1', source, opening)
  }
  const begin = (socket: net.Socket | Accepted, peer: string) => {
    const opening = pending.add(socket, normaliseAddress(peer))
    if (!options.proxyProtocol) return start(socket, peer, opening)
    const header = guarded(
      (address: { host: string } | undefined) => start(socket, address?.host ?? peer, opening),
      (error) => fail(error, socket),
    )
    takeProxyHeader(streamOf(socket), timeouts.proxyHeader, header)
  }
  const beginSecured = (socket: net.Socket, { protocol, ...its }: Secured) => {
    // A reload may have come between its handshake and this.
    if (options.clientCertificates?.required && !isVerified(its)) return void socket.destroy()
    const { trusted, onUntrustedProxy } = deps
    const opening = pending.add(socket, its.address)
    servers.serve(socket, protocol, { ...its, tls: true, trusted, onUntrustedProxy }, opening)
  }
  const fail = (error: unknown, socket: Duplex | Accepted) => {
    deps.onFault?.(error)
    socket.destroy()
  }
  const close = () => {
    closed = true
    servers.retire()
    if (sockets.size === 0) servers.close()
  }
  return {
    accept(given, secured) {
      // TLS and the PROXY protocol read a socket of Node's.
      const socket = secure || secured || options.proxyProtocol ? streamOf(given) : given
      // What goes wrong shows in the socket's 'close'.
      if (!(socket instanceof Accepted)) socket.on('error', () => {})
      const peer = secured || unixPath(options.host) !== undefined ? unixPeer : socket.remoteAddress
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
        () => (secured ? beginSecured(streamOf(socket), secured) : begin(socket, peer)),
        (error) => fail(error, socket),
      )
    },
    configureTls: (settings) => secure?.configure(settings),
    setTicketKeys: (keys) => secure?.setTicketKeys(keys),
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

export interface ListenersDeps extends HttpHandlers {
  /** Asked for each request, so that a reload holds for old connections too. */
  trustedProxies: () => readonly string[]
  log?: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>
  timeouts?: Partial<ListenerTimeouts>
  pending?: ListenerDeps['pending']
  onPendingRefused?: () => void
  onTlsRefused?: ListenerDeps['onTlsRefused']
  onUntrustedProxy?: Source['onUntrustedProxy']
  onSecured?: ListenerDeps['onSecured']
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
  #ticketKeys: Buffer | undefined
  #shared: AcmeShared = nothingShared
  readonly #noCertificate = new ThrottledLine((times, name) =>
    this.#log?.warn({ times, name }, 'TLS handshakes refused: there is no certificate for this name'),
  )

  constructor({ trustedProxies, log, ...handlers }: ListenersDeps) {
    this.#log = log
    const lines = new TlsRefusalLines((refused) => log?.info(refused, 'TLS handshakes did not succeed'))
    this.#deps = {
      ...handlers,
      trusted: following(trustedProxies),
      onRefused(status, why, ...about) {
        log?.debug({ status, why }, 'request refused')
        handlers.onRefused?.(status, why, ...about)
      },
      onTlsRefused(refused) {
        lines.happened(refused)
        log?.debug(refused, 'TLS handshake refused')
        handlers.onTlsRefused?.(refused)
      },
      onNoCertificate: (name) => this.#noCertificate.happened(name),
    }
  }

  /** Starts a listener's protocols on an accepted socket that nobody has read from. */
  accept(options: ListenOptions, socket: net.Socket | Accepted, secured?: Secured): void {
    let listener: Listener | undefined
    try {
      listener = this.#listenerOf(options)
    } catch (err) {
      this.#log?.error({ err }, 'listener cannot be served')
    }
    if (listener) listener.accept(socket, secured)
    else
      streamOf(socket)
        .on('error', () => {})
        .destroy()
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
        if (now.tls && !hasTlsOf(now, entry.options)) entry.listener.configureTls(this.#withShared(now))
        entry.options = now
      } catch (err) {
        this.#log?.error({ err }, 'certificate not usable; the one before it stays')
      }
      return true
    })
  }

  /** Listeners whose certificates come by themselves have these from now on; connections stay as they are. */
  share(shared: AcmeShared): void {
    this.#shared = shared
    for (const { options, listener } of this.#open)
      if (options.auto) listener.configureTls(this.#withShared(options))
  }

  #withShared(options: ListenOptions): ListenOptions & TlsSettings {
    if (!options.auto) return options
    const { certificates, challenges } = this.#shared
    return { ...options, tls: certificates, challenges: challenges.tls }
  }

  /** 48 secret bytes: TLS sessions can be resumed wherever they are the same, and no longer where they were others. */
  setTicketKeys(keys: Buffer): void {
    this.#ticketKeys = keys
    for (const { listener } of this.#open) listener.setTicketKeys(keys)
  }

  /** Ends connections once they are idle; what is open goes on, and sockets are still accepted. */
  retire(): void {
    this.#retired = true
    for (const { listener } of this.#open) listener.retire()
  }

  /** Serves again after `retire`: connections made until now still end once they are idle. */
  resume(): void {
    this.#retired = false
    for (const { listener } of this.#open) {
      listener.close()
      this.#closing.push(listener)
    }
    this.#open = []
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
    const listener = openListener(this.#withShared(options), this.#deps)
    if (this.#retired) listener.retire()
    if (this.#ticketKeys) listener.setTicketKeys(this.#ticketKeys)
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
  return same.find((listener) => hasTlsOf(listener, wanted)) ?? same[0]
}

/** Clients that are asked for other certificates, or for some at all, are another listener's: nobody goes on without one. */
function isSame(a: ListenOptions, b: ListenOptions): boolean {
  return (
    a.host === b.host &&
    a.port === b.port &&
    !a.tls === !b.tls &&
    a.proxyProtocol === b.proxyProtocol &&
    isDeepStrictEqual(a.clientCertificates, b.clientCertificates)
  )
}

function hasTlsOf(a: ListenOptions, b: ListenOptions): boolean {
  return isDeepStrictEqual(a.tls, b.tls) && !a.auto === !b.auto
}
