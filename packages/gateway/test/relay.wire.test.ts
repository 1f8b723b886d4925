// Sessions of a fleet, as operators run it: a client that comes back reaches any node, and its session is on one of them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  authority,
  eventually,
  type Holdfast,
  hasRedis,
  once,
  type RedisServer,
  rawSocket,
  runHoldfast,
  runtime,
  startHoldfast,
  startRedis,
  startUpstream,
  type TestUpstream,
} from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FleetInfo, GatewayState } from '../src/index.ts'
import { type ResumingClient, resumingClient } from './resuming.ts'

const env = { HOLDFAST_FLEET_SECRET: 'the secret of this fleet', NO_COLOR: '1' }

let redis: RedisServer
let upstream: TestUpstream

interface NodeInit {
  name?: string
  workers?: number
  env?: object
  fleet?: object
  more?: object
}

function startNode({
  name = 'chat',
  workers = 1,
  fleet = {},
  more = {},
  ...init
}: NodeInit = {}): Promise<Holdfast> {
  return startHoldfast({
    env: { ...env, ...init.env },
    config: {
      workers,
      drain: { spread: '300ms', deadline: '10s' },
      upgrade: { canary: 'off' },
      fleet: {
        name,
        store: `redis://127.0.0.1:${redis.port}`,
        secret: '$HOLDFAST_FLEET_SECRET',
        listen: '127.0.0.1:0',
        ...fleet,
      },
      routes: [
        {
          name: 'chat',
          upstreams: [upstream.url],
          resume: { for: '60s' },
          hold: { for: '10s', state: 'none' },
        },
      ],
      ...more,
    },
  })
}

async function stateOf(node: Holdfast): Promise<GatewayState> {
  return (await node.api('/api/state')).body as GatewayState
}

const fleetOf = async (node: Holdfast): Promise<FleetInfo> => (await stateOf(node)).fleet!

const sees = (node: Holdfast, count: number) =>
  eventually('all nodes', async () => {
    const { members } = await fleetOf(node)
    return members.filter(({ listen }) => listen !== undefined).length === count
  })

/** Some nodes that know of each other. */
async function startNodes(...inits: NodeInit[]) {
  const nodes = await Promise.all(inits.map(startNode))
  for (const node of nodes) await sees(node, nodes.length)
  return {
    nodes,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
    },
  }
}

/** Most tests have the same three nodes. */
let three: Awaited<ReturnType<typeof startNodes>> | undefined
async function theThree() {
  three ??= await startNodes({}, {}, { workers: 2 })
  return three
}

const metric = async (node: Holdfast, name: string) =>
  Number(
    new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(
      (await node.api('/metrics')).body as string,
    )?.[1] ?? 0,
  )

const sessionEvents = (node: Holdfast, event: string) =>
  metric(node, `holdfast_session_events_total{route="chat",event="${event}"}`)

/** The client comes back to another node: the connection of before is cut. */
async function goTo(client: ResumingClient, node: Holdfast) {
  client.cut()
  Object.assign(client, { url: node.url })
  return client.open()
}

