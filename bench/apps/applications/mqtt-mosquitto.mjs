// Mosquitto with MQTT.js. Its WebSocket listener binds to all interfaces only; the messages stay on the loopback.
import { writeFileSync } from 'node:fs'
import { join as path } from 'node:path'
import { join } from './mqtt-client.mjs'

export const about = {
  title: 'Mosquitto, MQTT.js',
  packages: ['mqtt'],
  debian: ['mosquitto'],
  protocol: 'MQTT 3.1.1',
}

export function command({ port, folder }) {
  const file = path(folder, 'mosquitto.conf')
  // Mosquitto 2.0.11 does not start with a WebSocket listener alone, so that it has another, which is a file.
  const listeners = [`user root\nlistener 0 ${path(folder, 'mqtt')}`, `listener ${port}\nprotocol websockets`]
  writeFileSync(file, `${listeners.join('\n')}\nallow_anonymous true\n`)
  return { run: ['/usr/sbin/mosquitto', '-c', file] }
}

export function client({ host, port, ...user }) {
  return join({ url: `ws://${host}:${port}`, ...user })
}
