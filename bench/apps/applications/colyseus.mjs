// Colyseus: a room found over HTTP, then a WebSocket with its ids in the URL. A client whose room is gone joins again.
import { createServer } from 'node:http'
import { Room, Server } from '@colyseus/core'
import { WebSocketTransport } from '@colyseus/ws-transport'
import { Client } from 'colyseus.js'
import WebSocket from 'ws'

export const about = {
  title: 'Colyseus',
  packages: ['@colyseus/core', '@colyseus/ws-transport', 'colyseus.js'],
  protocol: 'Colyseus, room and session in the URL',
}

class Chat extends Room {
  onCreate() {
    this.autoDispose = false
    this.maxClients = 1000
    this.onMessage('say', (_client, text) => this.broadcast('said', text))
  }
}

export async function start({ port }) {
  const server = new Server({
    transport: new WebSocketTransport({ server: createServer() }),
    greet: false,
    gracefullyShutdown: false,
  })
  server.define('room', Chat)
  await server.listen(port, '127.0.0.1')
  return { stop: () => server.gracefullyShutdown(false) }
}

export function client({ host, port, heard, told }) {
  globalThis.WebSocket ??= WebSocket
  const lobby = new Client(`ws://${host}:${port}`)
  let room
  let gone = false
  let entered
  const ready = new Promise((resolve) => {
    entered = resolve
  })
  async function enter() {
    try {
      room = await lobby.joinOrCreate('room')
      told('join')
      room.onMessage('said', heard)
      room.onMessage('*', () => undefined)
      room.onLeave((code) => {
        told(`leave ${code}`)
        if (!gone) setTimeout(enter, 1000)
      })
      room.onError((code) => told(`error ${code}`))
      entered()
    } catch (error) {
      told(`join: ${error?.message ?? error}`)
      if (!gone) setTimeout(enter, 1000)
    }
  }
  enter()
  return {
    ready,
    say: (text) => room.send('say', text),
    leave() {
      gone = true
      return room?.leave()
    },
  }
}
