// A plain `ws` server that echoes and, on SIGTERM, says 1012 to everybody and goes. Its port is in the first argument.
// It tells on stdout which requests it acted on.
import { WebSocket, WebSocketServer } from 'ws'

const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)
const acted = []
const server = new WebSocketServer({ port: Number(process.argv[2]), host: '127.0.0.1' })
server.on('connection', (socket) => {
  socket.on('message', (data) => {
    // After its Close it still gets what was on the way, and cannot answer.
    if (socket.readyState !== WebSocket.OPEN) return
    acted.push(String(data))
    socket.send(String(data))
  })
  socket.on('error', () => {})
})
process.on('SIGTERM', () => {
  // It is busy just then, so that requests wait unread while it says its Close.
  for (const until = Date.now() + 100; Date.now() < until; );
  server.close(() => {
    say({ acted })
    process.exit(0)
  })
  for (const client of server.clients) client.close(1012)
})
server.on('listening', () => say({ port: server.address().port }))
process.stdin.on('close', () => process.exit(0)).resume()
