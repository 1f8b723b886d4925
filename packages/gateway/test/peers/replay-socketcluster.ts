// SocketCluster's client and server, which have no types.
import { createRequire } from 'node:module'
import { type App, CloseAction, startServer } from './replay-app.ts'

type Listener = AsyncIterable<{ code?: number; message?: string; error?: Error }>
interface Channel extends AsyncIterable<string> {
  listener(event: string): { once(): Promise<unknown> }
}
interface Client {
  id: string
  subscribe(channel: string): Channel
  unsubscribe(channel: string): void
  transmitPublish(channel: string, data: string): void
  invoke(procedure: string, data: unknown): Promise<unknown>
  invokePublish(channel: string, data: string): Promise<unknown>
  authenticate(token: string): Promise<unknown>
  listener(event: string): Listener & { once(): Promise<unknown> }
  disconnect(): void
}
interface Socket {
  isSubscribed(channel: string): boolean
  subscriptions(): string[]
  setAuthToken(data: object): Promise<unknown>
  authToken?: { user: string }
  procedure(name: string): AsyncIterable<{ data: unknown; end(data?: unknown): void }>
  kickOut(channel: string, message: string): void
}
interface Broker {
  clients: Record<string, Socket>
  exchange: { invokePublish(channel: string, data: string): Promise<unknown> }
  listener(event: string): AsyncIterable<{ socket: Socket; channel: string }>
  setMiddleware(
    type: string,
    middleware: (
      stream: AsyncIterable<{
        type: string
        channel: string
        data: string
        allow(): void
        block(e: Error): void
      }>,
    ) => unknown,
  ): void
  MIDDLEWARE_INBOUND: string
}

const require = createRequire(import.meta.url)
const { create } = require('socketcluster-client') as { create(options: object): Client }
const { attach } = require('socketcluster-server') as { attach(server: unknown, options: object): Broker }

export async function socketClusterApp(url: (upstream: string) => Promise<string>) {
  const told = new CloseAction()
  const state: { broker?: Broker } = {}
  /** Channels that may not be subscribed to. */
  const closed = new Set<string>()
  const follow = async (listener: AsyncIterable<unknown>, act: (value: never) => void) => {
    for await (const value of listener) act(value as never)
  }
  const server = await startServer((http) => {
    const broker = attach(http, { authKey: 'key', pingInterval: 8000 })
    state.broker = broker
    for (const event of ['subscription', 'unsubscription', 'connection']) {
      void follow(broker.listener(event), () => told.changes.notify())
    }
    void follow(broker.listener('connection'), ({ socket }: { socket: Socket }) => {
      void follow(socket.procedure('login'), async (request: { data: string; end(): void }) => {
        // Whose connection is lost meanwhile logs in again.
        await socket.setAuthToken({ user: request.data }).then(
          () => request.end(),
          () => {},
        )
      })
      void follow(socket.procedure('never'), () => told.add('heard', 'never'))
    })
    broker.setMiddleware(broker.MIDDLEWARE_INBOUND, async (stream) => {
      for await (const action of stream) {
        if (action.type === 'publishIn') told.add('heard', `${action.channel} ${action.data}`)
        if (action.type === 'subscribe' && closed.has(action.channel)) action.block(new Error('closed'))
        else action.allow()
      }
    })
  })
  const { hostname, port } = new URL(await url(server.url))
  const client = create({
    hostname,
    port,
    autoReconnectOptions: { initialDelay: 50, maxDelay: 50, randomness: 0 },
  })
  for (const event of ['connect', 'disconnect', 'error', 'subscribeFail', 'kickOut', 'authenticate']) {
    void follow(client.listener(event), () => told.add('events', event))
  }
  await told.until('events', 'connect')
  const sockets = () => Object.values(state.broker!.clients)
  const knows = (topics: string[]) =>
    told.changes.until(
      `subscriptions ${topics}`,
      () =>
        sockets().length === 1 &&
        JSON.stringify(sockets()[0]!.subscriptions().sort()) === JSON.stringify([...topics].sort()),
    )
  const followed = new Set<string>()
  const app: App = {
    ...{ server, told, knows },
    async subscribe(topic) {
      const channel = client.subscribe(topic)
      // The stream of a channel outlives a subscription to it.
      if (!followed.has(topic)) {
        followed.add(topic)
        void follow(channel, (text: string) => told.add('received', `${topic} ${text}`))
      }
      await channel.listener('subscribe').once()
    },
    async unsubscribe(topic) {
      client.unsubscribe(topic)
    },
    publish: (topic, text) => state.broker!.exchange.invokePublish(topic, text),
    say: (topic, text) => client.transmitPublish(topic, text),
    async [Symbol.asyncDispose]() {
      client.disconnect()
      await server[Symbol.asyncDispose]()
    },
  }
  return { ...app, client, closed, sockets }
}
