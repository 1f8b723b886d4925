// A backend of the planned restarts: it pushes numbered messages, reads numbered messages, and leaves with
// @holdfast/restart. Options in the first argument, JSON: { host, port, every, restart }. It tells on stdout what it saw.
import { WebSocket, WebSocketServer } from 'ws'
import { gracefulRestart } from '../../../restart/dist/index.js'

const { host = '127.0.0.1', port = 0, every = 100, restart: settings } = JSON.parse(process.argv[2] ?? '{}')
const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)
/** Milliseconds of a clock that all processes of this machine share. */
const now = () => Number(process.hrtime.bigint() / 1000n) / 1000
/** Delays up to this many milliseconds are only counted. */
const short = 20

const delays = { short: 0, long: [] }
const server = new WebSocketServer({ port, host, perMessageDeflate: false })
const lastWords = new Map()

server.on('connection', (socket, { headers }) => {
  const session = headers['holdfast-session']
  const epoch = Number.parseInt(headers['holdfast-reattach'] ?? '0', 10)
  const seen = { session, epoch, first: 0, last: 0, faults: 0 }
  let pushed = 0
  socket.send(`h ${session} ${epoch}`)
  let timer = setTimeout(function push() {
    socket.send(`s ${++pushed} ${now()}`)
    timer = setTimeout(push, every)
  }, Math.random() * every)
  const lastWord = () => {
    clearTimeout(timer)
    socket.send(`e ${pushed}`)
  }
  lastWords.set(socket, lastWord)
  socket.on('message', (data) => {
    // RFC 6455 1.4: what comes after its Close is discarded.
    if (socket.readyState !== WebSocket.OPEN) return
    const [kind, number, at] = String(data).split(' ')
    if (kind === 'q') return lastWord()
    if (seen.first === 0) seen.first = Number(number)
    else if (Number(number) !== seen.last + 1) seen.faults++
    seen.last = Number(number)
    const delay = now() - Number(at)
    if (delay <= short) delays.short++
    else delays.long.push([Math.round(Number(at)), Math.round(delay)])
  })
  socket.on('close', () => {
    clearTimeout(timer)
    lastWords.delete(socket)
    say({ gone: seen })
  })
  socket.on('error', () => {})
})

const restart = gracefulRestart(server, { ...settings, onDrain: (socket) => lastWords.get(socket)?.() })
restart.on(({ phase, unanswered }) => {
  if (phase === 'refusing') say({ refusing: now() })
  if (phase !== 'done') return
  say({ delays, unanswered })
  process.stdin.destroy()
})
server.on('listening', () => say({ port: server.address().port, at: now() }))
// The parent's end of stdin closes when it is gone, however it went.
process.stdin.on('close', () => restart.phase === 'done' || process.exit(0)).resume()
