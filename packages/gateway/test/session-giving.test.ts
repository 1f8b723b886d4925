// What happens to a session while it goes to another gateway: its client comes back, its connection ends, or that gateway cannot go on
// with it. Who asks the store, and carries what is given, is the test.
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  eventually,
  fakeClock,
  gatewayOptions,
  type RouteInit,
  rawUpstream,
  startGateway,
  startUpstream,
} from '@holdfast/testing'
import { afterEach, expect, test } from 'vitest'
import { createLogger } from '../src/core/index.ts'
import { Gateway } from '../src/gateway.ts'
import type { GivenAway, Listing, SessionDirectory, SessionGiver } from '../src/resume/index.ts'
import { Session, SessionTokens, TokenSeries } from '../src/resume/index.ts'
import { Sessions } from '../src/resume/sessions.ts'
import { resumeOptions, resumingClient } from './resuming.ts'

const hold = { for: 10_000, on: [1012, 'lost' as const], buffer: 65_536, state: 'none' as const }
const log = createLogger({ level: 'silent' } as never)

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const end of open.splice(0).reverse()) await end()
})

/** `said`: what the store was told of the session. */
function listing(series: TokenSeries): Listing & { said: string[] } {
  const said: string[] = []
  const say = (word: string) => () => void said.push(word)
  return { series, epoch: 0, said, end: say('end'), leave: say('leave'), begun: say('begun') }
}

const directory: SessionDirectory = {
  list: async () => listing(new TokenSeries('AAAAAAAAAAAABBBB', Buffer.alloc(32, 1))),
  seek: async () => undefined,
}

/** A gateway that drains: `handed` resolves to what it gives, and `answers` says what has become of that. */
async function giving(init: Partial<RouteInit>) {
  const upstream = await startUpstream()
  open.push(() => upstream[Symbol.asyncDispose]())
  let onGiven: (given: GivenAway) => void
  let answers: (outcome: 'taken' | 'refused') => void
  const handed = new Promise<GivenAway>((resolve) => {
    onGiven = resolve
  })
  let isHanded = false
  const hand = (given: GivenAway) => {
    isHanded = true
    onGiven(given)
    return new Promise<'taken' | 'refused'>((resolve) => {
      answers = resolve
    })
  }
  const giver: SessionGiver = { reserve: async () => (isHanded ? undefined : { hand, cancel() {} }) }
  const gateway = await startGateway(
    {
      upstreams: [upstream.url],
      drain: { spread: 0, deadline: 20_000 },
      resume: resumeOptions(),
      hold: { ...hold, replay: { by: 'none' as const } },
      ...init,
    },
    { giver, directory },
  )
  open.push(() => gateway[Symbol.asyncDispose]())
  return { gateway, upstream, handed, answers: (outcome: 'taken' | 'refused') => answers(outcome) }
}

