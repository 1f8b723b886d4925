// nats-server with nats.ws. SIGUSR2 would be its lame duck mode, which is for clusters; SIGTERM is its stop.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'nats.ws'
import WebSocket from 'ws'

export const about = {
  title: 'nats-server, nats.ws',
  packages: ['nats.ws', 'ws'],
  debian: ['nats-server'],
  protocol: 'NATS',
}

export function command({ port, folder }) {
  const file = join(folder, 'nats.conf')
  writeFileSync(
    file,
    `host: 127.0.0.1\nport: -1\nwebsocket { host: "127.0.0.1", port: ${port}, no_tls: true }\n`,
  )
  return { run: ['/usr/sbin/nats-server', '-c', file] }
}

/** A subject over either client. */
export function room(connect, { host, port, heard, told }) {
  globalThis.WebSocket ??= WebSocket
  let connection
  async function enter() {
    const options = { servers: [`ws://${host}:${port}`], maxReconnectAttempts: -1, waitOnFirstConnect: true }
    connection = await connect(options)
    const callback = (error, message) => (error ? told(error) : heard(Buffer.from(message.data)))
    connection.subscribe('room', { callback })
    await connection.flush()
    follow(connection.status())
  }
  async function follow(status) {
    for await (const { type } of status) told(type)
  }
  return {
    ready: enter(),
    say: (message) => connection.publish('room', Buffer.from(message)),
    leave: () => connection?.close(),
  }
}

export function client(user) {
  return room(connect, user)
}
