// Restarts of real publish and subscribe servers under their own clients, through a gateway that recognises the protocol:
// whatever the client was subscribed to, it hears everything that is published once the server is back, once.
import { runtime, startGateway, type TestGateway } from '@holdfast/testing'
import { Aedes } from 'aedes'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aedesMissing } from './aedes.ts'
import { held, holding } from './holding.ts'
import type { App, Loss } from './peers/replay-app.ts'
import { mosquittoApp, mosquittoMissing } from './peers/replay-mosquitto.ts'
import { mqttApp } from './peers/replay-mqtt.ts'
import { natsApp, natsMissing } from './peers/replay-nats.ts'
import { socketClusterApp } from './peers/replay-socketcluster.ts'
import { trpcApp } from './peers/replay-trpc.ts'

/** A gateway with `hold: {}`, which recognises what is spoken. */
async function behind() {
  const gateways: TestGateway[] = []
  return {
    async url(upstream: string) {
      const hold = holding({ state: 'auto', for: 20_000, buffer: 256 * 1024, replay: { by: 'auto' } })
      const gateway = await startGateway({ upstreams: [upstream], hold })
      gateways.push(gateway)
      return gateway.url
    },
    held: () => held(gateways[0]!),
    async [Symbol.asyncDispose]() {
      for (const gateway of gateways) await gateway[Symbol.asyncDispose]()
    },
  }
}

const apps: [
  name: string,
  start: (url: (upstream: string) => Promise<string>) => Promise<App>,
  missing?: string,
][] = [
  ['MQTT 3.1.1 at QoS 0', (url) => mqttApp({ url }), aedesMissing],
  ['MQTT 3.1.1 at QoS 1', (url) => mqttApp({ url, qos: 1 }), aedesMissing],
  ['MQTT 5 at QoS 1', mosquittoApp, mosquittoMissing],
  ['NATS', natsApp, natsMissing],
  ['tRPC', trpcApp],
  ['SocketCluster', socketClusterApp],
]

type Step =
  | ['subscribe' | 'unsubscribe' | 'publish' | 'say', topic: number]
  | ['restart', how: Loss, saidMeanwhile: number]

const topic = fc.nat(2)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom('subscribe' as const, 'publish' as const, 'say' as const), topic),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('unsubscribe' as const), topic) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constant('restart' as const), fc.constantFrom<Loss>('end', 'reset'), fc.nat(2)),
  },
)

/** Plays the steps and returns what the client has to have received, and the server to have heard. */
async function play(app: App, steps: Step[], isHeld: () => Promise<unknown>) {
  const wanted = new Set<string>()
  const received: string[] = []
  const heard: string[] = []
  let count = 0
  const say = (to: string) => {
    const text = `s${++count}`
    // What was heard and not acknowledged may rightly come twice, at QoS 1.
    const said = app.say(to, text)
    heard.push(`${to} ${text}`)
    if (wanted.has(to)) received.push(`${to} ${text}`)
    return Promise.all([said, app.told.until('heard', `${to} ${text}`)])
  }
  for (const [what, arg, said = 0] of steps) {
    if (what === 'restart') {
      await app.server.stop(arg as Loss)
      await isHeld()
      const all = Array.from({ length: said }, () => say('aside'))
      await app.server.start()
      await app.knows([...wanted])
      await Promise.all(all)
      // A client whose upstreams go twice without a word in between is let go: this one has spoken before the next goes.
      await say('aside')
      continue
    }
    const name = `t${arg}`
    if (what === 'say') await say('aside')
    else if (what === 'publish') {
      const text = `p${++count}`
      await app.publish(name, text)
      if (!wanted.has(name)) continue
      received.push(`${name} ${text}`)
      await app.told.until('received', `${name} ${text}`)
    } else if (what === 'subscribe' && !wanted.has(name)) {
      wanted.add(name)
      await app.subscribe(name)
      await app.knows([...wanted])
    } else if (what === 'unsubscribe' && wanted.delete(name)) {
      await app.unsubscribe(name)
      await app.knows([...wanted])
    }
  }
  return { received, heard }
}

const opening: Step[] = [
  ['subscribe', 0],
  ['publish', 0],
]

