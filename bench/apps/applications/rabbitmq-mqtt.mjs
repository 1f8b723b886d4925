// RabbitMQ with its Web MQTT plugin, and MQTT.js.
import { join } from './mqtt-client.mjs'
import { node } from './rabbitmq-stomp.mjs'

export { afterStop } from './rabbitmq-stomp.mjs'

export const about = {
  title: 'RabbitMQ Web MQTT, MQTT.js',
  packages: ['mqtt'],
  debian: ['rabbitmq-server'],
  protocol: 'MQTT 3.1.1',
}

export function command({ port, folder }) {
  const settings = [
    'web_mqtt.tcp.ip = 127.0.0.1',
    `web_mqtt.tcp.port = ${port}`,
    'mqtt.listeners.tcp = none',
    'mqtt.allow_anonymous = true',
  ]
  const env = node({ port, folder, plugins: 'rabbitmq_web_mqtt', settings: settings.join('\n') })
  return { run: ['/usr/lib/rabbitmq/bin/rabbitmq-server'], env }
}

export function client({ host, port, ...user }) {
  return join({ url: `ws://${host}:${port}/ws`, username: 'guest', password: 'guest', ...user })
}
