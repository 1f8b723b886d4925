// A chat whose server stops with @holdfast/restart and finds the room of a client again by its Holdfast-Session.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gracefulRestart, sayRestored } from '@holdfast/restart'
import { WebSocketServer } from 'ws'

export { client } from './chat.mjs'

export const about = {
  title: 'chat with @holdfast/restart that restores',
  packages: ['ws', 'reconnecting-websocket'],
  protocol: 'JSON, join first',
}

export function start({ port, folder }) {
  const file = join(folder, 'sessions.json')
  const sessions = new Set(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [])
  const room = new Set()
  const server = new WebSocketServer({ port, host: '127.0.0.1' })
  sayRestored(server, (session) => sessions.has(session))
  server.on('connection', (socket, { headers }) => {
    const session = headers['holdfast-session']
    const enter = () => {
      room.add(socket)
      if (!session || sessions.has(session)) return
      sessions.add(session)
      writeFileSync(file, JSON.stringify([...sessions]))
    }
    if (headers['holdfast-reattach'] && sessions.has(session)) enter()
    socket.on('message', (data) => {
      const { type, text } = JSON.parse(data)
      if (type === 'join') enter()
      else if (!room.has(socket)) socket.send(JSON.stringify({ error: 'not in a room' }))
      else for (const member of room) member.send(JSON.stringify({ text }))
    })
    socket.on('close', () => room.delete(socket))
  })
  gracefulRestart(server, { spread: 0, deadline: '5s' })
}
