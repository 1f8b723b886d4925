// The upstream of the storms bench, in a process of its own: it serves every library in its own protocol, and is away,
// dies or drains as it is told.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { libraries } from './libraries.mjs'

const serving = new Map()
for (const { name, load } of await libraries()) serving.set(name, (await load()).serve)

const sockets = new Set()
const server = createServer((_, response) => response.writeHead(426).end())
const upgrades = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  handleProtocols: ([first]) => first,
})
/** serve; silent: accepts and says nothing; dies: ends each connection at once; opens: ends it after the handshake; drained: answers 503. */
let mode = 'serve'
/** When a handshake has reached us, milliseconds since the epoch, and of which library. */
let handshakes = []
/** How often each message of an application has arrived. */
let arrived = {}

const now = () => performance.timeOrigin + performance.now()

server.on('connection', (socket) => {
  sockets.add(socket)
  socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  if (mode === 'dies') socket.destroy()
})

server.on('upgrade', (request, socket, head) => {
  const name = nameIn(request.url)
  handshakes.push({ at: now(), name })
  if (mode === 'silent') return undefined
  if (mode === 'drained') return socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n')
  upgrades.handleUpgrade(request, socket, head, (peer) => {
    if (mode === 'opens') return socket.destroy()
    peer.on('error', () => {})
    const answer = serving.get(name)(
      (data) => peer.send(encoded(data)),
      (act) => peer.on('close', act),
    )
    peer.on('message', (data, binary) => {
      count(data)
      answer(binary ? data : String(data))
    })
  })
})

/** Ably has only a host, and Pusher a path of its own. */
function nameIn(url) {
  const segments = new URL(url, 'ws://backend').pathname.split('/')
  return segments.find((segment) => serving.has(segment)) ?? 'ably'
}

function encoded(data) {
  return typeof data === 'string' || ArrayBuffer.isView(data) ? data : JSON.stringify(data)
}

function count(data) {
  const [message] = /said-[\w.-]+!/.exec(data.toString('latin1')) ?? []
  if (message) arrived[message] = (arrived[message] ?? 0) + 1
}

function listen(port) {
  return new Promise((resolve, reject) => {
    server
      .once('error', reject)
      .listen({ port, host: '127.0.0.1', backlog: 4096 }, () => resolve(server.address().port))
  })
}

let port = 0
const calls = {
  async listen() {
    port = await listen(0)
    return port
  },

  /** As if killed: nobody listens, and every connection breaks. */
  async leave() {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  },

  async comeBack() {
    handshakes = []
    await listen(port)
    return now()
  },

  /** Also ends the connections that are there: without a word, or with a Close. */
  async turn({ to, code }) {
    mode = to
    handshakes = []
    if (code) for (const peer of upgrades.clients) peer.close(code, 'service restart')
    else if (to !== 'serve') for (const socket of sockets) socket.destroy()
    return now()
  },

  async report() {
    return { handshakes, arrived }
  },

  async forget() {
    for (const socket of sockets) socket.destroy()
    mode = 'serve'
    handshakes = []
    arrived = {}
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
