// A chat whose clients do not notice that it restarts. Behind Holdfast with `hold` they stay connected; by the header
// Holdfast-Session each is known again: its name, its room, how often it has spoken, and what it has heard last.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gracefulRestart, sayRestored } from '@holdfast/restart'
import { WebSocketServer } from 'ws'
import { Store } from './store.mjs'

const [port = '3000', folder = join(tmpdir(), 'session-restore')] = process.argv.slice(2)
const hour = 3_600_000
const remembered = 100

const store = new Store(folder)
/** Clients by socket: { session, name, room, said, heard }. */
const members = new Map()
const rooms = new Map()

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(port), verifyClient: knows })
// The gateway keeps those clients only of which it hears that they are known: all that `knows` has let in.
sayRestored(server, () => true)
server.on('listening', () => console.log(`listening on ws://127.0.0.1:${port}`))
server.on('connection', (socket, request) => {
  const session = sessionOf(request)
  // The gateway may have given up a connection that still looks open from here.
  for (const [other, its] of members) if (session && its.session === session) leave(other)
  const member = (isBack(request) && store.load(`session-${session}`)) || { session, said: 0 }
  members.set(socket, member)
  save(member)
  if (member.room) {
    // Said while this client had no server.
    const missed = roomOf(member.room).messages.filter(({ number }) => number > member.heard)
    for (const message of missed) tell(socket, message)
  }
  socket.on('message', (data) => handle(socket, member, String(data)))
  socket.on('close', () => leave(socket))
})

// With one process there is nowhere to go to before it is back, so all go at once. With several, take the default.
gracefulRestart(server, { spread: 0, onDrain: leave, signals: ['SIGTERM', 'SIGINT'] })

setInterval(() => {
  for (const member of members.values()) save(member)
  store.sweep('session-', 24 * hour)
}, hour).unref()

/** Refuses a client that comes again and is not known any more: Holdfast tells it 1012, and it begins anew. */
function knows({ req }, answer) {
  const known = !isBack(req) || store.load(`session-${sessionOf(req)}`) !== undefined
  answer(known, 409)
}

/** The gateway's name for the client. Nobody else may set these headers: this server listens where only it comes. */
function sessionOf({ headers }) {
  const session = headers['holdfast-session'] ?? ''
  return /^[\w-]{16,64}$/.test(session) ? session : undefined
}

function isBack(request) {
  return sessionOf(request) !== undefined && request.headers['holdfast-reattach'] !== undefined
}

function handle(socket, member, text) {
  const { join: room, name, say } = parse(text) ?? {}
  if (isName(room) && isName(name)) {
    Object.assign(member, { name, room, heard: roomOf(room).last })
    save(member)
    socket.send(JSON.stringify({ joined: room }))
  } else if (typeof say === 'string' && member.room) {
    const room = roomOf(member.room)
    const message = { number: ++room.last, from: member.name, said: ++member.said, text: say }
    room.messages = [...room.messages, message].slice(-remembered)
    // First saved, then told: nobody has heard what a crash makes unsaid.
    store.save(`room-${member.room}`, room)
    save(member)
    for (const [other, { room }] of members) if (room === member.room) tell(other, message)
  } else socket.send(JSON.stringify({ error: 'say {"join": room, "name": name}, then {"say": text}' }))
}

function tell(socket, message) {
  socket.send(JSON.stringify(message))
  members.get(socket).heard = message.number
}

/** The client hears nothing more from here; where it goes on, it hears the rest. */
function leave(socket) {
  const member = members.get(socket)
  if (member && members.delete(socket)) save(member)
}

function save(member) {
  if (member.session) store.save(`session-${member.session}`, member)
}

function roomOf(name) {
  if (!rooms.has(name)) rooms.set(name, store.load(`room-${name}`) ?? { last: 0, messages: [] })
  return rooms.get(name)
}

function isName(value) {
  return typeof value === 'string' && /^\w{1,40}$/.test(value)
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
