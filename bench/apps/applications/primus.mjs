// Primus over ws, with the client that its server makes.
import { createServer } from 'node:http'
import Primus from 'primus'

export const about = { title: 'Primus', packages: ['primus', 'ws'], protocol: 'Primus' }

export async function start({ port }) {
  const http = createServer()
  const primus = new Primus(http, { transformer: 'websockets' })
  primus.on('connection', (spark) => spark.on('data', (text) => primus.write(text)))
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve))
  return { stop: () => new Promise((resolve) => primus.destroy({ reconnect: true, timeout: 500 }, resolve)) }
}

let Client
export function client({ host, port, heard, told }) {
  Client ??= Primus.createSocket({ transformer: 'websockets' })
  const socket = new Client(`http://${host}:${port}`)
  for (const event of ['open', 'reconnected', 'close', 'end', 'offline']) socket.on(event, () => told(event))
  socket.on('error', ({ message }) => told(`error: ${message}`))
  socket.on('data', heard)
  return {
    ready: new Promise((resolve) => socket.on('open', resolve)),
    say: (text) => void socket.write(text),
    leave: () => socket.end(),
  }
}
