import { once as firstEvent } from 'node:events'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { awaitedLater, certificate, waitLimitMs, within } from '@holdfast/testing'
import type { ListenOptions } from '../src/core/options.ts'
import type { ClientHandshake } from '../src/http/accept.ts'
import type { HttpExchange } from '../src/listen/http-handlers.ts'
import { Listener, type ListenerDeps } from '../src/listen/listener.ts'
import { acceptHandles, streamOf } from '../src/wire/index.ts'

export const { cert, key } = certificate()

/** One whose answer is read and written as a stream of Node's. */
export type StreamHandshake = Omit<ClientHandshake, 'accept'> & {
  accept(...answer: Parameters<ClientHandshake['accept']>): Duplex
}

export function streaming(handshake: ClientHandshake): StreamHandshake {
  return { ...handshake, accept: (answer) => streamOf(handshake.accept(answer)) }
}

export interface ListenerHost extends AsyncDisposable {
  readonly port: number
  readonly listener: Listener
  /** Every handshake so far. */
  readonly handshakes: StreamHandshake[]
  /** Every exchange so far. */
  readonly exchanges: HttpExchange[]
  /** Requests that were not understood. */
  readonly refused: { status: number; why: string }[]
  /** The next handshake or exchange that has not been asked for yet. */
  nextHandshake(): Promise<StreamHandshake>
  nextExchange(): Promise<HttpExchange>
}

export interface ListenerHostOptions extends Partial<ListenOptions> {
  deps?: Partial<ListenerDeps>
  allowHalfOpen?: boolean
  /** Whether it is given handles, as a worker's listeners are; default: yes. */
  handles?: boolean
}

/** A listening server whose sockets go through a listener of the gateway's. */
export async function listenerHost(options: ListenerHostOptions = {}): Promise<ListenerHost> {
  const { deps, allowHalfOpen = false, handles = true, ...listen } = options
  const handshakes = queue<StreamHandshake>()
  const exchanges = queue<HttpExchange>()
  const refused: ListenerHost['refused'] = []
  const listener = new Listener(
    { host: '127.0.0.1', port: 0, proxyProtocol: false, ...listen },
    {
      trusted: () => false,
      onUpgrade: (handshake) => handshakes.put(streaming(handshake)),
      onRequest: (exchange) => exchanges.put(exchange),
      onRefused: (status, why) => refused.push({ status, why }),
      ...deps,
    },
  )
  const server = net.createServer({ allowHalfOpen }, (socket) => listener.accept(socket))
  server.listen(0, '127.0.0.1')
  await firstEvent(server, 'listening')
  if (handles) acceptHandles(server, (accepted) => listener.accept(accepted))
  return {
    port: (server.address() as net.AddressInfo).port,
    listener,
    handshakes: handshakes.all,
    exchanges: exchanges.all,
    refused,
    nextHandshake: () => within(waitLimitMs, 'a handshake', handshakes.next()),
    nextExchange: () => within(waitLimitMs, 'a request', exchanges.next()),
    async [Symbol.asyncDispose]() {
      listener.destroy()
      server.close()
      await firstEvent(server, 'close')
    },
  }
}

function queue<T>() {
  const all: T[] = []
  const waiting: ((item: T) => void)[] = []
  let given = 0
  return {
    all,
    put(item: T) {
      all.push(item)
      if (waiting.length > 0) {
        given++
        waiting.shift()!(item)
      }
    },
    next(): Promise<T> {
      if (given < all.length) return Promise.resolve(all[given++]!)
      return new Promise((resolve) => waiting.push(resolve))
    },
  }
}

/** A connected socket of a client; errors show as its end. */
export async function dialListener(
  host: { port: number; host?: string },
  secure?: tls.ConnectionOptions,
): Promise<net.Socket> {
  const socket = secure
    ? tls.connect({ port: host.port, host: host.host ?? '127.0.0.1', rejectUnauthorized: false, ...secure })
    : net.connect({ port: host.port, host: host.host ?? '127.0.0.1' })
  await firstEvent(socket, secure ? 'secureConnect' : 'connect')
  return socket.on('error', () => {})
}

/** What a socket receives until it ends. */
export function received(socket: net.Socket, limit = waitLimitMs): Promise<string> {
  return awaitedLater(untilItEnds(socket, limit))
}

async function untilItEnds(socket: net.Socket, limit: number): Promise<string> {
  const chunks: Buffer[] = []
  const closed = new Promise<void>((resolve) => {
    if (socket.destroyed) resolve()
    socket.on('data', (chunk) => chunks.push(chunk)).on('close', () => resolve())
  })
  socket.resume()
  await within(limit, 'the end of the connection', closed, () => Buffer.concat(chunks).toString('latin1'))
  return Buffer.concat(chunks).toString('latin1')
}

/** Sends bytes on a fresh connection and resolves with everything that comes back until the connection ends. */
export async function talk(host: { port: number }, bytes: string | Uint8Array): Promise<string> {
  const socket = await dialListener(host)
  socket.write(bytes)
  return received(socket)
}

/** Resolves with the first bytes that come, at least up to `text`. */
export async function receives(socket: net.Socket, text: string): Promise<string> {
  let seen = ''
  const found = new Promise<void>((resolve) => {
    const read = (chunk: Buffer) => {
      seen += chunk.toString('latin1')
      if (!seen.includes(text)) return
      socket.off('data', read).pause()
      resolve()
    }
    socket.on('data', read).resume()
  })
  await within(waitLimitMs, `'${text}'`, found, () => seen)
  return seen
}

/** The request of RFC 6455 1.2, with further or other lines; undefined leaves one out. */
export function handshakeText(lines: Record<string, string | undefined> = {}, target = '/chat'): string {
  const all: Record<string, string | undefined> = {
    Host: 'server.example.com',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...lines,
  }
  const text = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}\r\n`],
  )
  return `GET ${target} HTTP/1.1\r\n${text.join('')}\r\n`
}
