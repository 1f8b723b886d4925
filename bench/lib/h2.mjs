// Clients over HTTP/2 (RFC 8441): several WebSockets on one connection.
import http2 from 'node:http2'
import { End, resolvers } from './wire.mjs'

/** Milliseconds for a stream to open. */
const openLimit = 10_000

/** Connections of HTTP/2, with the streams dealt out to them in turn. */
export class H2Connections {
  static async open(port, count) {
    const sessions = await Promise.all(Array.from({ length: count }, () => connect(port)))
    return new H2Connections(sessions)
  }

  constructor(sessions) {
    this.sessions = sessions.map((session) => ({ session, streams: 0 }))
  }

  client(n) {
    return new H2Client(this.sessions[n % this.sessions.length])
  }
}

async function connect(port) {
  const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no settings of HTTP/2')), openLimit)
    session.once('error', reject).once('remoteSettings', ({ enableConnectProtocol }) => {
      clearTimeout(timer)
      if (enableConnectProtocol) resolve()
      else reject(new Error('no WebSockets over HTTP/2'))
    })
  })
  session.on('error', () => {})
  return session
}

/** One WebSocket; its connection goes with the last of them. */
class H2Client extends End {
  onMessages = () => {}
  onClose = () => this.socket.end()
  onGone = () => {}
  ready = resolvers()

  constructor(at) {
    super()
    this.ready.promise.catch(() => {})
    at.streams++
    this.socket = at.session.request(
      {
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':path': '/',
        'sec-websocket-version': '13',
      },
      { endStream: false },
    )
    const timer = setTimeout(() => this.socket.destroy(new Error('no answer to the handshake')), openLimit)
    this.socket.once('response', (headers) => {
      clearTimeout(timer)
      this.open = headers[':status'] === 200
      if (this.open) return this.ready.resolve(this)
      this.ready.reject(new Error(`answered ${headers[':status']}`))
      this.socket.destroy()
    })
    this.socket.on('data', (chunk) => this.read(chunk.length, chunk))
    this.socket.on('error', (error) => this.ready.reject(error))
    this.socket.on('close', () => {
      clearTimeout(timer)
      this.gone = true
      this.ready.reject(new Error('closed before it was open'))
      if (--at.streams === 0) at.session.close()
      this.onGone()
    })
  }

  write(bytes) {
    return this.socket.write(bytes)
  }
}
