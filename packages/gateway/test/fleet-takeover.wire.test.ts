// Sessions in the store of a fleet, and what becomes of them when their node is dead. Gateways as operators run them, and a real Redis.
// HOLDFAST_FULL=1 waits the ten seconds that it takes until a node counts as gone.
import net from 'node:net'
import {
  eventually,
  type Holdfast,
  hasRedis,
  type RedisServer,
  startHoldfast,
  startRedis,
  startUpstream,
  type TestUpstream,
} from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GatewayState } from '../src/index.ts'
import { readSeriesToken } from '../src/resume/index.ts'
import { ResumingClient, resumingClient, type SeenWelcome } from './resuming.ts'

const full = process.env.HOLDFAST_FULL === '1'

/** Messages that come at once, each way. */
const burst = 1000

const env = { HOLDFAST_FLEET_SECRET: 'the secret of this fleet', NO_COLOR: '1' }

let redis: RedisServer
/** Says back what it hears; and one that only listens. */
let echo: TestUpstream
let backend: TestUpstream
/** The node on which sessions of others go on; the first test that needs it starts it. */
let survivor: Promise<Holdfast> | undefined

const here = { listen: '127.0.0.1:0' }

/** `listen`: where other nodes find it. */
function startNode(storePort = redis.port, listen?: { listen: string }): Promise<Holdfast> {
  const resume = { for: '60s' }
  const hold = { for: '10s', state: 'none' }
  return startHoldfast({
    env,
    config: {
      workers: 1,
      fleet: {
        name: 'chat',
        store: `redis://127.0.0.1:${storePort}`,
        secret: '$HOLDFAST_FLEET_SECRET',
        ...listen,
      },
      routes: [
        { name: 'plain', match: { path: '/plain' }, upstreams: [echo.url], resume },
        { name: 'silent', match: { path: '/silent' }, upstreams: [backend.url], resume, hold },
        { name: 'chat', upstreams: [echo.url], resume, hold },
      ],
    },
  })
}

const stateOf = async (node: Holdfast) => (await node.api('/api/state')).body as GatewayState

/** Its id in the fleet, when the store is there. */
const idOf = (node: Holdfast) =>
  eventually('the store', async () => {
    const { fleet } = await stateOf(node)
    return fleet?.store.state === 'present' && fleet.id
  })

async function other(): Promise<Holdfast> {
  survivor ??= startNode(redis.port, here)
  await idOf(await survivor)
  return survivor
}

/** Resolves when one of two nodes knows of the other. */
const knows = (node: Holdfast, id: string) =>
  eventually('the other node', async () => (await stateOf(node)).fleet?.members.some((one) => one.id === id))

/** Ends all of its processes, as a machine does that loses its power. */
function kill(node: Holdfast): void {
  for (const pid of [...node.workers(), node.pid]) process.kill(pid, 'SIGKILL')
}

/** The ten seconds of a node that says nothing are over. */
function gone(id: string): void {
  redis.cli('ZREM', 'holdfast:{chat}:members', id)
}

/** Comes back there, as often as it is told to come again. */
function back(client: ResumingClient, node: Holdfast): Promise<SeenWelcome> {
  client.url = client.url.replace(/:\d+/, `:${new URL(node.url).port}`)
  return eventually('a welcome', () => client.open().catch(() => undefined))
}

/** A client that was away when its upstream said Close. */
async function ending(node: Holdfast): Promise<ResumingClient> {
  const client = await resumingClient(node.url)
  client.cut()
  echo.connections.at(-1)!.close(4000, 'that was all')
  await eventually('nothing in the store', () => field('h', client.token!) === '')
  return client
}

/** Comes back there, and goes again without having acknowledged anything, as who has not read `welcome`. */
async function unread(
  { url, options, token, received }: ResumingClient,
  node: Holdfast,
): Promise<SeenWelcome> {
  const twin = new ResumingClient(url.replace(/:\d+/, `:${new URL(node.url).port}`), options)
  Object.assign(twin, { token, received })
  const welcome = await eventually('a welcome', async () => {
    const connection = await twin.dial()
    await twin.changes.until('a welcome', () => twin.welcomes.length > 0 || connection.ending)
    return twin.welcomes[0]
  })
  twin.cut()
  return welcome
}

/** A field of a session's record. */
function field(kind: 'h' | 'r' | 'c', token: string): string {
  const { id } = readSeriesToken(token)!
  return redis.cli('HGET', `holdfast:{chat/${id.slice(0, 12)}}:sessions`, `${kind}${id.slice(12)}`)
}

