// What becomes of connections, connection attempts and counts when processes are killed.
import { setTimeout as pause } from 'node:timers/promises'
import {
  eventually,
  gone,
  rawSocket,
  runtime,
  startHoldfast,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { expect, test } from 'vitest'

/** Bun cannot hand sockets to other processes: there is one process, and when it dies all is over. */
const manyProcesses = test.skipIf(runtime().name === 'bun')

interface State {
  pid: number
  workers: { id: number; pid: number; state: string; connections: number }[]
  workerRestarts: number
  routes: {
    connections: { open: number }
    counters: {
      handshakes: Record<string, number>
      closes: Record<string, number>
      messages: Record<string, number>
    }
  }[]
}

/** Opens and drops a TCP connection every 5 ms; `stop` resolves to how many attempts there were and what failed. */
function knock(url: string): { stop(): Promise<{ attempts: number; failures: unknown[] }> } {
  let stopped = false
  let attempts = 0
  const failures: unknown[] = []
  const done = (async () => {
    while (!stopped) {
      attempts++
      const socket = await rawSocket(url).catch((error) => void failures.push(error))
      // One that a killed worker had taken may be reset.
      socket?.on('error', () => {}).destroy()
      await pause(5)
    }
    return { attempts, failures }
  })()
  return {
    stop() {
      stopped = true
      return done
    },
  }
}

manyProcesses.each([1, 2])(
  'killed workers of %i are replaced, and no attempt is refused meanwhile',
  async (workers) => {
    await using upstream = await startUpstream()
    await using holdfast = await startHoldfast({
      config: { workers, routes: [{ name: 'all', upstreams: [upstream.url] }] },
    })
    const attempts = knock(holdfast.url)
    // That each replacement starts at once is held by worker-pool.test.ts, with a clock of its own.
    for (let killed = 0; killed < 2; killed++) {
      const victim = holdfast.workers()[0]!
      process.kill(victim, 'SIGKILL')
      await eventually('a handshake, and a worker in place of the other', async () => {
        // One that the victim had taken dies with it.
        await using client = wsClient(holdfast.url)
        const served = await client.opened.then(
          () => true,
          () => false,
        )
        const { workers: all } = (await holdfast.api('/api/state')).body as State
        const ready = all.filter(({ state, pid }) => state === 'ready' && pid !== victim)
        return served && ready.length === workers
      })
    }
    const seen = await attempts.stop()
    expect(seen.failures).toEqual([])
    expect(seen.attempts).toBeGreaterThan(10)
  },
)

manyProcesses('1,000 connections spread evenly over two workers', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({
    config: { workers: 2, routes: [{ name: 'all', upstreams: [upstream.url] }] },
  })
  const clients = Array.from({ length: 1000 }, () => wsClient(holdfast.url))
  await Promise.all(clients.map(({ opened }) => opened))
  let shares: number[] = []
  // A worker that is busy when it is asked counts with what it said last.
  await eventually('all are counted', async () => {
    const state = (await holdfast.api('/api/state')).body as State
    shares = state.workers.map(({ connections }) => connections)
    return shares.reduce((a, b) => a + b) === 1000
  })
  for (const share of shares) {
    expect(share).toBeGreaterThan(350)
    expect(share).toBeLessThan(650)
  }
  for (const client of clients) client.socket.terminate()
})

manyProcesses('connections that a worker had not taken when it died are served by another', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({
    config: { workers: 2, routes: [{ name: 'all', upstreams: [upstream.url] }] },
  })
  const victim = holdfast.workers()[0]!
  process.kill(victim, 'SIGSTOP')
  const clients = Array.from({ length: 200 }, () => wsClient(holdfast.url))
  // 64 wait for the one that stands still; all others go past it.
  await upstream.open(136)
  process.kill(victim, 'SIGKILL')
  await Promise.all(clients.map(({ opened }) => opened))
  for (const client of clients) client.socket.terminate()
})

