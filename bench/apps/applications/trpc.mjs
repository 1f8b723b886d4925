// A subscription and a mutation of tRPC over its WebSocket link, with the context from connectionParams.
import EventEmitter, { on } from 'node:events'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { initTRPC, TRPCError } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import WebSocket, { WebSocketServer } from 'ws'

export const about = {
  title: 'tRPC subscription',
  packages: ['@trpc/server', '@trpc/client', 'ws'],
  protocol: 'tRPC over WebSocket',
}

async function* texts(source) {
  for await (const [text] of source) yield text
}

export function start({ port }) {
  const t = initTRPC.context().create()
  const room = new EventEmitter().setMaxListeners(0)
  const known = t.procedure.use(({ ctx, next }) => {
    if (ctx.token !== 'anybody') throw new TRPCError({ code: 'UNAUTHORIZED' })
    return next()
  })
  const router = t.router({
    say: known.input((text) => String(text)).mutation(({ input }) => room.emit('said', input)),
    // Listens at once, and not only when it is first asked for a value.
    said: known.subscription(({ signal }) => texts(on(room, 'said', { signal }))),
  })
  const server = new WebSocketServer({ port, host: '127.0.0.1' })
  const createContext = ({ info }) => ({ token: info.connectionParams?.token })
  const handler = applyWSSHandler({ wss: server, router, createContext, keepAlive: { enabled: true } })
  return {
    stop() {
      handler.broadcastReconnectNotification()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

export function client({ host, port, heard, told }) {
  const socket = createWSClient({
    url: `ws://${host}:${port}`,
    WebSocket,
    connectionParams: { token: 'anybody' },
    onOpen: () => told('open'),
    onClose: (cause) => told(`close ${cause?.code}`),
  })
  const api = createTRPCClient({ links: [wsLink({ client: socket })] })
  const ready = new Promise((resolve) => {
    api.said.subscribe(undefined, {
      onStarted: resolve,
      onData: heard,
      onError: (error) => told(`error ${error.message}`),
      onComplete: () => told('complete'),
    })
  })
  return { ready, say: (text) => api.say.mutate(text), leave: () => socket.close() }
}
