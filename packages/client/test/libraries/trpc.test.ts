import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { expect, it } from 'vitest'
import { WebSocket as Ws } from 'ws'
import { transport } from '../../src/transport.ts'
import { backend, values } from './restarts.ts'

const t = initTRPC.create()

/** A server whose subscription says its name and then waits. */
function routerOf(name: string) {
  return t.router({
    name: t.procedure.query(() => name),
    names: t.procedure.subscription(async function* ({ signal }) {
      yield name
      await new Promise((resolve) => signal?.addEventListener('abort', resolve))
    }),
  })
}

const start = (name: string, port?: number) =>
  backend({ port, serve: (wss) => applyWSSHandler({ wss, router: routerOf(name) }) })

it('tRPC keeps a subscription over a restart, and comes back when the server says', async () => {
  const first = await start('first')
  const { WebSocket, retryDelay } = transport({ WebSocket: Ws })
  const codes: unknown[] = []
  const client = createWSClient({
    url: `ws://127.0.0.1:${first.port}`,
    WebSocket,
    retryDelayMs: retryDelay,
    onClose: (cause) => codes.push(cause?.code),
  })
  const trpc = createTRPCClient<ReturnType<typeof routerOf>>({ links: [wsLink({ client })] })
  const seen: unknown[] = []
  const subscription = trpc.names.subscribe(undefined, {
    onData: (name) => seen.push(name),
    onError: (error) => seen.push(error),
  })
  await values(seen, 1)
  await first.leave(1012, 'service restart; retry=300')
  const left = performance.now()
  await using second = await start('second', first.port)
  expect(await values(seen, 2)).toEqual(['first', 'second'])
  expect(performance.now() - left).toBeGreaterThan(250)
  expect(await trpc.name.query()).toBe('second')
  expect(codes).toEqual([1012])
  expect(second.accepted).toBe(1)
  subscription.unsubscribe()
  await client.close()
})
