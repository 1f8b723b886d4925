// python-socketio on Uvicorn as Debian has it, with the client in JavaScript over WebSocket only.
import { writeFileSync } from 'node:fs'
import { join as path } from 'node:path'

export { client } from './socketio.mjs'

export const about = {
  title: 'python-socketio, WebSocket only',
  packages: ['socket.io-client'],
  debian: ['python3-socketio', 'python3-uvicorn', 'python3-websockets'],
  protocol: 'Engine.IO 4',
}

const source = `
import socketio

server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")
app = socketio.ASGIApp(server)

@server.on("say")
async def say(sid, text):
    await server.emit("said", text)
`

export function command({ port, folder }) {
  writeFileSync(path(folder, 'room.py'), source)
  const address = ['--host', '127.0.0.1', '--port', String(port)]
  return { run: ['/usr/bin/python3', '-m', 'uvicorn', 'room:app', ...address] }
}
