// How much the ways to read and write a socket cost: a proxy that follows frames and does nothing else.
//   MODE=data|onread|copy|handle PORT=... BACKEND=... node toy-proxy.mjs
// data: 'data' events. onread: both sockets on a reused buffer, which is only right while no write waits.
// copy: the same, with what is read copied out. handle: the same, written past the Writable.
import http from 'node:http'
import net from 'node:net'

const { FrameReader } = await import(
  process.env.FRAME_READER ?? '../../packages/gateway/dist/wire/frame-reader.js'
)

const { MODE = 'data', PORT, BACKEND, CORK = '1' } = process.env
const cork = CORK === '1'
const shared = Buffer.allocUnsafeSlow(64 * 1024)
const copyAtMost = 4096
let WriteWrap

function rules(masked) {
  return { masked, rsv: 0, messageBytes: Number.POSITIVE_INFINITY, wholeFrames: masked ? 0 : 65536 }
}

class Side {
  constructor(masked) {
    this.reader = new FrameReader(rules(masked))
  }
  attach(stream) {
    this.stream = MODE === 'data' ? stream : rewrap(stream, this)
    if (MODE === 'data') {
      stream.on('data', (chunk) => this.onData(chunk))
      stream.resume()
    }
    this.handle = this.stream._handle
    this.stream.on('close', () => this.opposite.stream?.destroy())
    this.stream.on('error', () => {})
    this.stream.on('end', () => this.opposite.stream.end())
    this.stream.on('drain', () => this.opposite.stream.resume())
  }
  onData(chunk) {
    if (cork) {
      const to = this.opposite.stream
      to.cork()
      this.reader.read(chunk, this)
      to.uncork()
    } else this.reader.read(chunk, this)
  }
  onBytes(bytes) {
    const to = this.opposite
    if (MODE === 'handle' && to.stream.writableLength === 0 && to.handle) {
      const req = WriteWrap ? new WriteWrap() : null
      if (req) {
        req.handle = to.handle
        req.oncomplete = () => {}
      }
      const err = to.handle.writeBuffer(req, bytes)
      if (err) to.stream.destroy()
      return
    }
    if (!to.stream.write(bytes)) this.stream.pause()
  }
  onMessage() {
    return true
  }
  onControl(_op, _payload, frame) {
    this.opposite.stream.write(frame)
  }
  onBoundary() {}
  onFault() {
    this.stream.destroy()
  }
}

function rewrap(old, side) {
  old.pause()
  const handle = old._handle
  handle.readStop()
  handle.reading = false
  old._handle = null
  const stream = new net.Socket({
    handle,
    allowHalfOpen: true,
    onread: {
      buffer: MODE === 'onread' ? shared : () => shared,
      callback(n) {
        if (MODE !== 'onread' && n <= copyAtMost) {
          const own = Buffer.allocUnsafe(n)
          shared.copy(own, 0, 0, n)
          side.onData(own)
        } else side.onData(shared.subarray(0, n))
        return true
      },
    },
  })
  old.on('close', () => stream.destroy())
  return stream
}

const server = http.createServer()
server.on('upgrade', (req, socket) => {
  const dialled = http.request({ port: BACKEND, host: '127.0.0.1', headers: req.headers, path: req.url })
  dialled.on('upgrade', (res, upstream, head) => {
    upstream.setNoDelay(true)
    const lines = Object.entries(res.headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`)
    const a = new Side(true)
    const b = new Side(false)
    a.opposite = b
    b.opposite = a
    a.attach(socket)
    b.attach(upstream)
    if (head.length) b.onData(head)
  })
  dialled.on('error', () => socket.destroy())
  dialled.end()
})
if (MODE === 'handle') {
  // The class of write requests is not public: it is taken from a write that is seen on its way.
  const seen = net
    .createServer((socket) => socket.on('error', () => {}).resume())
    .listen(0, '127.0.0.1', () => {
      const probe = net.connect(seen.address().port, '127.0.0.1', () => {
        const write = probe._handle.writeLatin1String
        probe._handle.writeLatin1String = function (req, ...rest) {
          if (req) WriteWrap = req.constructor
          return write.call(this, req, ...rest)
        }
        probe.write('x', 'latin1', () => {
          probe.destroy()
          seen.close()
          server.listen(PORT, '127.0.0.1')
        })
      })
      probe.on('error', () => {})
    })
} else server.listen(PORT, '127.0.0.1')