describe.each(apps)('%s', (_, start, missing) => {
  test.skipIf(missing)(
    `any conversation goes on through restarts as if there had been none${missing ? ` (skipped: ${missing})` : ''}`,
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
          await using route = await behind()
          await using app = await start((upstream) => route.url(upstream))
          const before = app.told.events.length
          const { received, heard } = await play(
            app,
            [...opening, ...steps, ['restart', 'end', 1], ['publish', 0]],
            route.held,
          )
          expect(app.told.received).toEqual(received)
          expect(app.told.heard).toEqual(heard)
          expect(app.told.events.slice(before)).toEqual([])
        }),
        { numRuns: runtime().foreign ? 1 : 6, endOnFailure: true },
      )
    },
  )
})

describe('MQTT with a broker that keeps sessions', () => {
  test.skipIf(aedesMissing)(
    'what is published meanwhile and what is in flight, at QoS 1 and 2, arrives once',
    async () => {
      const lasting = await Aedes.createBroker()
      await using route = await behind()
      await using app = await mqttApp({ url: route.url, qos: 2, options: { clean: false }, lasting })
      await app.subscribe('t')
      for (const how of ['end', 'reset'] as const) {
        await app.server.stop(how)
        await route.held()
        await app.publish('t', `meanwhile ${how}`)
        const said = app.say('aside', `said ${how}`)
        await app.server.start()
        await app.told.until('received', `t meanwhile ${how}`)
        await app.told.until('heard', `aside said ${how}`)
        await said
      }
      await app.client.endAsync()
      expect(app.told.received).toEqual(['t meanwhile end', 't meanwhile reset'])
      expect(app.told.heard).toEqual(['aside said end', 'aside said reset'])
      expect(app.told.events).toEqual(['connect', 'close'])
      await new Promise<void>((resolve) => lasting.close(resolve))
    },
  )
})

describe('tRPC', () => {
  test('a subscription goes on from its last event, with the parameters of the connection', async () => {
    await using route = await behind()
    await using app = await trpcApp(route.url)
    await app.subscribe('news-lasting')
    app.publish('news-lasting', 'one')
    await app.told.until('received', 'news-lasting one')
    await app.server.stop('end')
    await route.held()
    app.publish('news-lasting', 'two')
    await app.server.start()
    await app.told.until('received', 'news-lasting two')
    app.publish('news-lasting', 'three')
    await app.told.until('received', 'news-lasting three')
    expect(app.told.received).toHaveLength(3)
    expect(app.tokens).toEqual(['mine', 'mine'])
    expect(app.told.events).toEqual(['open'])
  })

  test('of the calls in flight a query runs again, and a mutation fails and does not', async () => {
    await using route = await behind()
    await using app = await trpcApp(route.url)
    app.calls.answers = false
    const said = app.client.say.mutate('pay').catch(({ message }: Error) => message)
    const asked = app.client.ask.query('what')
    await app.told.changes.until('both calls', () => app.calls.mutations + app.calls.queries === 2)
    app.calls.answers = true
    await app.server.stop('reset')
    await app.server.start()
    expect(await asked).toBe('answer to what')
    expect(await said).toContain('whether it took effect is not known')
    expect(app.calls).toMatchObject({ mutations: 1, queries: 2 })
  })
})

describe('SocketCluster', () => {
  test('who has logged in stays so; a channel that is closed now kicks out; a call in flight fails', async () => {
    await using route = await behind()
    await using app = await socketClusterApp(route.url)
    await app.client.invoke('login', 'me')
    await app.subscribe('open')
    await app.subscribe('closed')
    const call = app.client.invoke('never', 1).catch(({ name }: Error) => name)
    await app.told.until('heard', 'never')
    app.closed.add('closed')
    await app.server.stop('end')
    await app.server.start()
    await app.knows(['open'])
    await app.told.until('events', 'kickOut')
    expect(await call).toBe('BadConnectionError')
    expect(app.sockets()[0]!.authToken).toMatchObject({ user: 'me' })
    expect(app.told.events).toEqual(['connect', 'authenticate', 'kickOut'])
  })
})
