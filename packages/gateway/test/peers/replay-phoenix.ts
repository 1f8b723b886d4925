import type { Changes } from '@holdfast/testing'
import type { WebSocket, WebSocketServer } from 'ws'

type Fields = [joinRef: string | null, ref: string | null, topic: string, event: string, payload: object]

/** A server of Phoenix channels, V2 serializer: every topic is there, `echo` is answered, `never` is not. */
export class PhoenixServer {
  readonly #changes: Changes
  /** Channels of all connections that are open. */
  readonly channels = new Set<{ socket: WebSocket; topic: string; joinRef: string }>()
  /** Whatever came, as topic and event, with the number of the life it came in. */
  readonly heard: { life: number; topic: string; event: string; payload: unknown }[] = []
  /** Topics that nobody may join. */
  readonly closed = new Set<string>()
  /** Events that are heard and not answered. */
  readonly unanswered = new Set(['never'])
  life = 0

  constructor(changes: Changes) {
    this.#changes = changes
  }

  readonly serve = (server: WebSocketServer): void => {
    this.life += 1
    this.channels.clear()
    const { life } = this
    server.on('connection', (socket) => {
      socket.on('message', (data) => {
        const fields = JSON.parse(String(data)) as Fields
        this.heard.push({ life, topic: fields[2], event: fields[3], payload: fields[4] })
        this.#answer(socket, fields)
        this.#changes.notify()
      })
      socket.on('close', () => {
        for (const channel of this.channels) if (channel.socket === socket) this.channels.delete(channel)
        this.#changes.notify()
      })
    })
  }

  /** Sends to all that have joined the topic. */
  broadcast(topic: string, event: string, payload: object): void {
    for (const { socket, topic: joined, joinRef } of this.channels) {
      if (joined === topic) socket.send(JSON.stringify([joinRef, null, topic, event, payload]))
    }
  }

  #answer(socket: WebSocket, [joinRef, ref, topic, event, payload]: Fields): void {
    if (this.unanswered.has(event)) return
    const reply = (status: string, response: object) =>
      socket.send(JSON.stringify([joinRef, ref, topic, 'phx_reply', { status, response }]))
    if (topic === 'phoenix') return reply('ok', {})
    const channel = [...this.channels].find((one) => one.socket === socket && one.topic === topic)
    if (event === 'phx_join') {
      if (this.closed.has(topic)) return reply('error', { reason: 'closed' })
      this.channels.add({ socket, topic, joinRef: joinRef! })
      return reply('ok', {})
    }
    if (!channel || channel.joinRef !== joinRef) return reply('error', { reason: 'unmatched topic' })
    if (event === 'phx_leave') {
      this.channels.delete(channel)
      reply('ok', {})
      return socket.send(JSON.stringify([joinRef, joinRef, topic, 'phx_close', {}]))
    }
    reply('ok', payload)
  }
}
