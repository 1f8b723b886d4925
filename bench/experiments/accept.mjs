// What it costs to accept a client, answer its handshake, and hear that it has gone, on handles and on sockets of Node's, in turn:
// node bench/experiments/accept.mjs [rounds] [connections]. HOLDFAST_RUNTIME is another Node for the side that accepts.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { fileURLToPath } from 'node:url'

const inside = new URL('../../packages/gateway/dist/', import.meta.url)
const load = (name) => import(new URL(name, inside))
if (process.argv[2] === 'serve') await serve(process.argv[3])
else await measure(Number(process.argv[2] ?? 8), Number(process.argv[3] ?? 2000))

async function serve(way) {
  const { Listener } = await load('listen/listener.js')
  const { acceptHandles, wireOf } = await load('wire/index.js')
  const onUpgrade = (handshake) =>
    // As after a dial.
    setImmediate(() => {
      const wire = wireOf(handshake.accept({ headers: [] }))
      const end = () => wire.destroy()
      wire.user = { onPieces() {}, onDrain() {}, onEndOfInput: end, onClose() {} }
      wire.resume()
    })
  const options = { host: '127.0.0.1', port: 0, proxyProtocol: false }
  const listener = new Listener(options, { trusted: () => false, onUpgrade, onRequest() {} })
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => listener.accept(socket))
  server.listen(0, options.host, 4096, () => {
    if (way === 'handles') acceptHandles(server, (accepted) => listener.accept(accepted))
    process.send(server.address().port)
  })
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send(user + system)
  })
}

async function measure(rounds, connections) {
  const sides = await Promise.all(['sockets', 'handles'].map(start))
  for (const side of sides) await visits(side.port, 2 * connections)
  for (let round = 0; round < rounds; round++) {
    for (const side of sides) {
      const before = await used(side.child)
      await visits(side.port, connections)
      side.costs.push(((await used(side.child)) - before) / connections)
    }
  }
  for (const { way, costs, child } of sides) {
    child.kill()
    const sorted = costs.sort((a, b) => a - b)
    const median = sorted[Math.floor(sorted.length / 2)]
    console.log(`${way}: ${median.toFixed(1)} us of processor time, least ${sorted[0].toFixed(1)}`)
  }
}

async function start(way) {
  const execPath = process.env.HOLDFAST_RUNTIME ?? process.execPath
  const execArgv = ['--max-semi-space-size=16']
  const child = fork(fileURLToPath(import.meta.url), ['serve', way], { execPath, execArgv })
  const [port] = await once(child, 'message')
  return { way, child, port, costs: [] }
}

async function used(child) {
  child.send('used')
  const [microseconds] = await once(child, 'message')
  return microseconds
}

/** 32 at a time. */
async function visits(port, connections) {
  let left = connections
  const request =
    'GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'
  const visitor = async () => {
    while (left-- > 0) {
      const socket = net.connect(port, '127.0.0.1').on('data', () => socket.end())
      socket.write(request)
      await once(socket, 'close')
    }
  }
  await Promise.all(Array.from({ length: 32 }, visitor))
}
