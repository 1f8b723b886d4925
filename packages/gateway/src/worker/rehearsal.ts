// Before a worker is ready it serves connections of its own for a moment, so that the runtime has compiled the way of a
// connection when all clients come at once, as they do after a restart. They are served by a gateway of their own, which logs
// nothing and is thrown away: nothing of them is in a snapshot, a metric, an event or a log (docs/decisions/0078).
import { once } from 'node:events'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { type Clock, type GatewayOptions, type RouteOptions, systemClock } from '../core/index.ts'
import { Gateway } from '../gateway.ts'
import { acceptKey } from '../http/index.ts'
import { bindHandle, canShareHandles } from '../listen/index.ts'
import { closeFrame, messageFrame } from '../wire/index.ts'
import { WorkerListeners } from './worker-listeners.ts'

/** Of a rehearsal. */
export interface RehearsalLimits {
  /** Milliseconds after which it is over, however far it is: the machine may have other work. */
  withinMs: number
  /** Connections, of which each has a handshake, a message both ways and a Close. */
  connections: number
}

/** More cost more than they spare the first clients (docs/performance.md). */
const defaultLimits: RehearsalLimits = { withinMs: 250, connections: 100 }

/** Connections at a time. */
const atOnce = 16

/** How a rehearsal has ended. */
export interface Rehearsed {
  /** Connections that were served from the handshake to the Close. */
  connections: number
  /** Why it ended before it was over. */
  fault?: string
}

/** Milliseconds that a worker may rehearse, or `off`. */
const variable = 'HOLDFAST_REHEARSAL'

/** On Node 20, whose V8 has no compiler between the quick and the best one, a rehearsal spared the first clients nothing. */
const paysFrom = 22

/** Milliseconds that a worker of this process may rehearse; 0: it shall not. */
export function rehearsalMs(env: NodeJS.ProcessEnv, node = process.versions.node): number {
  const given = env[variable]
  if (!canShareHandles || given === 'off') return 0
  if (/^\d+$/.test(given ?? '')) return Number(given)
  return Number.parseInt(node, 10) >= paysFrom ? defaultLimits.withinMs : 0
}

const host = '127.0.0.1'
const address = { host, port: 0, proxyProtocol: false }
const aWhileMs = 1000
const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const text = { type: 'text', data: 'x'.repeat(128) } as const
const message = { masked: messageFrame(text, true), plain: messageFrame(text, false) }
const close = { masked: closeFrame(1000, '', true), plain: closeFrame(1000, '', false) }

/** As much as a page sends. */
const request = `GET / HTTP/1.1\r
Host: ${host}\r
Connection: Upgrade\r
Pragma: no-cache\r
Cache-Control: no-cache\r
User-Agent: Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko)\r
Upgrade: websocket\r
Origin: http://${host}\r
Sec-WebSocket-Version: 13\r
Accept-Encoding: gzip, deflate, br\r
Accept-Language: en-US,en;q=0.9\r
Sec-WebSocket-Key: ${key}\r
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r
\r
`

/** One rehearsal, once. */
export class Rehearsal {
  readonly #limits: RehearsalLimits
  readonly #clock: Clock
  readonly #upstream = net.createServer({ noDelay: true }, (socket) => this.#serve(socket))
  readonly #listeners: WorkerListeners
  readonly #streams = new Set<Duplex>()
  #gateway: Gateway | undefined
  #connections = 0
  /** Undefined when it is over. */
  #over: ((fault?: string) => void) | undefined

