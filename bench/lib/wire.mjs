// Raw WebSocket ends for the generator: clients and a backend on bare sockets, read into one reused buffer.
import { createHash } from 'node:crypto'
import net from 'node:net'
import tls from 'node:tls'
import { FrameWalker, shortText } from './frames.mjs'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
export const deflate = 'permessage-deflate; client_no_context_takeover; server_no_context_takeover'
const readBuffer = Buffer.allocUnsafe(256 * 1024)
/** Milliseconds for a connection to open. */
const openLimit = 10_000

/** What both ends have: the socket, the head of the handshake, then frames. */
export class End {
  head = ''
  open = false
  gone = false
  walker = new FrameWalker()

  /** `n` bytes have come in `bytes`. */
  read(n, bytes) {
    let from = 0
    if (!this.open) {
      const before = this.head.length
      this.head += bytes.latin1Slice(0, n)
      const end = this.head.indexOf('\r\n\r\n')
      if (end < 0) return true
      from = end + 4 - before
      this.head = this.head.slice(0, end + 4)
      this.open = true
      this.onOpen()
      this.head = ''
      if (from >= n) return true
    }
    return this.readFrames(bytes, from, n)
  }

  readFrames(bytes, from, n) {
    const ended = this.walker.walk(bytes, from, n)
    if (this.walker.closed) this.onClose()
    else if (ended > 0) this.onMessages(ended)
    return true
  }
}

export class Client extends End {
  /** Called with how many messages have just ended. */
  onMessages = () => {}
  onClose = () => this.socket.end()
  onGone = () => {}
  ready = resolvers()

  constructor({ port, secure = false, path = '/', offer, fields = '', localAddress, session }) {
    super()
    this.ready.promise.catch(() => {})
    const callback = (n, bytes) => this.read(n, bytes)
    const to = { port, host: '127.0.0.1', localAddress, noDelay: true }
    if (secure) {
      this.socket = tls.connect({ ...to, session, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
      this.socket.on('data', (chunk) => this.read(chunk.length, chunk))
    } else {
      this.socket = net.connect({ ...to, onread: { buffer: readBuffer, callback } })
    }
    const extensions = offer ? `Sec-WebSocket-Extensions: ${offer}\r\n` : ''
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${extensions}${fields}\r\n`,
    )
    const timer = setTimeout(() => this.socket.destroy(new Error('no answer to the handshake')), openLimit)
    this.ready.promise.then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    )
    this.socket.on('error', (error) => this.ready.reject(error))
    this.socket.on('close', () => {
      this.gone = true
      this.ready.reject(new Error('closed before it was open'))
      this.onGone()
    })
  }

  onOpen() {
    if (this.head.startsWith('HTTP/1.1 101')) return this.ready.resolve(this)
    this.ready.reject(new Error(`answered ${this.head.slice(0, 40).split('\r\n')[0]}`))
    this.socket.destroy()
  }

  write(bytes) {
    return this.socket.write(bytes)
  }
}

/** A TLS session that others can go on with. */
export async function sessionOf(port) {
  const client = new Client({ port, secure: true })
  const session = new Promise((resolve) => client.socket.once('session', resolve))
  await client.ready.promise
  const given = await Promise.race([session, new Promise((resolve) => setTimeout(resolve, openLimit))])
  client.socket.destroy()
  if (!given) throw new Error('no TLS session was given')
  return given
}

/** A message acknowledges what came; as often as PROTOCOL.md asks for. */
const acknowledged = { messages: 64, bytes: 64 * 1024 }

/** A client that speaks `holdfast.v1` and stays: it waits for `welcome`, and acknowledges. */
export class ResumableClient extends Client {
  #welcome = Buffer.alloc(0)
  #nonce
  #said = { messages: 0, payload: 0 }

  constructor(options) {
    super({ ...options, fields: 'Sec-WebSocket-Protocol: holdfast.none, holdfast.v1\r\n' })
    this.walker.skipsText = true
  }

  onOpen() {
    if (/^sec-websocket-protocol: *holdfast\.v1\r$/im.test(this.head)) return
    this.ready.reject(new Error('the route does not resume'))
    this.socket.destroy()
  }

  readFrames(bytes, from, n) {
    if (!this.#nonce) return this.#readWelcome(Buffer.from(bytes.subarray(from, n)))
    const going = super.readFrames(bytes, from, n)
    const { messages, payload } = this.walker
    const more = messages - this.#said.messages
    // Inside a message there is nothing to say.
    if (more >= acknowledged.messages || (more > 0 && payload - this.#said.payload >= acknowledged.bytes))
      this.#acknowledge()
    return going
  }

  #readWelcome(bytes) {
    this.#welcome = Buffer.concat([this.#welcome, bytes])
    const whole = this.#welcome
    if (whole.length < 4) return true
    const [header, length] = whole[1] < 126 ? [2, whole[1]] : [4, whole.readUInt16BE(2)]
    if (whole.length < header + length) return true
    this.#nonce = whole.toString('latin1', header + 1, header + 17)
    this.#acknowledge()
    this.ready.resolve(this)
    const rest = whole.subarray(header + length)
    return rest.length === 0 || super.readFrames(rest, 0, rest.length)
  }

  #acknowledge() {
    const { messages, payload } = this.walker
    this.#said = { messages, payload }
    if (!this.gone) this.write(shortText(`\0${this.#nonce}{"type":"ack","received":${messages}}`))
  }
}

export function resolvers() {
  const made = {}
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }))
  return made
}

