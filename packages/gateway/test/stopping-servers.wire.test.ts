// Servers of other makers behind `hold: { state: none }`: each is restarted under its clients, of which none may notice it,
// and kicks one of them, which must hear it.
import {
  type Closed,
  type Exchange,
  eventually,
  runtime,
  type StoppingServer,
  startGateway,
  stoppingServers,
  type TestGateway,
  type WsClient,
  within,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { holding, route } from './holding.ts'

const clients = 100
/** On the runtimes that `tools/other-runtimes.mjs` brings the gateway's half is the same as with servers of our own. */
const foreign = runtime().foreign && 'these servers are tried with Node only'

/** A client that has said what its server wants to hear first. */
async function connect(server: StoppingServer, gateway: TestGateway): Promise<WsClient> {
  const client = wsClient(`${gateway.url}${server.path}`, {
    protocols: [...server.protocols],
    perMessageDeflate: false,
  })
  await client.opened
  for (const exchange of server.opening) await answered(client, exchange)
  await answered(client, server.echo('hello'))
  return client
}

/** Until the answer is there, whatever else comes before. */
async function answered(client: WsClient, { message, answer }: Exchange): Promise<void> {
  client.send(message)
  while (!String(await client.message(20_000)).includes(answer));
}

for (const server of stoppingServers) {
  const why = foreign || (await server.missing())
  describe.skipIf(why)(`${server.name}${why ? `: skipped, since ${why}` : ''}`, () => {
    it(`is restarted, which says ${server.restartCode}, under ${clients} clients without a disconnect; kicks arrive`, async () => {
      await using running = await server.start()
      const hold = holding({ for: 60_000, buffer: 65_536 })
      await using gateway = await startGateway({ upstreams: [`ws://127.0.0.1:${running.port}`], hold })
      const all = await Promise.all(Array.from({ length: clients }, () => connect(server, gateway)))
      const ends: Closed[] = []
      for (const client of all) void client.closed.then((closed) => ends.push(closed))

      for (const code of server.kicks) {
        const client = all.pop()!
        client.send(server.kick(code))
        expect((await client.closed).code).toBe(code)
      }
      expect(ends.splice(0)).toHaveLength(server.kicks.length)

      await running.restart()
      await eventually(
        'all have gone on',
        async () => {
          const { connections, counters } = await route(gateway)
          const { attached = 0 } = counters.reattachments
          return ends.length > 0 || (connections.open === all.length && attached >= all.length)
        },
        { limit: 60_000, detail: async () => JSON.stringify((await route(gateway)).counters) },
      )
      expect(ends).toEqual([])
      // A server with state of its own for each connection, which none of these has behind its first words.
      if (server.opening.length === 0) {
        await within(
          60_000,
          'answers',
          Promise.all(all.map((client) => answered(client, server.echo('again')))),
        )
      }
      expect((await route(gateway)).counters.reattachments).toEqual({ attached: expect.any(Number) })
    })
  })
}