describe.runIf(hasRedis)('a session of a fleet', () => {
  beforeAll(async () => {
    redis = await startRedis()
    echo = await startUpstream()
    backend = await startUpstream({ echo: false })
  })
  afterAll(async () => {
    await (await survivor)?.[Symbol.asyncDispose]()
    for (const one of [echo, backend, redis]) await one?.[Symbol.asyncDispose]()
  })

  test('is in the store before its client hears of it, and leaves it with its end; without the store it goes on', async () => {
    await using node = await startNode()
    const id = await idOf(node)
    const client = await resumingClient(node.url)
    // Before, where the store is quick: nobody waits for a slow one.
    await eventually('its record', () => field('h', client.token!) === `0 ${id}`)
    expect(field('r', client.token!)).toMatch(/^s1\./)
    client.send('hello')
    await client.until(1)
    await eventually('its counters', () => /^1 1 \d 1 1 /.test(field('c', client.token!)))
    const { token } = client
    client.cut()
    expect(await client.open()).toMatchObject({ resumed: true })
    expect(readSeriesToken(client.token!)!.id).toBe(readSeriesToken(token!)!.id)
    client.connection!.close(1000)
    await client.connection!.closeFrame()
    await eventually('nothing', () => field('h', client.token!) === '')

    await redis.kill()
    await node.waitForLog('away', ({ msg }) => msg.startsWith("the fleet's store is away"))
    const late = await resumingClient(node.url)
    late.cut()
    expect(await late.open()).toMatchObject({ resumed: true })
    late.send('one')
    expect(await late.until(1)).toEqual(['one'])
    await redis.start()
    await eventually('its record', () => field('h', late.token!) === `0 ${id}`)
    expect(field('r', late.token!)).toMatch(/^s1\./)
  })

  test('goes on on another node when its own is killed in a burst, and is told no less than what is missing or comes twice', async () => {
    await using one = await startNode(redis.port, here)
    const id = await idOf(one)
    const survivor = await other()
    await knows(survivor, id)
    const plain = await resumingClient(`${one.url}/plain`)
    const wronged = await resumingClient(one.url)
    const { token: usedUp } = wronged
    for (let round = 0; round < 2; round++) {
      wronged.cut()
      await wronged.open()
    }
    const client = await resumingClient(`${one.url}/silent`, { headers: { Cookie: 'who=me' } })
    const first = await backend.connection()
    let told = 0
    const speak = () => {
      client.send(`up ${++told}`)
      first.send(`down ${told}`)
    }
    speak()
    await eventually('its counters', () => Number(field('c', client.token!).split(' ')[3]) > 0)
    await eventually('its newest token', () => field('c', usedUp!).split(' ')[4] === '3')
    const { token } = client
    // Whose end is still to be told is nobody else's: nothing is in the store, and its own node is found by the token.
    const [heard, unheard] = [await ending(one), await ending(one)]
    expect(await back(heard, survivor)).toMatchObject({ resumed: true })
    expect(await heard.connection!.closeFrame()).toEqual({ code: 4000, reason: 'that was all' })
    // More than ever before, of which nothing is written.
    while (told < burst) speak()
    await eventually('some of it', () => client.received > 1)
    kill(one)
    await client.connection!.ended()
    await first.closed
    // Nothing listens any more where its node did: nobody has to wait for that to be over by the store.
    expect(await unread(client, survivor)).toMatchObject({ resumed: true, lost: expect.any(Number) })
    // Who has not read it is told again.
    expect(await back(client, survivor)).toMatchObject({ resumed: true, lost: expect.any(Number) })
    const next = await eventually('its upstream', () => {
      const newest = backend.connections.at(-1)!
      return newest !== first && newest.socket.readyState === 1 && newest
    })
    expect(next.request.headers).toMatchObject({
      cookie: 'who=me',
      'holdfast-session': first.request.headers['holdfast-session'],
      'holdfast-reattach': '1; code=1006',
    })
    client.send('the last')
    await eventually('what was sent again', () => next.messages.at(-1) === 'the last')
    next.send('and back')
    await eventually('the answer', () => client.messages.at(-1) === 'and back')
    const arrived = [...first.messages, ...next.messages]
    const missing = { up: told + 1 - new Set(arrived).size, down: told + 1 - client.messages.length }
    expect(client.atMost.doubled).toBeGreaterThanOrEqual(arrived.length - new Set(arrived).size)
    expect(client.atMost.lost).toBeGreaterThanOrEqual(missing.up + missing.down)
    expect(next.messages).toEqual([...new Set(next.messages)])
    expect(field('h', client.token!)).toBe(`1 ${await idOf(survivor)}`)
    expect(readSeriesToken(client.token!)!.id).toBe(readSeriesToken(token!)!.id)
    client.cut()
    expect(await back(client, survivor)).not.toHaveProperty('lost')

    // Nobody goes on with what has ended.
    expect(await back(unheard, survivor)).toMatchObject({ resumed: false, over: { why: 'unknown' } })
    unheard.cut()

    // A route that holds nobody.
    expect(await back(plain, survivor)).toMatchObject({ resumed: true })
    expect((await plain.connection!.closeFrame())?.code).toBe(1012)

    // Somebody who knows all of a token but its secret changes nothing.
    const { token: right } = wronged
    wronged.token = `${right!.slice(0, -43)}${'x'.repeat(43)}`
    expect(await back(wronged, survivor)).toMatchObject({ resumed: false, over: { why: 'unknown' } })
    expect(field('h', right!)).toBe(`0 ${id}`)
    wronged.cut()
    // Nor does somebody with one that was used up.
    wronged.token = usedUp
    expect(await back(wronged, survivor)).toMatchObject({ resumed: false, over: { why: 'unknown' } })
    expect(field('h', right!)).toBe(`0 ${id}`)
    wronged.cut()
    wronged.token = right
    expect(await back(wronged, survivor)).toMatchObject({ resumed: true })

    // A worker that dies alone: the next one goes on. On Bun there is none.
    const workers = survivor.workers()
    if (workers.length === 0) return
    for (const pid of workers) process.kill(pid, 'SIGKILL')
    await wronged.connection!.ended()
    expect(await back(wronged, survivor)).toMatchObject({ resumed: true, doubled: expect.any(Number) })
    expect(field('h', wronged.token!)).toBe(`2 ${await idOf(survivor)}`)
  })

  test('is ended by a node that stood still meanwhile, as soon as it goes on', async () => {
    await using one = await startNode(redis.port, here)
    const id = await idOf(one)
    const survivor = await other()
    const client = await resumingClient(one.url)
    const stays = await resumingClient(one.url)
    const [first] = echo.connections.slice(-2)
    await knows(survivor, id)
    client.cut()
    const parked = async () =>
      (await stateOf(one)).routes.find(({ name }) => name === 'chat')?.sessions?.parked
    await eventually('it is parked', async () => (await parked()) === 1)
    const pids = [...one.workers(), one.pid]
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    // As long as its node may be alive nobody takes it over.
    client.url = client.url.replace(/:\d+/, `:${new URL(survivor.url).port}`)
    await expect(client.open()).rejects.toThrow('no welcome')
    gone(id)
    expect(await back(client, survivor)).toMatchObject({ resumed: true })
    for (const pid of pids) process.kill(pid, 'SIGCONT')
    expect(await first!.closed).toMatchObject({ code: 1001 })
    // The other one is still where it was.
    stays.send('there')
    expect(await stays.until(1)).toEqual(['there'])
    client.send('here')
    expect(await client.until(1)).toEqual(['here'])
    // Without a store nobody is known to be dead, and nothing is taken over.
    await redis.kill()
    kill(one)
    await stays.connection!.ended()
    stays.url = client.url
    await expect(stays.open()).rejects.toThrow('no welcome')
    await redis.start()
  })

  test.runIf(full).each(['parked', 'with a connection that its client has left'])(
    'never has two upstreams for long when its node is cut off from the store and from the others: %s',
    async (how) => {
      await using way = await wayTo(redis.port)
      await using one = await startNode(way.port)
      await idOf(one)
      const survivor = await other()
      const stays = await resumingClient(one.url)
      const client = await resumingClient(one.url, { answers: false })
      const left = client.connection!
      const name = echo.connections.at(-1)!.request.headers['holdfast-session']
      const live = () =>
        echo.connections.filter(({ request, socket }) => {
          return request.headers['holdfast-session'] === name && socket.readyState === 1
        }).length
      if (how === 'parked') client.cut()
      way.cut()
      let both: number | undefined
      let bothMs = 0
      const watch = setInterval(() => {
        const now = performance.now()
        both = live() < 2 ? undefined : (both ?? now)
        if (both !== undefined) bothMs = Math.max(bothMs, now - both)
      }, 20)
      expect(await back(client, survivor)).toMatchObject({ resumed: true })
      client.send('here')
      expect(await client.until(1)).toEqual(['here'])
      await eventually('one upstream', () => live() === 1)
      clearInterval(watch)
      console.log(`two upstreams at once for ${Math.round(bothMs)} ms`)
      expect(bothMs).toBeLessThan(10_000)
      await one.waitForLog('given up', ({ msg }) => msg.startsWith('sessions without a client are given up'))
      await left.ended()
      // A client that is there answers, and goes on.
      await stays.heard('the question whether it is there', ({ type }) => type === 'ping')
      stays.send('there')
      expect(await stays.until(1)).toEqual(['there'])
    },
  )
})

/** A way to a port that can be cut. */
async function wayTo(port: number) {
  const sockets = new Set<net.Socket>()
  let isCut = false
  const server = net.createServer((from) => {
    if (isCut) return void from.destroy()
    const to = net.connect(port, '127.0.0.1')
    for (const socket of [from, to]) socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    sockets.add(from).add(to)
    from.pipe(to).pipe(from)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as net.AddressInfo).port,
    cut,
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
