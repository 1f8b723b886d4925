// The chat of FastAPI's own guide (a manager with a list of rooms), on Uvicorn as Debian has it.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export { client } from './chat.mjs'

export const about = {
  title: 'chat on FastAPI and Uvicorn, reconnecting-websocket',
  packages: ['reconnecting-websocket'],
  debian: ['python3-fastapi', 'python3-uvicorn', 'python3-websockets'],
  protocol: 'JSON, join first',
  hold: { replay: { first: 1 } },
}

const source = `
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
room = []

@app.websocket("/")
async def chat(socket: WebSocket):
    await socket.accept()
    try:
        while True:
            message = await socket.receive_json()
            if message["type"] == "join":
                room.append(socket)
            elif socket not in room:
                await socket.send_json({"error": "not in a room"})
            else:
                for member in list(room):
                    try:
                        await member.send_json({"text": message["text"]})
                    except Exception:
                        pass
    except WebSocketDisconnect:
        pass
    finally:
        if socket in room:
            room.remove(socket)
`

export function command({ port, folder }) {
  writeFileSync(join(folder, 'chat.py'), source)
  const address = ['--host', '127.0.0.1', '--port', String(port)]
  return { run: ['/usr/bin/python3', '-m', 'uvicorn', 'chat:app', ...address, '--ws', 'websockets'] }
}
