// MQTT.js speaking MQTT 5, and Mosquitto, a process of its own: Debian has it. Its own WebSocket listener binds to every
// interface, so that a server of ws stands in front of it and hands the bytes on.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child, eventually } from '@holdfast/testing'
import mqtt from 'mqtt'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { type App, CloseAction, type Loss, startServer } from './replay-app.ts'

const program = '/usr/sbin/mosquitto'

/** Why there is no Mosquitto to test with; undefined where there is one. */
export const mosquittoMissing = existsSync(program) ? undefined : `no ${program}`

/** What the client asks for in its SUBSCRIBEs, and gets back with each message. */
const subscriptionIdentifier = 77

export async function mosquittoApp(
  url: (upstream: string) => Promise<string>,
): Promise<App & { client: mqtt.MqttClient }> {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'))
  const [config, path] = [join(folder, 'mosquitto.conf'), join(folder, 'mqtt')]
  writeFileSync(
    config,
    `user root\nlistener 0 ${path}\nallow_anonymous true\nlog_dest stderr\nlog_type subscribe\nlog_type unsubscribe\n`,
  )
  const told = new CloseAction()
  /** Of the client, as the broker writes them down. */
  const subscriptions = new Set<string>()
  let broker: Child
  async function startBroker() {
    subscriptions.clear()
    rmSync(path, { force: true })
    const started = new Child(program, ['-c', config])
    broker = started
    let read = 0
    started.changes.subscribe(() => {
      for (; read < started.stderr.length; read++) {
        const [, qos, topic] = /: me (?:(\d) )?(\S+)$/.exec(started.stderr[read]!) ?? []
        if (topic === undefined) continue
        if (qos === undefined) subscriptions.delete(topic)
        else subscriptions.add(topic)
        told.changes.notify()
      }
    })
    await eventually('mosquitto', () => existsSync(path))
  }
  await startBroker()
  const front = await startServer((server) => {
    const sockets = new WebSocketServer({ server, handleProtocols: ([first]) => first ?? false })
    sockets.on('connection', (socket) => {
      const [stream, behind] = [createWebSocketStream(socket), net.connect(path)]
      stream.on('error', () => behind.destroy()).on('close', () => behind.destroy())
      behind.on('error', () => stream.destroy()).on('close', () => stream.destroy())
      stream.pipe(behind).pipe(stream)
    })
  })
  const connectOther = () => mqtt.connectAsync(front.url, { protocolVersion: 5, reconnectPeriod: 0 })
  let other = await connectOther()
  const server = {
    async start() {
      await startBroker()
      await front.start()
      other = await connectOther()
    },
    async stop(how: Loss) {
      await other.endAsync(true)
      broker.signal('SIGKILL')
      await front.stop(how)
      await broker.exited
    },
  }
  const client = mqtt.connect(await url(front.url), {
    protocolVersion: 5,
    clientId: 'me',
    reconnectPeriod: 50,
    properties: { sessionExpiryInterval: 60, userProperties: { name: 'me' } },
  })
  client.on('message', (topic, payload, { properties }) => {
    const asked = properties?.subscriptionIdentifier === subscriptionIdentifier
    told.add('received', `${topic} ${payload}${asked ? '' : ' of no subscription'}`)
  })
  for (const event of ['connect', 'close', 'error'] as const)
    client.on(event, () => told.add('events', event))
  await told.until('events', 'connect')
  return {
    ...{ server, told, client },
    subscribe: (topic) => client.subscribeAsync(topic, { qos: 1, properties: { subscriptionIdentifier } }),
    unsubscribe: (topic) => client.unsubscribeAsync(topic),
    publish: (topic, text) => other.publishAsync(topic, text, { qos: 1 }),
    async say(topic, text) {
      await client.publishAsync(topic, text, { qos: 1, properties: { userProperties: { said: 'yes' } } })
      told.add('heard', `${topic} ${text}`)
    },
    knows: (topics) =>
      told.changes.until(
        `subscriptions ${topics}`,
        () => JSON.stringify([...subscriptions].sort()) === JSON.stringify([...topics].sort()),
        { detail: () => ({ subscriptions: [...subscriptions], log: broker.stderr }) },
      ),
    async [Symbol.asyncDispose]() {
      await client.endAsync(true)
      await other.endAsync(true)
      broker.signal('SIGKILL')
      await front[Symbol.asyncDispose]()
      await broker.exited
      rmSync(folder, { recursive: true })
    },
  }
}
