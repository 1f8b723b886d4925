import type { Changes } from '@holdfast/testing'
import type { WebSocket, WebSocketServer } from 'ws'

/** A server of Action Cable: every channel is there but `ClosedChannel`. */
export class CableServer {
  readonly #changes: Changes
  readonly subscriptions = new Set<{ socket: WebSocket; identifier: string }>()
  /** Commands as they came, and before the welcome never. */
  readonly commands: { command: string; identifier: string; data?: string }[] = []

  constructor(changes: Changes) {
    this.#changes = changes
  }

  readonly serve = (server: WebSocketServer): void => {
    this.subscriptions.clear()
    server.on('connection', (socket) => {
      let welcomed = false
      // As a server that looks the user up first.
      setTimeout(() => {
        welcomed = true
        socket.send('{"type":"welcome"}')
      }, 20)
      socket.on('message', (data) => {
        if (!welcomed) throw new Error(`before the welcome came ${data}`)
        this.#command(socket, JSON.parse(String(data)))
        this.#changes.notify()
      })
      socket.on('close', () => {
        for (const one of this.subscriptions) if (one.socket === socket) this.subscriptions.delete(one)
        this.#changes.notify()
      })
    })
  }

  broadcast(message: object): void {
    for (const { socket, identifier } of this.subscriptions) {
      socket.send(JSON.stringify({ identifier, message }))
    }
  }

  ping(): void {
    for (const { socket } of this.subscriptions) socket.send('{"type":"ping","message":1}')
  }

  #command(socket: WebSocket, command: { command: string; identifier: string; data?: string }): void {
    this.commands.push(command)
    const { identifier } = command
    const known = [...this.subscriptions].find(
      (one) => one.socket === socket && one.identifier === identifier,
    )
    if (command.command === 'unsubscribe' && known) this.subscriptions.delete(known)
    if (command.command !== 'subscribe' || known) return
    const refused = identifier.includes('ClosedChannel')
    if (!refused) this.subscriptions.add({ socket, identifier })
    const type = refused ? 'reject_subscription' : 'confirm_subscription'
    socket.send(JSON.stringify({ identifier, type }))
  }
}
