import { randomBytes } from 'node:crypto'
import type net from 'node:net'
import { forkUpstream } from './fork-upstream.ts'
import { frame, opcode } from './frame.ts'
import type { HttpHead } from './http-head.ts'
import { type InvalidFrame, invalidFrames } from './invalid-frames.ts'
import { type RawConnection, type RawUpstream, rawUpstream, switchingProtocols } from './raw-upstream.ts'
import { tcpServer } from './tcp-server.ts'

export interface FaultOptions {
  /** For faults after the 101: at once, or when the first message has come. Default 'open'. */
  trigger?: 'open' | 'message'
  /** Milliseconds between the bytes of 'one byte at a time'. Default 1,000. */
  every?: number
  /** Header lines added to a `status` answer or to a spoilt 101, 'Name: value'. */
  headers?: string[]
  /** Body of a `status` answer. Default 'status N'. */
  body?: string
  port?: number
}

type Answer = (request: HttpHead, socket: net.Socket, options: FaultOptions) => void
type Strike = (peer: RawConnection) => void

/** Faults instead of a right 101. */
const spoiltHandshakes = {
  'no answer': () => {},
  'reset on request': (_, socket) => socket.resetAndDestroy(),
  'end on request': (_, socket) => socket.end(),
  garbage: (_, socket) => socket.write(randomBytes(256)),
  'one byte at a time': (request, socket, { every = 1_000 }) => {
    const bytes = Buffer.from(switchingProtocols(request, { protocol: 'first' }))
    let sent = 0
    const timer = setInterval(() => {
      if (sent < bytes.length) socket.write(bytes.subarray(sent, ++sent))
    }, every)
    socket.on('close', () => clearInterval(timer))
  },
  'wrong accept key': (request, socket, { headers }) => {
    const stranger = { ...request, headers: { ...request.headers, 'sec-websocket-key': 'another key' } }
    socket.write(switchingProtocols(stranger, { headers }))
  },
  'no Upgrade header': (request, socket, { headers }) => {
    socket.write(switchingProtocols(request, { headers }).replace('Upgrade: websocket\r\n', ''))
  },
  'subprotocol never offered': (request, socket, { headers }) => {
    socket.write(switchingProtocols(request, { headers, protocol: 'never.offered' }))
  },
  'extension never offered': (request, socket, { headers }) => {
    socket.write(switchingProtocols(request, { headers, extensions: 'never-offered' }))
  },
  'header without end': (_, socket) => {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nX: ${'x'.repeat(1 << 20)}`)
  },
} as const satisfies Record<string, Answer>

/** Ways in which the connection breaks after its 101. */
const breaks = {
  'reset after 101': (peer) => peer.reset(),
  'end without a Close': (peer) => peer.end(),
  'reset in a frame': (peer) => resetInFrame(peer, 1_000),
  'reset in a large frame': (peer) => resetInFrame(peer, 1 << 20),
  'end in a frame': (peer) => {
    peer.write(half(1_000))
    peer.end()
  },
} as const satisfies Record<string, Strike>

/** Upstreams that go on, but leave something out. */
const silences = {
  'no pong': { answersPings: false },
  'no answer to a Close': { answersCloses: false },
} as const

export type SpoiltHandshake = keyof typeof spoiltHandshakes
export type Break = keyof typeof breaks
export type Silence = keyof typeof silences
export type Fault = SpoiltHandshake | Break | Silence | InvalidFrame | `status ${number}`

/** All faults by kind, to run a test for each. */
export const faults = {
  spoiltHandshakes: keys(spoiltHandshakes),
  breaks: keys(breaks),
  silences: keys(silences),
  invalidFrames: keys(invalidFrames),
  statuses: [200, 302, 401, 404, 429, 500, 503].map((status) => `status ${status}` as const),
}

/** An upstream with one fault. 'status 503' and 'status 429' take `headers: ['Retry-After: 7']`. */
export function faultUpstream(fault: Fault, options: FaultOptions = {}): Promise<RawUpstream> {
  const { port } = options
  if (fault.startsWith('status ')) {
    const status = Number(fault.slice('status '.length))
    return rawUpstream({ port, onRequest: answered((_, socket) => sendStatus(socket, status, options)) })
  }
  if (isKey(spoiltHandshakes, fault)) {
    const answer: Answer = spoiltHandshakes[fault]
    return rawUpstream({ port, onRequest: answered((request, socket) => answer(request, socket, options)) })
  }
  if (isKey(silences, fault)) {
    return rawUpstream({ port, protocol: 'first', ...silences[fault], onOpen: echo })
  }
  const strike: Strike = isKey(breaks, fault)
    ? breaks[fault]
    : (peer) => peer.write(invalidFrames[fault as InvalidFrame])
  return rawUpstream({ port, protocol: 'first', onOpen: (peer) => strikeOn(options.trigger, peer, strike) })
}

/** An upstream that sends garbage as soon as it is connected to, before any request. */
export async function garbageOnConnect(): Promise<{ url: string } & AsyncDisposable> {
  const server = await tcpServer((socket) => void socket.write(randomBytes(256)))
  return {
    url: `ws://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** An address at which the TCP handshake never ends: it listens, and its queue of connections is full. */
export function fullBacklog() {
  return forkUpstream({ fullBacklog: true })
}

function answered(act: (request: HttpHead, socket: net.Socket) => void) {
  return (request: HttpHead, socket: net.Socket) => {
    act(request, socket)
    return true
  }
}

function sendStatus(socket: net.Socket, status: number, { headers = [], body }: FaultOptions): void {
  const text = body ?? `status ${status}`
  const lines = [
    `HTTP/1.1 ${status} As Asked`,
    'Content-Type: text/plain',
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...headers,
  ]
  socket.write([...lines, '', text].join('\r\n'))
}

function strikeOn(trigger: FaultOptions['trigger'], peer: RawConnection, strike: Strike): void {
  if (trigger !== 'message') {
    strike(peer)
    return
  }
  peer.onMessage = () => {
    peer.onMessage = undefined
    strike(peer)
  }
}

function echo(peer: RawConnection): void {
  peer.onMessage = ({ opcode, payload }) => peer.frame({ opcode, payload })
}

function half(size: number): Buffer {
  const whole = frame({ opcode: opcode.text, payload: 'x'.repeat(size) })
  return whole.subarray(0, whole.length - size / 2)
}

function resetInFrame(peer: RawConnection, size: number): void {
  // A turn later, so that the half frame has left before the RST, which discards what waits.
  peer.stream.write(half(size), () => setImmediate(() => peer.reset()))
}

function keys<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[]
}

function isKey<T extends object>(table: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(table, key)
}
