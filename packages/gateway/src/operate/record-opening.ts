// `holdfast check --hold`: a listener for one client, whose connection is handed on to a server as it is, and of which the
// opening is written down. It restarts nothing. Next: hold-proposal.ts.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Clock, GatewayError, type MonotonicMs, systemClock } from '../core/index.ts'
import type { Speaker } from '../hold/replay/index.ts'
import { http1Handshake, readUpgradeRequest, type UpgradeRequest } from '../http/index.ts'
import { type DialTarget, dial, failureWords } from '../upstream/index.ts'
import {
  FrameReader,
  type FrameSink,
  keep,
  type Message,
  MessageReader,
  type Wire,
  wireOf,
} from '../wire/index.ts'

/** A message of the opening. */
export interface OpeningMessage {
  /** Who said it. */
  from: Speaker
  /** Milliseconds since the handshake was complete. */
  at: number
  /** What was said, as the application wrote it. */
  message: Message
}

/** The opening of one connection. */
export interface Opening {
  /** Path and query of its handshake. */
  target: string
  /** The subprotocol that the server selected. */
  protocol?: string
  /** What was said, in order. */
  said: OpeningMessage[]
}

/** What is to be written down, and for how long. */
export interface RecordOptions {
  /** The server: ws, wss, http or https. Its path is used as the address to connect to shows it. */
  url: string
  /**
   * Milliseconds to wait for a client.
   *
   * @default 60000 (60s)
   */
  connectTimeoutMs?: number
  /**
   * Milliseconds without a message of the client after which its opening is over.
   *
   * @default 2000 (2s)
   */
  quietMs?: number
  /**
   * Milliseconds after which it is over in any case.
   *
   * @default 10000 (10s)
   */
  maxDurationMs?: number
  /** Called with the URL to which a client has to connect. */
  onListening: (url: string) => void
  /**
   * Ends it early: what has been said until then is the opening.
   *
   * @default it is not ended early
   */
  signal?: AbortSignal
  /**
   * Time and timers.
   *
   * @default those of the system
   */
  clock?: Clock
}

const timeouts = { connect: 5000, handshake: 5000 }
/** Bytes of a message that are written down at most. */
const maxMessageBytes = 1024 * 1024
/** Messages of the server that are written down at most: what comes later says nothing about an opening. */
const maxMessages = 1000

/**
 * Listens on a port of the loopback address that the system chooses, hands the first client that comes on to the server,
 * and resolves with its opening. No extension is agreed, so that what is said can be read.
 *
 * @throws {GatewayError} The URL is wrong, nobody came, or the server took no WebSocket.
 */
export async function recordOpening(options: RecordOptions): Promise<Opening> {
  const { clock = systemClock, connectTimeoutMs = 60_000, signal } = options
  const { target, pathname, search, host } = readUrl(options.url)
  const server = http.createServer((_, response) => response.writeHead(426).end())
  const sockets = new Set<Duplex>()
  server.on('connection', (socket) => sockets.add(socket))
  try {
    return await new Promise((resolve, reject) => {
      const fail = (code: string, words: string) => reject(new GatewayError(code, 'gateway', words))
      const timer = clock.setTimeout(
        () => fail('nobody_came', `no client connected within ${connectTimeoutMs / 1000} s`),
        connectTimeoutMs,
      )
      signal?.addEventListener('abort', () => fail('interrupted', 'no client has connected'))
      server.on('upgrade', (request, socket, head) => {
        const read = readUpgradeRequest(request, { address: '127.0.0.1', tls: false, trusted: () => false })
        if (!read.ok) return socket.end(`HTTP/1.1 ${read.status} Refused\r\nConnection: close\r\n\r\n`)
        clock.clearTimeout(timer)
        server.close()
        handOn(plain(read.request, host), socket, head).then(resolve, reject)
      })
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo
        options.onListening(`ws://127.0.0.1:${port}${pathname === '/' && !search ? '' : pathname}${search}`)
      })
      server.on('error', reject)
    })
  } finally {
    server.close()
    for (const socket of sockets) socket.destroy()
  }

  async function handOn(request: UpgradeRequest, socket: Duplex, head: Buffer): Promise<Opening> {
    const handshake = http1Handshake({ request }, socket, head)
    const dialled = await dial(target, request, timeouts, handshake.signal, [], clock)
    if (!dialled.ok) {
      handshake.fail()
      const { failure } = dialled
      const why = failure.kind === 'aborted' ? 'the client left' : failureWords(failure)
      throw new GatewayError('no_websocket', 'upstream', `the server took no WebSocket: ${why}`)
    }
    const { protocol, headers } = dialled
    const client = wireOf(handshake.accept({ protocol, headers }))
    const said = await listen(client, dialled.wire, options, clock)
    client.destroy()
    dialled.wire.destroy()
    return { target: request.target, ...(protocol !== undefined && { protocol }), said }
  }
}

