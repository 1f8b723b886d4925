import type { Changes } from '@holdfast/testing'
import type { WebSocket, WebSocketServer } from 'ws'
import { type StompFrame, StompReader, stompFrame } from '../../src/hold/replay/stomp-reader.ts'

/** A STOMP 1.2 broker of topics; it answers receipts except of SENDs to /queue/slow, and is strict about CONNECT. */
export class StompServer {
  readonly #changes: Changes
  readonly subscriptions = new Set<{ socket: WebSocket; id: string; destination: string }>()
  readonly frames: StompFrame[] = []
  /** CONNECT frames that were answered. */
  sessions = 0

  constructor(changes: Changes) {
    this.#changes = changes
  }

  readonly serve = (server: WebSocketServer): void => {
    this.subscriptions.clear()
    server.on('connection', (socket) => {
      const reader = new StompReader()
      const session = { connected: false }
      socket.on('message', (data, binary) => {
        const bytes = data as Buffer
        for (const frame of reader.read(
          binary ? { type: 'binary', data: bytes } : { type: 'text', data: String(bytes) },
        )) {
          this.frames.push(frame)
          this.#frame(socket, session, frame)
        }
        this.#changes.notify()
      })
      socket.on('close', () => {
        for (const one of this.subscriptions) if (one.socket === socket) this.subscriptions.delete(one)
        this.#changes.notify()
      })
    })
  }

  publish(destination: string, body: string): void {
    for (const { socket, id, destination: wanted } of this.subscriptions) {
      if (wanted !== destination) continue
      const head = stompFrame('MESSAGE', [
        ['subscription', id],
        ['destination', destination],
        ['message-id', '1'],
      ])
      socket.send(head.replace(/\0$/, `${body}\0`))
    }
  }

  #frame(socket: WebSocket, session: { connected: boolean }, { command, headers }: StompFrame): void {
    const receipt = headers.get('receipt')
    if (command === 'CONNECT' && !session.connected) {
      // As a broker that looks the user up first: what comes meanwhile is an error.
      setTimeout(() => {
        session.connected = true
        this.sessions += 1
        socket.send(
          stompFrame('CONNECTED', [
            ['version', '1.2'],
            ['heart-beat', '0,0'],
          ]),
        )
      }, 20)
      return
    }
    if (!session.connected) {
      socket.send(stompFrame('ERROR', [['message', 'not connected']]))
      return socket.close(1002)
    }
    const id = headers.get('id')!
    if (command === 'SUBSCRIBE') {
      this.subscriptions.add({ socket, id, destination: headers.get('destination')! })
    } else if (command === 'UNSUBSCRIBE') {
      for (const one of this.subscriptions) {
        if (one.socket === socket && one.id === id) this.subscriptions.delete(one)
      }
    }
    if (receipt !== undefined && headers.get('destination') !== '/queue/slow') {
      socket.send(stompFrame('RECEIPT', [['receipt-id', receipt]]))
    }
    if (command === 'DISCONNECT') socket.close(1000)
  }
}
