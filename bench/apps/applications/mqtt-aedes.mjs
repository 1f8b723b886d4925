// Aedes over ws, with MQTT.js.
import { createServer } from 'node:http'
import { Aedes } from 'aedes'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { join } from './mqtt-client.mjs'

export const about = { title: 'Aedes, MQTT.js', packages: ['aedes', 'mqtt', 'ws'], protocol: 'MQTT 3.1.1' }

export async function start({ port }) {
  const broker = await Aedes.createBroker()
  const http = createServer()
  new WebSocketServer({ server: http }).on('connection', (socket, request) => {
    const stream = createWebSocketStream(socket)
    stream.on('error', () => undefined)
    broker.handle(stream, request)
  })
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve))
  return { stop: () => new Promise((resolve) => broker.close(resolve)) }
}

export function client({ host, port, ...user }) {
  return join({ url: `ws://${host}:${port}`, ...user })
}
