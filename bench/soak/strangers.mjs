// Clients that behave badly, in a process of their own: each comes, does one thing, and is gone within seconds.
import net from 'node:net'
import tls from 'node:tls'
import WebSocket from 'ws'
import { clientClose, frameOf } from '../lib/frames.mjs'

/** Strangers at one time. */
const most = 150
const perSecond = 40
const stayMs = 4_000

const small = frameOf(Buffer.from('hello'), { masked: true })
const large = frameOf(Buffer.alloc(256 * 1024), { masked: true })
const ping = Buffer.concat(Array(2_000).fill(Buffer.from([0x89, 0x80, 0, 0, 0, 0])))

let ports
let going = false
let ticker
let seed = 1
const present = new Set()

/** xorshift32: the same strangers in each run with the same seed. */
function random() {
  seed ^= seed << 13
  seed ^= seed >>> 17
  seed ^= seed << 5
  return (seed >>> 0) / 2 ** 32
}
const among = (things) => things[Math.floor(random() * things.length)]

function handshake(path) {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    '\r\n',
  ].join('\r\n')
}

/** A socket that is destroyed after a while, whatever it does. */
function visit(socket, act, ms = stayMs * random()) {
  present.add(socket)
  socket.on('error', () => {})
  socket.once('close', () => {
    clearTimeout(timer)
    present.delete(socket)
  })
  const reset = !(socket instanceof tls.TLSSocket) && random() < 0.5
  const timer = setTimeout(() => (reset ? socket.resetAndDestroy() : socket.destroy()), ms)
  socket.once(socket instanceof tls.TLSSocket ? 'secureConnect' : 'connect', () => act(socket))
}

const plain = () => net.connect(ports.plain, '127.0.0.1')
const secure = () => tls.connect({ port: ports.secure, host: '127.0.0.1', rejectUnauthorized: false })
const route = () => among(['/plain', '/limited', '/replay', '/dead', '/held', '/nowhere'])

const deeds = {
  talks: () =>
    visit(among([plain, secure])(), (socket) => {
      socket.resume()
      socket.write(handshake(route()))
      socket.write(small)
    }),
  closes: () =>
    visit(plain(), (socket) => {
      socket.resume()
      socket.write(handshake('/plain'))
      const close = Buffer.from(clientClose)
      close.writeUInt16BE(3000 + Math.floor(random() * 2000), 6)
      socket.write(close)
    }),
  neverReads: () =>
    visit(plain(), (socket) => {
      socket.write(handshake(among(['/plain', '/held', '/replay'])))
      for (let i = 0; i < 8; i++) socket.write(large)
    }),
  floodsWithPings: () =>
    visit(plain(), (socket) => {
      socket.write(handshake(among(['/plain', '/held'])))
      for (let i = 0; i < 20; i++) socket.write(ping)
    }),
  breaksTheProtocol: () =>
    visit(plain(), (socket) => {
      socket.resume()
      socket.write(handshake(route()))
      socket.write(small)
      socket.write(
        among([
          Buffer.from([0x81, 1, 65]),
          Buffer.from([0xf1, 0x80, 0, 0, 0, 0]),
          Buffer.from([0x8b, 0x80, 0, 0, 0, 0]),
        ]),
      )
    }),
  saysNothing: () => visit(among([plain, secure])(), () => {}),
  saysHalf: () =>
    visit(plain(), (socket) => socket.write(handshake(route()).slice(0, Math.floor(random() * 120)))),
  byteByByte: () =>
    visit(plain(), (socket) => {
      socket.resume()
      const bytes = Buffer.concat([Buffer.from(handshake(route())), small])
      let at = 0
      const next = () =>
        at < bytes.length && !socket.destroyed && socket.write(bytes.subarray(at, ++at), next)
      next()
    }),
  garbage: () =>
    visit(net.connect(among([ports.plain, ports.secure]), '127.0.0.1'), (socket) => {
      socket.resume()
      socket.write(Buffer.from(Array.from({ length: 200 }, () => Math.floor(random() * 256))))
    }),
  plainHttp: () =>
    visit(plain(), (socket) => {
      socket.resume()
      socket.write(`GET ${route()} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(1 + Math.floor(random() * 3)))
    }),
  uploads: () =>
    visit(plain(), (socket) => {
      socket.resume()
      socket.write(`POST ${route()} HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n`)
      socket.write(Buffer.alloc(Math.floor(random() * 300_000)))
    }),
  watches: () =>
    visit(net.connect(ports.admin, '127.0.0.1'), (socket) => {
      socket.write('GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    }),
  behaves: () => {
    const socket = new WebSocket(`ws://127.0.0.1:${ports.plain}${route()}`)
    present.add(socket)
    socket.on('error', () => {})
    socket.once('open', () => {
      socket.send('hello')
      setTimeout(() => socket.close(), stayMs * random())
    })
    const timer = setTimeout(() => socket.terminate(), 3 * stayMs)
    socket.once('close', () => {
      clearTimeout(timer)
      present.delete(socket)
    })
  },
}

const calls = {
  async begin(given) {
    ports = given.ports
    seed = given.seed
    ticker = setInterval(() => {
      if (going && present.size < most) among(Object.values(deeds))()
    }, 1000 / perSecond)
    going = true
  },
  async goOn() {
    going = true
  },
  /** Resolves when all have left. */
  async rest() {
    going = false
    while (present.size > 0) await new Promise((resolve) => setTimeout(resolve, 50))
  },
  async end() {
    clearInterval(ticker)
  },
}

process.on('message', async ({ id, call, args }) => {
  try {
    process.send({ id, value: await calls[call](args) })
  } catch (error) {
    process.send({ id, error: error.message })
  }
})
process.on('disconnect', () => process.exit())