  /** `clock`: its timers have to pass in real time, since real sockets do. */
  constructor(limits: Partial<RehearsalLimits> = {}, clock = systemClock) {
    this.#limits = { ...defaultLimits, ...limits }
    this.#clock = clock
    this.#listeners = new WorkerListeners(
      (_, socket) => this.#gateway?.accept(address, socket),
      silent,
      () => this.fail('too many open files'),
    )
  }

  /** Resolves when it is over, in any case, and nothing of it is left. Never rejects. */
  async run(): Promise<Rehearsed> {
    const ended = new Promise<string | undefined>((resolve) => {
      this.#over = resolve
    })
    const timer = this.#clock.setTimeout(() => this.#over?.(), this.#limits.withinMs)
    this.#begin().catch((error) => this.fail(error))
    const fault = await ended
    this.#over = undefined
    this.#clock.clearTimeout(timer)
    this.#listeners.unlisten()
    this.#upstream.close()
    for (const stream of this.#streams) stream.destroy()
    this.#gateway?.stop()
    const connections = this.#connections
    return fault === undefined ? { connections } : { connections, fault }
  }

  async #begin(): Promise<void> {
    this.#upstream.on('error', (error) => this.fail(error)).listen(address)
    await once(this.#upstream, 'listening')
    if (!this.#over) return void this.#upstream.close()
    const { port: upstream } = this.#upstream.address() as net.AddressInfo
    const { handle, port } = await bindHandle(address)
    if (!this.#over) return handle.close()
    this.#gateway = new Gateway(optionsFor(upstream), { log: silent, clock: this.#clock })
    this.#gateway.start()
    const { error } = await this.#listeners.listen('', handle)
    if (error) return this.fail(error)
    if (!this.#over) return this.#listeners.unlisten()
    for (let i = 0; i < atOnce; i++) this.#visit(port)
  }

  /** Ends it, because of something that went wrong in this process meanwhile. */
  fail(error: unknown): void {
    this.#over?.(String(error))
  }

  /** The next client. */
  #visit(port: number): void {
    const socket = this.#keep(net.connect({ host, port, noDelay: true }))
    socket.write(request)
    let open = false
    let closed = false
    socket.on('data', (bytes: Buffer) => {
      if (!open) {
        open = true
        if (bytes.toString('latin1', 9, 12) !== '101') return this.fail('the handshake was refused')
        socket.write(message.masked)
      } else if (bytes[0] === message.plain[0] && !closed) {
        closed = true
        socket.write(close.masked)
      } else if (closed) this.#connections++
    })
    socket.on('close', () => {
      if (!this.#over) return
      if (!closed) return this.fail('a connection was lost')
      if (this.#connections < this.#limits.connections) this.#visit(port)
      else this.#over()
    })
  }

  /** The server behind the gateway: it says again what it is told. */
  #serve(socket: net.Socket): void {
    this.#keep(socket)
    let open = false
    let said = 0
    socket.on('data', (bytes: Buffer) => {
      if (!open) {
        open = true
        const sent = /^sec-websocket-key: *(\S+)/im.exec(bytes.toString('latin1'))?.[1] ?? ''
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(sent)}\r\n\r\n`,
        )
      } else if (said++ === 0) socket.write(message.plain)
      else socket.end(close.plain)
    })
  }

  #keep<T extends Duplex>(stream: T): T {
    this.#streams.add(stream)
    // Its 'close' follows.
    stream.on('error', () => {})
    stream.once('close', () => this.#streams.delete(stream))
    return stream
  }
}

function optionsFor(port: number): GatewayOptions {
  const timeouts = {
    connect: aWhileMs,
    handshake: aWhileMs,
    close: aWhileMs,
    response: aWhileMs,
    idle: aWhileMs,
  }
  const route: RouteOptions = {
    name: 'rehearsal',
    match: {},
    upstreams: [{ name: 'rehearsal', tls: false, host, port, path: '', weight: 1 }],
    balance: { by: 'round-robin' },
    attempts: 1,
    timeouts,
    keepalive: { ping: 30_000, timeout: 10_000 },
    rejections: 'pass',
    badGateway: 'auto',
    closeCodes: { badGateway: 1014, restart: 1012, tryAgain: 1013 },
    limits: {},
  }
  return {
    listen: [address],
    admin: false,
    workers: 1,
    trustedProxies: [],
    drain: { spread: 0, deadline: aWhileMs, retry: [0, 0] },
    routes: [route],
  }
}

const quiet = Object.fromEntries(
  ['fatal', 'error', 'warn', 'info', 'debug', 'trace'].map((level) => [level, () => {}]),
)
const silent = { ...quiet, child: () => silent } as unknown as Logger