/** A gateway that others may give sessions to. */
async function taking(upstream: string, init: Partial<RouteInit> = {}) {
  const options = gatewayOptions({
    upstreams: [upstream],
    resume: resumeOptions(),
    hold: { ...hold, replay: { by: 'none' as const } },
    ...init,
  })
  const gateway = new Gateway(options, { log, directory })
  await gateway.prepare()
  const server = net.createServer({ allowHalfOpen: true }, (socket) =>
    gateway.accept(options.listen[0]!, socket),
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  open.push(() => {
    gateway.stop()
    server.close()
  })
  const its = { said: [] as string[] }
  return {
    gateway,
    its,
    url: `ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    receive: (given: string, meanwhile = () => {}) =>
      gateway.receive(given, async (series) => {
        const one = listing(series)
        its.said = one.said
        meanwhile()
        return one
      }),
  }
}

test('a client that comes back while its session goes elsewhere is told to come again, and finds it there', async () => {
  const waiting: http.ServerResponse[] = []
  let holds = false
  const service = http.createServer((_, res) => (holds ? waiting.push(res) : res.end()))
  await once(service.listen(0, '127.0.0.1'), 'listening')
  open.push(() => {
    service.closeAllConnections()
    service.close()
  })
  const { port } = service.address() as net.AddressInfo
  const target = { tls: false, host: '127.0.0.1', serverName: '127.0.0.1', port, path: '/' }
  const auth = { target, headers: [], timeout: 20_000, onError: 'deny' as const }
  const { gateway, upstream, handed, answers } = await giving({ auth, rejections: 'close' })
  const other = await taking(upstream.url)
  const client = await resumingClient(gateway.url)
  const server = await upstream.connection()
  server.send('before')
  await client.until(1)
  client.cut()
  await gateway.changes.until('parked', () => gateway.log.some(({ msg }) => msg === 'session parked'))
  // The service is asked about its return when the drain begins.
  holds = true
  const returning = client.dial()
  await eventually('the service is asked', () => waiting.length === 1)
  const drained = gateway.drain()
  const { session } = await handed
  waiting[0]!.end()
  const early = await returning
  expect(await early.closeFrame()).toMatchObject({ code: 1014 })
  expect(client.welcomes).toHaveLength(1)
  expect(await other.receive(session)).toBe(true)
  answers('taken')
  expect(await drained).toMatchObject({ moved: 1, closed: 0, cut: 0 })
  client.url = other.url
  expect(await client.open()).toMatchObject({ resumed: true })
  expect(client.messages).toEqual(['before'])
  client.cut()
})

test('a connection that ends while its session goes elsewhere has ended, whatever becomes of that', async () => {
  const { gateway, handed, answers } = await giving({})
  const client = await resumingClient(gateway.url)
  const drained = gateway.drain()
  await handed
  const [connection] = await gateway.connections()
  await gateway.closeConnection(connection!.id, 4000, 'enough')
  answers('taken')
  const close = await client.connection!.closeFrame()
  expect(close).toMatchObject({ code: 4000, reason: 'enough' })
  client.connection!.close(4000)
  expect(await drained).toMatchObject({ moved: 0, closed: 1, cut: 0 })
  const [route] = (await gateway.snapshot()).routes
  expect(route!.sessions).toMatchObject({ connected: 0, parked: 0 })
})

test('one whose upstream may not have read all that the client said is not given, and its client is told', async () => {
  await using silent = await rawUpstream({ answersPings: false, answersCloses: false })
  const { gateway } = await giving({ upstreams: [silent.url], timeouts: { close: 50 } })
  const client = await resumingClient(gateway.url)
  const upstream = await silent.connection()
  client.send('has it read this?')
  await upstream.message()
  const drained = gateway.drain()
  expect(await client.connection!.closeFrame()).toMatchObject({ code: 1012 })
  expect(await drained).toMatchObject({ moved: 0 })
})

test('what a client says while its session cannot be given after all is not acknowledged: it is told, and keeps it', async () => {
  await using raw = await rawUpstream({ answersCloses: false })
  const { gateway, handed, answers } = await giving({ upstreams: [raw.url] })
  const client = await resumingClient(gateway.url)
  const server = await raw.connection()
  const drained = gateway.drain()
  await server.closeFrame()
  // More than the 64 messages after which a gateway acknowledges; its answer says that they were read.
  for (let n = 0; n < 100; n++) client.send(`meanwhile ${n}`)
  client.say({ type: 'ping', id: 7 })
  await client.heard('an answer', ({ type, id }) => type === 'pong' && id === 7)
  server.close(1001)
  await handed
  answers('refused')
  expect(await client.connection!.closeFrame()).toMatchObject({ code: 1012 })
  expect(client.unacknowledged).toHaveLength(100)
  client.connection!.close(1012)
  expect(await drained).toMatchObject({ moved: 0, closed: 1 })
})

test('an upstream that does not answer its Close keeps no place at another gateway from other sessions', async () => {
  await using silent = await rawUpstream({ answersCloses: false })
  const handed: GivenAway[] = []
  /** One turn for all. */
  let turn = Promise.resolve()
  const giver: SessionGiver = {
    async reserve() {
      const before = turn
      let end = () => {}
      turn = new Promise((resolve) => {
        end = resolve
      })
      await before
      return {
        async hand(given) {
          handed.push(given)
          end()
          return 'taken'
        },
        cancel: end,
      }
    },
  }
  await using gateway = await startGateway(
    {
      upstreams: [silent.url],
      drain: { spread: 0, deadline: 20_000 },
      timeouts: { close: 15_000 },
      resume: resumeOptions(),
      hold: { ...hold, replay: { by: 'none' as const } },
    },
    { giver, directory },
  )
  const clients = [await resumingClient(gateway.url), await resumingClient(gateway.url)]
  const servers = [await silent.connection(), await silent.connection()]
  const drained = gateway.drain()
  // Both are told before either has answered.
  for (const server of servers) expect(await server.closeFrame()).toMatchObject({ code: 1001 })
  expect(handed).toEqual([])
  for (const server of servers) server.close(1001)
  expect(await drained).toMatchObject({ moved: 2, closed: 0, cut: 0 })
  expect(handed).toHaveLength(2)
  for (const client of clients) client.cut()
})

/** What a gateway gives whose client is there. */
async function given(init: Partial<RouteInit>) {
  const { gateway, upstream, handed, answers } = await giving(init)
  const client = await resumingClient(gateway.url)
  client.send('x')
  await client.until(1)
  const drained = gateway.drain()
  open.push(async () => {
    answers('taken')
    await drained
  })
  return { ...(await handed), upstream: upstream.url }
}

const sessionsOf = (gateway: Gateway) => gateway.snapshot().routes[0]!.sessions

test('one whose replay module refuses what it remembers leaves nothing behind, and the store as it was', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'giving-'))
  open.push(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'module.mjs')
  const methods = "onClient() {}, onUpstream() {}, replay: () => [], swallow: () => false, save: () => 'x'"
  writeFileSync(
    path,
    `export default { create(saved) { if (saved) throw new Error('of another version'); return { ${methods} } } }`,
  )
  const replay = { hold: { ...hold, replay: { by: 'file' as const, path } } }
  const { session, upstream } = await given(replay)
  const { gateway, its, receive } = await taking(upstream, replay)
  await expect(receive(session)).rejects.toThrow('of another version')
  expect(sessionsOf(gateway)).toMatchObject({ connected: 0, parked: 0 })
  expect(its.said).toContain('leave')
  expect(its.said.slice(0, its.said.indexOf('leave'))).not.toContain('end')
})

test('one that a gateway has no room for any more when the store has answered is left to who gives it', async () => {
  const { session, upstream } = await given({})
  const { gateway, its, receive } = await taking(upstream)
  expect(await receive(session, () => void gateway.drain())).toBe(false)
  expect(its.said).toEqual(['leave'])
  expect(gateway.connectionCount).toBe(0)
})

test('one that had been away for long when it came is given up in time, although others came before it', async () => {
  const clock = fakeClock()
  const ended: string[] = []
  const sessions = new Sessions(() => resumeOptions({ for: 1000 }), clock, '1')
  const { closeCodes, badGateway, rejections } = gatewayOptions({ upstreams: [] }).routes[0]!
  const come = (name: string, awayMs: number) => {
    const session: Session = Session.unpack(
      { received: 0, acknowledged: 0, taken: 0, highest: 0, frames: '', waiting: '', awayMs },
      {
        ...{ window: 4000, stallMs: 1e9, closeTimeoutMs: 5000, keepalive: false, messageBytes: 1e6, clock },
        closePolicy: { closeCodes, badGateway, rejections },
      },
      {
        ...{
          onUsed() {},
          onOwesAck() {},
          onParked() {},
          onEnding() {},
          onGrown() {},
          onFault: expect.unreachable,
        },
        onOver: () => ended.push(name),
        onBroken: () => false,
      },
    )
    const tokens = new SessionTokens(name, undefined, undefined)
    const nobody = { identity: undefined, extensions: undefined, protocol: undefined, address: '' }
    sessions.adopt({ session, tokens, ...nobody, owner: { onReturned() {} } })
  }
  come('early', 0)
  come('late', 900)
  await clock.advance(200)
  sessions.tick(clock.now())
  expect(ended).toEqual(['late'])
  await clock.advance(800)
  sessions.tick(clock.now())
  expect(ended).toEqual(['late', 'early'])
})
