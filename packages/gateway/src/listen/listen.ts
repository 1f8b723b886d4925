// All listeners of a gateway, and what becomes of them when its configuration does. Next: listener.ts.
import type net from 'node:net'
import type { Logger } from 'pino'
import { type AcmeShared, type ListenOptions, nothingShared, ThrottledLine } from '../core/index.ts'
import { type Source, type Trust, trustProxies } from '../http/index.ts'
import { type Accepted, streamOf } from '../wire/index.ts'
import type { HttpHandlers } from './http-handlers.ts'
import { Listener, type ListenerDeps, type ListenerTimeouts } from './listener.ts'
import { closest, hasTlsOf } from './same-listener.ts'
import type { Secured } from './secured.ts'
import { TlsRefusalLines } from './tls-refusal.ts'
import type { TlsSettings } from './tls-server.ts'

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
    const listener = new Listener(this.#withShared(options), this.#deps)
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