manyProcesses(
  'what a killed worker had counted stays, and its connections count as 1006 by the gateway',
  async () => {
    await using upstream = await startUpstream()
    await using holdfast = await startHoldfast({
      config: { workers: 2, routes: [{ name: 'all', upstreams: [upstream.url] }] },
    })
    const clients = Array.from({ length: 8 }, () => wsClient(holdfast.url))
    for (const client of clients) {
      await client.opened
      client.send('count me')
      await client.message()
    }
    const before = (await holdfast.api('/api/state')).body as State
    expect(before.routes[0]!.connections.open).toBe(8)
    const victim = before.workers[0]!
    process.kill(victim.pid, 'SIGKILL')
    const after = await eventually('the restart', async () => {
      const state = (await holdfast.api('/api/state')).body as State
      return state.workerRestarts === 1 && state
    })
    const { connections, counters } = after.routes[0]!
    expect(connections.open).toBe(8 - victim.connections)
    expect(counters.handshakes.accepted).toBe(8)
    expect(counters.messages).toEqual(before.routes[0]!.counters.messages)
    expect(counters.closes).toEqual({ '1006:gateway': victim.connections })
    expect(after.pid).toBe(before.pid)

    const { body } = await holdfast.api('/metrics')
    expect(body).toMatch(/^holdfast_handshakes_total\{route="all",result="accepted"\} 8$/m)
    expect(body).toMatch(/^holdfast_closes_total\{route="all",code="1006",by="gateway"\} 4$/m)
    expect(body).toMatch(/^holdfast_worker_restarts_total 1$/m)
    for (const client of clients) client.socket.terminate()
  },
)

manyProcesses(
  'a limit of connections counts over all workers, and a dead worker holds none of it',
  async () => {
    await using upstream = await startUpstream()
    await using holdfast = await startHoldfast({
      config: {
        workers: 2,
        routes: [{ name: 'all', upstreams: [upstream.url], limits: { connections: 4 }, badGateway: 'close' }],
      },
    })
    const clients = Array.from({ length: 4 }, () => wsClient(holdfast.url))
    await Promise.all(clients.map(({ opened }) => opened))
    const fifth = wsClient(holdfast.url)
    expect(await fifth.closed).toMatchObject({ code: 1013 })

    const victim = holdfast.workers()[0]!
    process.kill(victim, 'SIGKILL')
    await eventually(
      'its two clients to lose their connections',
      () => clients.filter(({ ending }) => ending).length === 2,
    )
    // A client may hear of the worker's end before the supervisor does.
    await eventually('two free places', async () => {
      const { body } = (await holdfast.api('/api/state')) as { body: State }
      return body.routes[0]!.connections.open === 2 && body.workerRestarts === 1
    })
    const late = [wsClient(holdfast.url), wsClient(holdfast.url)]
    for (const client of late) {
      await client.opened
      client.send('in')
      expect(await client.message()).toBe('in')
    }
    expect(await wsClient(holdfast.url).closed).toMatchObject({ code: 1013 })
    for (const client of [...clients, ...late]) client.socket.terminate()
  },
)

manyProcesses('workers whose supervisor was killed free the port, say 1012 and end', async () => {
  await using upstream = await startUpstream()
  const config = {
    workers: 1,
    drain: { spread: '60s', deadline: '90s', retry: ['1s', '2s'] },
    routes: [{ name: 'all', upstreams: [upstream.url] }],
  }
  await using holdfast = await startHoldfast({ config })
  const clients = Array.from({ length: 5 }, () => wsClient(holdfast.url))
  await Promise.all(clients.map(({ opened }) => opened))
  const workers = holdfast.workers()
  holdfast.signal('SIGKILL')
  for (const { closed } of clients) expect(await closed).toMatchObject({ code: 1012 })
  await gone(workers)
  const listen = new URL(holdfast.url).host
  await using next = await startHoldfast({ config: { ...config, listen } })
  expect(next.url).toBe(holdfast.url)
})

manyProcesses(
  'forty looks at a worker that is stopped leave it alone, and it goes on with all it has',
  async () => {
    await using upstream = await startUpstream()
    await using holdfast = await startHoldfast({
      config: { workers: 1, routes: [{ name: 'all', upstreams: [upstream.url] }] },
    })
    await using client = wsClient(holdfast.url)
    await client.opened
    const before = holdfast.workers()
    process.kill(before[0]!, 'SIGSTOP')
    try {
      const paths = ['/metrics', '/api/state']
      const looks = Array.from({ length: 40 }, (_, i) => holdfast.api(paths[i % 2]!))
      for (const { status } of await Promise.all(looks)) expect(status).toBe(200)
      client.send('sent to a stopped worker')
    } finally {
      process.kill(before[0]!, 'SIGCONT')
    }
    expect(await client.message()).toBe('sent to a stopped worker')
    const { body } = await holdfast.api('/api/state')
    expect(body).toMatchObject({ workerRestarts: 0, routes: [{ connections: { open: 1 } }] })
    expect(holdfast.workers()).toEqual(before)
  },
)