class Served extends End {
  constructor(backend, socket) {
    super()
    this.backend = backend
    this.socket = socket
    this.walker.expect(backend.expected)
  }

  onOpen() {
    const sent = /^sec-websocket-key: *(\S+)/im.exec(this.head)?.[1] ?? ''
    const accept = createHash('sha1')
      .update(sent + guid)
      .digest('base64')
    const offered = /^sec-websocket-extensions:/im.test(this.head)
    const extensions = this.backend.compresses && offered ? `Sec-WebSocket-Extensions: ${deflate}\r\n` : ''
    this.socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Accept: ${accept}\r\n${extensions}\r\n`,
    )
    this.backend.served.add(this)
  }

  onMessages(ended) {
    const { answer } = this.backend
    if (!answer) return
    for (let left = ended; left > 0; left -= answer.most) {
      this.socket.write(answer.of(Math.min(left, answer.most)))
    }
  }

  onClose() {
    this.socket.end(Buffer.from([0x88, 0x02, 0x03, 0xe8]))
  }
}

/** A server that answers each message with a ready-made one. */
export class Backend {
  served = new Set()
  answer
  expected
  compresses = false

  async listen(port = 0) {
    // The accepted handle is wrapped anew, so that it, too, reads into the one buffer.
    this.server = net.createServer({ pauseOnConnect: true, noDelay: true }, (accepted) => {
      const handle = accepted._handle
      accepted._handle = null
      const socket = new net.Socket({
        handle,
        allowHalfOpen: false,
        onread: { buffer: readBuffer, callback: (n, bytes) => end.read(n, bytes) },
      })
      const end = new Served(this, socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.served.delete(end)
        accepted.destroy()
      })
    })
    await new Promise((resolve, reject) => {
      this.server.once('error', reject).listen({ port, host: '127.0.0.1', backlog: 4096 }, resolve)
    })
    return this.server.address().port
  }

  /** What comes is compared with `expected`; what goes back is `answer`, a burst, or nothing. */
  becomes({ expected, answer, compresses = false }) {
    Object.assign(this, { expected, answer, compresses })
  }

  get wrong() {
    let wrong = 0
    for (const { walker } of this.served) wrong += walker.wrong
    return wrong
  }
}
