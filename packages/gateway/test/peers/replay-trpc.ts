// tRPC's client and server. The server keeps what it has published, so that a subscription goes on from `lastEventId`.
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { initTRPC, tracked } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { WebSocket, WebSocketServer } from 'ws'
import { type App, CloseAction, startServer } from './replay-app.ts'

interface Event {
  id: string
  topic: string
  text: string
}

interface Input {
  topic: string
  lastEventId?: string
}

/** Whether a topic's events have ids: `lasting` ones are told again to who missed them. */
export const isLasting = (topic: string) => topic.endsWith('-lasting')

export async function trpcApp(url: (upstream: string) => Promise<string>) {
  const told = new CloseAction()
  const log: Event[] = []
  /** Topics of the subscriptions that the server has now. */
  const live: string[] = []
  /** The token in each connection's parameters. */
  const tokens: unknown[] = []
  const calls = { mutations: 0, queries: 0, answers: true }
  const t = initTRPC.context<{ token: unknown }>().create()
  const as =
    <T>() =>
    (input: unknown) =>
      input as T
  const pause = () => new Promise((resolve) => told.changes.subscribe(() => resolve(undefined)))
  const router = t.router({
    news: t.procedure.input(as<Input>()).subscription(async function* ({
      input: { topic, lastEventId },
      signal,
    }) {
      live.push(topic)
      told.changes.notify()
      const stop = () => told.changes.notify()
      signal?.addEventListener('abort', stop)
      let at = lastEventId === undefined ? log.length : log.findIndex(({ id }) => id === lastEventId) + 1
      try {
        while (!signal?.aborted) {
          const event = log[at]
          if (!event) await pause()
          else if (++at && event.topic === topic) {
            if (isLasting(topic)) yield tracked(event.id, event.text)
            else yield event.text
          }
        }
      } finally {
        live.splice(live.indexOf(topic), 1)
        told.changes.notify()
      }
    }),
    say: t.procedure.input(as<string>()).mutation(async ({ input }) => {
      calls.mutations++
      told.add('heard', input)
      if (!calls.answers) await new Promise(() => {})
      return 'said'
    }),
    ask: t.procedure.input(as<string>()).query(async ({ input }) => {
      calls.queries++
      told.changes.notify()
      if (!calls.answers) await new Promise(() => {})
      return `answer to ${input}`
    }),
  })
  const server = await startServer((http) => {
    live.length = 0
    const wss = new WebSocketServer({ server: http })
    applyWSSHandler({
      wss,
      router,
      createContext: ({ info }) => {
        const token = info.connectionParams?.token
        tokens.push(token)
        return { token }
      },
    })
  })
  const socket = createWSClient({
    url: await url(server.url),
    WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
    connectionParams: () => ({ token: 'mine' }),
    retryDelayMs: () => 50,
    onOpen: () => told.add('events', 'open'),
    onClose: () => told.add('events', 'close'),
  })
  const client = createTRPCClient<typeof router>({ links: [wsLink({ client: socket })] })
  const subscriptions = new Map<string, { unsubscribe(): void }>()
  await told.until('events', 'open')
  const knows = async (topics: string[]) => {
    // A server that says nothing between two restarts is not gone on with, and without a subscription it has nothing to say.
    await client.ask.query('are you there')
    await told.changes.until(
      `subscriptions ${topics}`,
      () => JSON.stringify([...live].sort()) === JSON.stringify([...topics].sort()),
      { detail: () => live },
    )
  }
  const app: App = {
    ...{ server, told, knows },
    subscribe: (topic) =>
      new Promise<void>((resolve) => {
        const one = client.news.subscribe(
          { topic },
          {
            onStarted: () => resolve(),
            onData: (data) => told.add('received', `${topic} ${typeof data === 'string' ? data : data.data}`),
            onError: ({ message }) => told.add('events', `error of ${topic}: ${message}`),
            onStopped: () => told.add('events', `${topic} stopped`),
          },
        )
        subscriptions.set(topic, one)
      }),
    async unsubscribe(topic) {
      subscriptions.get(topic)?.unsubscribe()
    },
    publish(topic, text) {
      log.push({ id: `${log.length}`, topic, text })
      told.changes.notify()
    },
    say: (topic, text) => void client.say.mutate(`${topic} ${text}`).catch(() => {}),
    async [Symbol.asyncDispose]() {
      await socket.close()
      await server[Symbol.asyncDispose]()
    },
  }
  return { ...app, client, calls, tokens }
}