describe.runIf(hasRedis)('sessions of a fleet', () => {
  beforeAll(async () => {
    redis = await startRedis()
    upstream = await startUpstream()
  })
  afterAll(async () => {
    await three?.[Symbol.asyncDispose]()
    await upstream?.[Symbol.asyncDispose]()
    await redis?.[Symbol.asyncDispose]()
  })

  test('a client finds its session whichever node it reaches, and loses nothing', async () => {
    const { nodes } = await theThree()
    const before = upstream.connections.length
    const relayedByAll = async () => {
      const relayed = await Promise.all(nodes.map((node) => sessionEvents(node, 'relayed')))
      return relayed.reduce((a, b) => a + b, 0)
    }
    const relayedBefore = await relayedByAll()
    const clients = await Promise.all(Array.from({ length: 3 }, (_, i) => resumingClient(nodes[i]!.url)))
    for (let round = 1; round <= 3; round++) {
      for (const [n, client] of clients.entries()) {
        client.send(`${n}.${round} ${'x'.repeat(round * 20_000)}`)
        expect(await goTo(client, nodes[(n + round) % 3]!)).toMatchObject({ resumed: true })
        client.send(`${n}.${round}'`)
      }
    }
    for (const [n, client] of clients.entries()) {
      const told = (await client.until(6)).map((text) => text.split(' ')[0])
      expect(told).toEqual([1, 2, 3].flatMap((round) => [`${n}.${round}`, `${n}.${round}'`]))
    }
    // Nobody got another connection to the upstream.
    expect(upstream.connections).toHaveLength(before + clients.length)
    expect((await relayedByAll()) - relayedBefore).toBeGreaterThanOrEqual(6)
    // The end of a session is told through another node, too.
    for (const [n, client] of clients.entries()) {
      await goTo(client, nodes[(n + 1) % 3]!)
      client.connection!.close(3456)
      expect((await client.connection!.closeFrame())?.code).toBe(3456)
    }
  })

  test('the port of a node refuses strangers and nodes of another secret, and no client loses its session by that', async () => {
    const [one] = (await theThree()).nodes
    const refused = (reason: string) => metric(one!, `holdfast_sockets_refused_total{reason="${reason}"}`)
    const before = {
      'relay-stranger': await refused('relay-stranger'),
      'relay-secret': await refused('relay-secret'),
    }
    const listen = (await fleetOf(one!)).members.find(({ self }) => self)!.listen
    const socket = await rawSocket(`http://${listen}`)
    let told = ''
    socket
      .on('error', () => {})
      .on('data', (bytes) => {
        told += bytes
      })
    socket.write('GET / HTTP/1.1\r\nHost: chat\r\n\r\n')
    await once(socket, 'close')
    expect(told).toBe('')
    await using stranger = await startNode({ env: { HOLDFAST_FLEET_SECRET: 'the secret of somebody else' } })
    await sees(stranger, 4)
    const client = await resumingClient(one!.url)
    client.cut()
    Object.assign(client, { url: stranger.url })
    const connection = await client.dial()
    expect((await connection.closeFrame())?.code).toBe(1014)
    expect(await sessionEvents(stranger, 'unreachable')).toBe(1)
    await stranger.waitForLog('unreachable', ({ msg }) => msg === 'another node cannot be reached')
    for (const reason of ['relay-stranger', 'relay-secret'] as const) {
      expect((await refused(reason)) - before[reason]).toBe(1)
      const line = await one!.waitForLog(reason, (line) => line.reason === reason)
      expect(line).toMatchObject({
        msg: 'the relay port refused a connection',
        address: '127.0.0.1',
        times: 1,
      })
    }
    expect(await goTo(client, one!)).toMatchObject({ resumed: true })
    client.cut()
  })

  // On Bun there is one process.
  test.skipIf(runtime().foreign)(
    'a session that its worker has left is found through another node',
    async () => {
      const [one, , two] = (await theThree()).nodes
      const client = await resumingClient(two!.url)
      client.send('before')
      await client.until(1)
      const { workers } = await stateOf(two!)
      const its = workers.find(({ id }) => client.token!.startsWith(`${id}-`))!
      process.kill(its.pid, 'SIGKILL')
      await eventually('another worker', async () => {
        const { workers } = await stateOf(two!)
        return workers.length === 2 && workers.every(({ id }) => id !== its.id)
      })
      const before = await sessionEvents(two!, 'taken-over')
      const { resumed, doubled = 0 } = await goTo(client, one!)
      expect(resumed).toBe(true)
      client.send('after')
      await client.changes.until('after', () => client.messages.includes('after'))
      expect(client.messages.filter((text) => text === 'before').length).toBeLessThanOrEqual(1 + doubled)
      expect((await sessionEvents(two!, 'taken-over')) - before).toBe(1)
      client.cut()
    },
  )

  // On Bun there is no live upgrade.
  test.skipIf(runtime().foreign)(
    'an upgrade of either node, of one with its supervisor, costs no session',
    async () => {
      const [one, other] = (await theThree()).nodes
      const client = await resumingClient(one!.url)
      await goTo(client, other!)
      for (const [node, supervisor] of [
        [one!, true],
        [other!, false],
      ] as const) {
        const done = await runHoldfast(
          ['upgrade', ...(supervisor ? ['--supervisor'] : []), '--admin', node.admin!],
          { env },
        )
        expect(done).toMatchObject({ code: 0, stderr: '' })
        client.send(`after ${node === one ? 'one' : 'other'}`)
        expect(await goTo(client, node === one ? other! : one!)).toMatchObject({ resumed: true })
        expect(await goTo(client, other!)).toMatchObject({ resumed: true })
      }
      expect(await client.until(2)).toEqual(['after one', 'after other'])
      client.cut()
    },
  )

  test('a node that drains lets the clients go that it has joined to others, and they lose nothing', async () => {
    await using fleet = await startNodes({ name: 'drained' }, { name: 'drained' })
    const [one, other] = fleet.nodes
    const clients = await Promise.all(Array.from({ length: 5 }, () => resumingClient(one!.url)))
    for (const client of clients) await goTo(client, other!)
    const left = clients.map(({ connection }) => once(connection!.stream, 'close'))
    other!.signal('SIGTERM')
    await Promise.all(left)
    await other!.exited
    for (const client of clients) {
      expect(client.connection!.describe()).not.toContain('1012')
      client.send('still')
      expect(await goTo(client, one!)).toMatchObject({ resumed: true })
      expect(await client.until(1)).toEqual(['still'])
      client.cut()
    }
  })

  test('nodes with certificates speak TLS to each other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hf-'))
    const signer = authority('fleet')
    const { cert, key } = signer.issue({ names: ['node'], usages: ['server', 'client'] })
    for (const [name, text] of Object.entries({ ca: signer.cert, cert, key }))
      writeFileSync(join(folder, name), text)
    const file = (name: string) => join(folder, name)
    const tls = { ca: file('ca'), cert: file('cert'), key: file('key') }
    await using fleet = await startNodes(...[1, 2].map(() => ({ name: 'secure', fleet: { tls } })))
    rmSync(folder, { recursive: true })
    const [one, other] = fleet.nodes
    const client = await resumingClient(one!.url)
    client.send('x'.repeat(500_000))
    expect(await goTo(client, other!)).toMatchObject({ resumed: true })
    client.send('and more')
    expect((await client.until(2)).map(({ length }) => length)).toEqual([500_000, 8])
    client.cut()
    expect(await sessionEvents(other!, 'relayed')).toBe(1)
  })
})
