// What clients of other makers' servers see, without a gateway: that a restart and a kick are what they are said to be.
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  awaitedLater,
  type Exchange,
  type StoppingServer,
  stoppingServers,
  type WsClient,
  waitLimitMs,
  within,
  wsClient,
} from '../src/index.ts'

const clients = 100
// The codes are those of its versions; what a later Debian has may end in another way.
const debian12 =
  existsSync('/etc/debian_version') && /^12\b/.test(readFileSync('/etc/debian_version', 'utf8'))

/** A client that has said what its server wants to hear first. */
async function connect(server: StoppingServer, url: string): Promise<WsClient> {
  const client = wsClient(url, { protocols: [...server.protocols], perMessageDeflate: false })
  await client.opened
  for (const exchange of server.opening) await answered(client, exchange)
  await answered(client, server.echo('hello'))
  return client
}

/** Until the answer is there, whatever else comes before. */
async function answered(client: WsClient, { message, answer }: Exchange): Promise<void> {
  const came = () => client.messages.some((one) => String(one).includes(answer))
  client.send(message)
  // Not message by message: pings of the application would keep that waiting for ever.
  await client.changes.until(`the answer to ${message}`, () => came() || client.ending, {
    detail: () => client.messages.slice(-5),
  })
  if (!came()) throw new Error(`closed before the answer to ${message}: ${JSON.stringify(client.ending)}`)
}

for (const server of stoppingServers) {
  const why = await server.missing()
  describe.skipIf(why)(`${server.name}${why ? `: skipped, since ${why}` : ''}`, () => {
    it(`kicks one of its clients with ${server.kicks}, and with ${server.restartCode} all when it is restarted`, async () => {
      await using running = await server.start()
      const all = await Promise.all(Array.from({ length: clients }, () => connect(server, running.url)))

      for (const code of server.kicks) {
        const client = all.pop()!
        client.send(server.kick(code))
        expect((await within(waitLimitMs, `the Close ${code}`, client.closed)).code).toBe(code)
      }
      await Promise.all(all.map((client) => answered(client, server.echo('still here'))))

      const ends = all.map(({ closed }) => closed)
      const restarted = awaitedLater(running.restart())
      const codes = (await within(60_000, 'all have ended', Promise.all(ends))).map(({ code }) => code)
      if (debian12) expect(new Set(codes)).toEqual(new Set([server.restartCode]))
      await restarted
      await using after = await connect(server, running.url)
      await answered(after, server.echo('again'))
    })
  })
}
