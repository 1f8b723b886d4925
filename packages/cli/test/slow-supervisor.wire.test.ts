// Workers whose supervisor stands still: stopped, swapped out, or busy.
import { eventually, runtime, startHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'

/** A worker of Bun is in the supervisor's process. */
const withWorkers = test.skipIf(runtime().name === 'bun')

/** Told at once however often it comes. */
const ours = { headers: { 'Holdfast-Client': '1' } }

/** With one worker, that worker accepts by itself. */
const config = (upstream: string, limits: object) => ({
  workers: 1,
  routes: [{ name: 'all', upstreams: [upstream], limits, badGateway: 'close' }],
})

withWorkers(
  'clients come in up to the limit, and who does not is told that it could not be checked',
  async () => {
    await using upstream = await startUpstream()
    await using holdfast = await startHoldfast({ config: config(upstream.url, { connections: 3 }) })
    await using before = wsClient(holdfast.url)
    await before.opened
    holdfast.signal('SIGSTOP')
    await using first = wsClient(holdfast.url)
    await using second = wsClient(holdfast.url)
    for (const client of [before, first, second]) {
      await client.opened
      client.send('hello')
      expect(await client.message()).toBe('hello')
    }
    const refused = wsClient(holdfast.url)
    expect(await refused.closed).toMatchObject({
      code: 1013,
      reason: expect.stringMatching(/^limits cannot be checked now; sent=0; retry=\d+$/),
    })
    holdfast.signal('SIGCONT')
    const handshakes = async () => {
      const { body } = await holdfast.api('/api/state')
      return (body as { routes: { counters: { handshakes: object } }[] }).routes[0]!.counters.handshakes
    }
    await eventually('the count', async () => (await handshakes().catch(() => ({}))) && true)
    expect(await handshakes()).toEqual({ accepted: 3, unchecked: 1 })
    // What came in meanwhile counts: the limit is the limit again.
    await eventually('the limit to be known again', async () => {
      const { reason } = await wsClient(holdfast.url, ours).closed
      return /^too many connections; sent=0; retry=/.test(reason)
    })
    first.close()
    await first.closed
    await eventually('a free place', async () => {
      const next = wsClient(holdfast.url, ours)
      const served = await Promise.race([
        next.opened.then(async () => {
          next.send('hello')
          return (await next.message()) === 'hello'
        }),
        next.closed.then(() => false),
      ]).catch(() => false)
      next.close()
      return served
    })
  },
)

withWorkers('a route without limits asks nobody', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ config: config(upstream.url, {}) })
  holdfast.signal('SIGSTOP')
  const clients = Array.from({ length: 20 }, () => wsClient(holdfast.url))
  for (const client of clients) {
    await client.opened
    client.send('hello')
    expect(await client.message()).toBe('hello')
  }
  holdfast.signal('SIGCONT')
  expect((await holdfast.api('/api/connections')).body).toMatchObject({ connections: { length: 20 } })
})
