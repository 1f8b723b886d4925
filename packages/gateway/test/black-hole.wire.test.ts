// Upstreams that accept, and answer nobody: the first sign of it, on one connection or on a new one, counts for all.
import {
  eventually,
  forkUpstream,
  type RawConnection,
  type RouteInit,
  rawClient,
  rawUpstream,
  runtime,
  startGateway,
  startHoldfast,
  startUpstream,
  type TestGateway,
  type WsClient,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { holding, route } from './holding.ts'

/** Of the keepalive alone nobody would notice anything in the time of a test. */
const keepalive = { ping: 600_000, timeout: 3000 }
const timeouts = { connect: 5000, handshake: 1000, close: 1000 }

async function clientsOf(gateway: TestGateway, count: number): Promise<WsClient[]> {
  const clients = Array.from({ length: count }, () => wsClient(gateway.url, { perMessageDeflate: false }))
  await Promise.all(clients.map(({ opened }) => opened))
  return clients
}

async function answered(clients: readonly WsClient[], text: string) {
  for (const client of clients) client.send(text)
  await Promise.all(clients.map(async (client) => expect(String(await client.message())).toBe(text)))
}

const settings = (more: Partial<RouteInit>): RouteInit => ({
  upstreams: [],
  hold: holding({ for: 30_000 }),
  keepalive,
  timeouts,
  balance: { by: 'round-robin' },
  ...more,
})

/** Resolves when so many have gone on with another upstream. asking.test.ts has how soon that is. */
async function moved(gateway: TestGateway, count: number): Promise<void> {
  await eventually(
    `${count} have gone on`,
    async () => (await route(gateway)).counters.reattachments.attached === count,
    { detail: async () => JSON.stringify(await route(gateway)) },
  )
}

describe('a server that is stopped by SIGSTOP', () => {
  test('and lets a handshake wait: all its clients go on elsewhere', async () => {
    await using frozen = await forkUpstream()
    await using gateway = await startGateway(settings({ upstreams: [frozen.url] }))
    const clients = await clientsOf(gateway, 20)
    await answered(clients, 'before')
    await using other = await startUpstream()
    await gateway.reload(settings({ upstreams: [frozen.url, other.url] }))
    frozen.freeze()
    // Whoever is put to the one that is silent has to wait, and is then served by the other one.
    const newcomers = await clientsOf(gateway, 2)
    await moved(gateway, 20)
    await answered(clients, 'after')
    await answered(newcomers, 'after')
    expect((await route(gateway)).upstreams[0]).toMatchObject({
      connections: 0,
      lastError: 'connections are not answered',
    })
    frozen.thaw()
  })

  test('and leaves what one client says unanswered: so do its others', async () => {
    await using frozen = await forkUpstream()
    await using gateway = await startGateway(settings({ upstreams: [frozen.url] }))
    const clients = await clientsOf(gateway, 10)
    await answered(clients, 'before')
    await using other = await startUpstream()
    await gateway.reload(settings({ upstreams: [frozen.url, other.url] }))
    frozen.freeze()
    clients[0]!.send('is anybody there?')
    await moved(gateway, 10)
    await answered(clients, 'after')
    frozen.thaw()
  })

  test('is nothing to clients while it goes on in time', async () => {
    await using frozen = await forkUpstream()
    await using gateway = await startGateway(settings({ upstreams: [frozen.url] }))
    const clients = await clientsOf(gateway, 10)
    frozen.freeze()
    await using newcomer = await rawClient(gateway.url)
    frozen.thaw()
    await answered(clients, 'after')
    expect((await route(gateway)).counters.reattachments).toEqual({})
    expect(newcomer.status).toBeDefined()
  })
})

describe('a server that goes on to accept, and answers nobody', () => {
  /** As workerd after SIGTERM, and aiohttp: nothing that comes is looked at, and newcomers wait for ever. */
  async function blackHole() {
    let takes: 'all' | 'nothing' | 'no newcomer' = 'all'
    const upstream = await rawUpstream({
      onRequest: (_, socket) => {
        if (takes === 'no newcomer') socket.destroy()
        return takes !== 'all'
      },
    })
    return {
      upstream,
      fall(which: (peer: RawConnection, i: number) => boolean = () => true) {
        for (const [i, peer] of upstream.connections.entries()) if (which(peer, i)) peer.answersPings = false
      },
      close() {
        takes = 'nothing'
      },
      refuse() {
        takes = 'no newcomer'
      },
    }
  }

  async function raw(gateway: TestGateway, count: number) {
    return Promise.all(Array.from({ length: count }, () => rawClient(gateway.url)))
  }

  test('is found by the handshake that it lets wait, without `health`', async () => {
    const { upstream, fall, close } = await blackHole()
    await using _ = upstream
    await using gateway = await startGateway(settings({ upstreams: [upstream.url] }))
    await raw(gateway, 50)
    await using other = await rawUpstream()
    await gateway.reload(settings({ upstreams: [upstream.url, other.url] }))
    fall()
    close()
    await raw(gateway, 2)
    await moved(gateway, 50)
    // Each was asked once, and no two of them at the same time more often than that.
    const pings = upstream.connections.map(({ frames }) => frames.filter(({ opcode }) => opcode === 9).length)
    expect(new Set(pings)).toEqual(new Set([1]))
  })

  test('on some connections: these move, and those that it answers stay', async () => {
    const { upstream, fall } = await blackHole()
    await using _ = upstream
    // Where the other one is late with a handshake, clients come back to the first, which takes them.
    const patient = { ...timeouts, handshake: 40_000 }
    await using gateway = await startGateway(settings({ upstreams: [upstream.url], timeouts: patient }))
    const clients = await raw(gateway, 12)
    await using other = await rawUpstream()
    await gateway.reload(settings({ upstreams: [upstream.url, other.url], timeouts: patient }))
    fall((_, i) => i % 3 === 0)
    // One of those that are not answered says something.
    for (const client of clients) client.text('anybody?')
    await moved(gateway, 4)
    expect(upstream.connections.map(({ ending }) => ending !== undefined)).toEqual(
      Array.from({ length: 12 }, (_, i) => i % 3 === 0),
    )
    expect(await route(gateway)).toMatchObject({
      connections: { open: 12 },
      upstreams: [{ connections: 8 }, { connections: 4 }],
    })
  })

  test('to handshakes alone: nobody who is connected is touched, and nobody is asked all the time', async () => {
    const { upstream, close } = await blackHole()
    await using _ = upstream
    await using gateway = await startGateway(
      settings({ upstreams: [upstream.url], badGateway: 'http', wait: 0, attempts: 1 }),
    )
    await raw(gateway, 10)
    close()
    for (let i = 0; i < 4; i++) expect(await raw(gateway, 1)).toMatchObject([{ status: 504 }])
    const pings = upstream.connections.map(({ frames }) => frames.filter(({ opcode }) => opcode === 9).length)
    expect(pings).toEqual(Array.from({ length: 10 }, () => 1))
    expect(await route(gateway)).toMatchObject({ connections: { open: 10 }, counters: { reattachments: {} } })
  })

  test('refuses newcomers and throws away what comes: its clients go on elsewhere', async () => {
    const { upstream, fall, refuse } = await blackHole()
    await using _ = upstream
    await using gateway = await startGateway(settings({ upstreams: [upstream.url] }))
    await raw(gateway, 5)
    await using other = await rawUpstream()
    await gateway.reload(settings({ upstreams: [upstream.url, other.url] }))
    fall()
    refuse()
    await raw(gateway, 2)
    await moved(gateway, 5)
  })

  test.skipIf(runtime().name === 'bun')('is found by one worker for the clients of all', async () => {
    const { upstream, fall, close } = await blackHole()
    await using _ = upstream
    const config = {
      workers: 2,
      routes: [
        {
          name: 'chat',
          upstreams: [upstream.url],
          hold: { state: 'none' },
          keepalive: { ping: '10m', timeout: '3s' },
          timeouts: { handshake: '1s' },
          wait: 'off',
        },
      ],
    }
    await using holdfast = await startHoldfast({ config })
    for (let i = 0; i < 30; i++) await rawClient(holdfast.url)
    fall()
    close()
    await rawClient(holdfast.url)
    await eventually('all are given up', () => upstream.connections.every(({ ending }) => ending), {
      detail: () => upstream.connections.map(({ ending }) => ending).join(' '),
    })
    expect(upstream.connections).toHaveLength(30)
  })

  test('is told to clients that nobody holds, as soon', async () => {
    const { upstream, fall, close } = await blackHole()
    await using _ = upstream
    await using gateway = await startGateway(
      settings({ upstreams: [upstream.url], hold: undefined, wait: 0, attempts: 1 }),
    )
    const clients = await raw(gateway, 5)
    fall()
    close()
    await raw(gateway, 1)
    for (const client of clients) {
      expect(await client.closeFrame()).toEqual({
        code: 1014,
        reason: 'bad gateway: upstream stopped answering',
      })
    }
  })

  test('goes unnoticed with `keepalive: off`, which asks nobody anything', async () => {
    const { upstream, fall, close } = await blackHole()
    await using _ = upstream
    await using gateway = await startGateway(
      settings({ upstreams: [upstream.url], keepalive: false, hold: undefined, wait: 0, attempts: 1 }),
    )
    await raw(gateway, 3)
    fall()
    close()
    await raw(gateway, 1)
    expect(upstream.connections.flatMap(({ frames }) => frames)).toEqual([])
  })
})