const rules = {
  rsv: 0,
  messageBytes: Number.POSITIVE_INFINITY,
  wholeFrames: 0,
  split: false,
  unlimited: true,
}

/** What is of no interest in an opening; the two peers deal with it themselves. */
const ignored: Omit<FrameSink, 'onBytes'> = {
  onMessage: () => true,
  onControl() {},
  onBoundary() {},
  onMessageEnd() {},
  onFault() {},
}

/** Where the server is, and what its address has besides. */
function readUrl(text: string) {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['ws:', 'wss:', 'http:', 'https:'].includes(url.protocol)) {
    const words = 'the URL must be one that begins with ws://, wss://, http:// or https://'
    throw new GatewayError('bad_url', 'gateway', words)
  }
  const tls = url.protocol === 'wss:' || url.protocol === 'https:'
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? (tls ? 443 : 80) : Number(url.port)
  const target: DialTarget = { tls, host: name, port, serverName: name, path: '' }
  return { target, pathname: url.pathname, search: url.search, host: url.host }
}

/** The client's handshake as the server is to get it: for its own name, and with nothing that changes messages. */
function plain(request: UpgradeRequest, authority: string): UpgradeRequest {
  const headers = request.headers.filter(
    ([name]) => !/^(?:sec-websocket-extensions|forwarded|x-forwarded-.*)$/i.test(name),
  )
  return { ...request, authority, headers, extensions: '' }
}

/** Joins both wires until the client has said nothing for a while, or one of them ends. */
function listen(
  client: Wire,
  upstream: Wire,
  options: RecordOptions,
  clock: Clock,
): Promise<OpeningMessage[]> {
  const { quietMs = 2000, maxDurationMs = 10_000, signal } = options
  const began: MonotonicMs = clock.now()
  const said: OpeningMessage[] = []
  return new Promise((resolve) => {
    let quietTimer: unknown
    const over = () => {
      clock.clearTimeout(quietTimer)
      clock.clearTimeout(limit)
      resolve(said)
    }
    const limit = clock.setTimeout(over, maxDurationMs)
    const waitOn = () => {
      clock.clearTimeout(quietTimer)
      quietTimer = clock.setTimeout(over, quietMs)
    }
    const follow = (from: Speaker, wire: Wire, to: Wire) => {
      const messages = new MessageReader(maxMessageBytes)
      const onWhole = (message: Message) => {
        if (from === 'client') waitOn()
        if (said.length < maxMessages) said.push({ from, at: clock.now() - began, message })
      }
      const frames = new FrameReader({ ...rules, masked: from === 'client' })
      const onBytes = (bytes: Buffer) => messages.read(bytes, { onWhole, onPassing() {} })
      const onPiece = (piece: Buffer) => {
        const bytes = keep(piece)
        if (!to.write(bytes)) wire.pause()
        frames.read(bytes, { ...ignored, onBytes })
      }
      wire.user = {
        onPieces(pieces) {
          for (const piece of pieces) onPiece(piece)
          return undefined
        },
        onDrain: () => to.resume(),
        onEndOfInput: () => to.end(),
        onClose: over,
      }
      wire.resume()
    }
    follow('client', client, upstream)
    follow('upstream', upstream, client)
    signal?.addEventListener('abort', over)
    waitOn()
  })
}
