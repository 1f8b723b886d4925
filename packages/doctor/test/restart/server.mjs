// A server that stops in the way that its first argument says; with ws, on a port of the system's.
import http from 'node:http'
import { WebSocketServer } from 'ws'

const [how = 'none'] = process.argv.slice(2)
const server = http.createServer((_, response) => response.end())
const wss = new WebSocketServer({ server, path: how === 'path' ? '/ws' : undefined })
let stopping = false
wss.on('connection', (socket) => {
  if (how === 'mute') socket.close(1008, 'not you')
  if (stopping && how === 'thrown-out') socket.terminate()
  socket.on('message', (data) => socket.send(data))
})
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1')

const all = (say) => {
  for (const socket of wss.clients) say(socket)
}
const cutSoon = () => setTimeout(() => all((socket) => socket.terminate()), 200)
const end = () => wss.close(() => server.close(() => process.exit(0)))

const ways = {
  hang: () => server.close(() => process.exit(0)),
  restart: () => {
    all((socket) => socket.close(1012, 'restart'))
    end()
  },
  done: () => {
    all((socket) => socket.close(1000))
    cutSoon()
    end()
  },
  away: () => {
    all((socket) => socket.close(1001, 'bye'))
    cutSoon()
    end()
  },
  empty: () => {
    all((socket) => socket.close())
    cutSoon()
    end()
  },
  stays: () => {
    all((socket) => socket.close(1012))
    cutSoon()
    server.close()
    setInterval(() => {}, 1_000)
  },
  'lets-in': () => {
    all((socket) => socket.close(1012))
    cutSoon()
  },
  'thrown-out': () => {
    all((socket) => socket.close(1012))
    cutSoon()
  },
}
if (how === 'helper') {
  const { gracefulRestart } = await import(String(new URL('../../../restart/dist/index.js', import.meta.url)))
  gracefulRestart([server, wss], { spread: '600ms', deadline: '1500ms' })
} else if (ways[how]) {
  process.on('SIGTERM', () => {
    stopping = true
    ways[how]()
  })
}
