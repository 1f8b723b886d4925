// MQTT.js and Aedes.
import { Aedes } from 'aedes'
import mqtt from 'mqtt'
import { createWebSocketStream, WebSocketServer } from 'ws'
import type { App } from './replay-app.ts'
import { CloseAction, startServer } from './replay-app.ts'

/** Serves a broker that begins with nothing, or one that lives on. */
export function serveBroker(told: CloseAction, lasting?: Aedes) {
  const state = { broker: lasting }
  const watched = new Set<Aedes>()
  return {
    state,
    serve(server: import('node:http').Server) {
      const ready = lasting ? Promise.resolve(lasting) : Aedes.createBroker()
      const sockets = new WebSocketServer({ server, handleProtocols: ([first]) => first ?? false })
      sockets.on('connection', (socket, request) => {
        const stream = createWebSocketStream(socket)
        stream.on('error', () => {})
        void ready.then((broker) => broker.handle(stream, request))
      })
      void ready.then((broker) => {
        state.broker = broker
        if (watched.has(broker)) return
        watched.add(broker)
        broker.on('publish', (packet, client) => {
          if (client) told.add('heard', `${packet.topic} ${packet.payload}`)
        })
        for (const event of ['subscribe', 'unsubscribe', 'clientReady'] as const) {
          broker.on(event as 'subscribe', () => told.changes.notify())
        }
      })
    },
  }
}

export interface MqttInit {
  url: (upstream: string) => Promise<string>
  qos?: 0 | 1 | 2
  options?: mqtt.IClientOptions
  /** A broker whose sessions outlive its connections. */
  lasting?: Aedes
}

export async function mqttApp({
  url,
  qos = 0,
  options,
  lasting,
}: MqttInit): Promise<App & { client: mqtt.MqttClient }> {
  const told = new CloseAction()
  const { serve, state } = serveBroker(told, lasting)
  const server = await startServer(serve)
  const client = mqtt.connect(await url(server.url), { clientId: 'me', reconnectPeriod: 50, ...options })
  client.on('message', (topic, payload) => told.add('received', `${topic} ${payload}`))
  for (const event of ['connect', 'close', 'error'] as const)
    client.on(event, () => told.add('events', event))
  await told.until('events', 'connect')
  const subscriptions = () => {
    const found = state.broker as unknown as {
      clients: Record<string, { subscriptions: Record<string, unknown> }>
    }
    return Object.keys(found?.clients.me?.subscriptions ?? {}).filter((topic) => !topic.startsWith('$'))
  }
  return {
    ...{ server, told, client },
    subscribe: (topic) => client.subscribeAsync(topic, { qos }),
    unsubscribe: (topic) => client.unsubscribeAsync(topic),
    publish: (topic, text) =>
      new Promise<void>((resolve) =>
        state.broker!.publish(
          { cmd: 'publish', topic, payload: Buffer.from(text), qos, retain: false, dup: false },
          () => resolve(),
        ),
      ),
    say: (topic, text) => client.publishAsync(topic, text, { qos }),
    knows: (topics) =>
      told.changes.until(
        `subscriptions ${topics}`,
        () => JSON.stringify(subscriptions().sort()) === JSON.stringify([...topics].sort()),
        { detail: subscriptions },
      ),
    async [Symbol.asyncDispose]() {
      await client.endAsync(true)
      await server[Symbol.asyncDispose]()
    },
  }
}
