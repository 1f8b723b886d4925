// Live upgrades in which something is wrong: what that costs is the connection that it is about, and the answer says what
// became of each.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  Child,
  certificate,
  eventually,
  gone,
  type Holdfast,
  holdfastMain,
  runHoldfast,
  runtime,
  startUpstream,
  type WsClient,
  wsClient,
} from '@holdfast/testing'
import { expect } from 'vitest'
import { installation } from './installation.ts'
import { drain, onNode, serve, state, upgrade } from './upgrading.ts'

/** For those with connections that cannot move: their upgrade ends with it. */
const short = { ...drain, deadline: '15s' }

async function open(url: string, count: number): Promise<WsClient[]> {
  const clients = Array.from({ length: count }, () => wsClient(url))
  await Promise.all(clients.map(({ opened }) => opened))
  return clients
}

/** All of them still have the connection that they had. */
async function echo(clients: readonly WsClient[]): Promise<void> {
  for (const client of clients) client.send('still there')
  for (const client of clients) expect(await client.message()).toBe('still there')
}

function terminate(clients: readonly WsClient[]): void {
  for (const { socket } of clients) socket.terminate()
}

/** Pids of workers that were not there before. */
function newWorkers(holdfast: Holdfast, old: readonly number[]): number[] {
  return holdfast.workers().filter((pid) => !old.includes(pid))
}

/** What a replay module's `save` or `create` does to whoever trusts it. */
const modules: Record<string, { save: string; create?: string }> = {
  throws: { save: 'throw new Error("a bug in save()")' },
  bigint: { save: 'return { rooms: 7n }' },
  cycle: { save: 'const all = {}; all.all = all; return all' },
  async: { save: 'return Promise.reject(new Error("too late"))' },
  huge: { save: 'return "x".repeat(20 * 1024 * 1024)' },
  json: { save: 'return { toJSON() { throw "no" } }' },
  create: { save: 'return 1', create: 'if (saved !== undefined) throw new Error("a bug in create()")' },
}
const harmless: { save: string; create?: string } = { save: 'return undefined' }

onNode('a replay module that fails in an upgrade costs its own connection alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'replay-'))
  try {
    await using upstream = await startUpstream()
    const routes = Object.entries({ ...modules, harmless }).map(([name, { save, create = '' }]) => {
      const path = join(folder, `${name}.mjs`)
      const methods = 'onClient() {}, onUpstream() {}, replay: () => [], swallow: () => false'
      const source = `export default (saved) => { ${create}; return { ${methods}, save() { ${save} } } }\n`
      writeFileSync(path, source)
      return {
        name,
        match: { path: `/${name}` },
        upstreams: [upstream.url],
        hold: { replay: { file: path } },
      }
    })
    routes.push({ name: 'plain', match: { path: '/*' }, upstreams: [upstream.url] } as never)
    await using holdfast = await serve(upstream.url, { config: { routes, workers: 1, drain: short } })
    const bad = await Promise.all(Object.keys(modules).map((name) => open(`${holdfast.url}/${name}`, 1)))
    const others = [
      ...(await open(`${holdfast.url}/harmless`, 3)),
      ...(await open(`${holdfast.url}/plain`, 20)),
    ]
    await echo([...bad.flat(), ...others])
    const count = bad.length
    expect(await upgrade(holdfast)).toMatchObject({
      total: count + others.length,
      moved: others.length,
      ended: count,
      lost: 0,
      closes: { '1012:gateway': count },
    })
    for (const [client] of bad) expect(await client!.closed).toMatchObject({ code: 1012 })
    await echo(others)
    terminate(others)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

onNode('an old worker that stands still for a while keeps its connections, and they move then', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await serve(upstream.url, { config: { workers: 1 } })
  const clients = await open(holdfast.url, 10)
  const [old] = holdfast.workers()
  process.kill(old!, 'SIGSTOP')
  const done = upgrade(holdfast)
  // Longer than any ordinary question may take.
  await pause(6500)
  process.kill(old!, 'SIGCONT')
  expect(await done).toMatchObject({ total: 10, moved: 10, ended: 0, lost: 0 })
  await echo(clients)
  terminate(clients)
})

onNode(
  'an old worker that stands still before its first report, and is killed, has lost all that it had',
  async () => {
    await using upstream = await startUpstream()
    await using holdfast = await serve(upstream.url)
    const clients = await open(holdfast.url, 40)
    await echo(clients)
    const [old] = holdfast.workers()
    process.kill(old!, 'SIGSTOP')
    const command = runHoldfast(['upgrade', '--admin', holdfast.admin!])
    await eventually('the others', async () => (await state(holdfast)).upgrade?.moved === 20)
    // What half a minute of silence does, too.
    process.kill(old!, 'SIGKILL')
    const { code, stderr } = await command
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'holdfast: 20 connections lost: cut without a Close, their clients see 1006',
    })
    expect((await state(holdfast)).upgrade).toMatchObject({ total: 40, moved: 20, ended: 0, lost: 20 })
    await eventually('those that were cut', () => clients.filter(({ ending }) => ending).length === 20)
    const here = clients.filter(({ ending }) => !ending)
    await echo(here)
    expect(await counted(holdfast)).toEqual({ accepted: 40, open: 20, closes: closesOf(20) })
    terminate(here)
  },
)

onNode('a new worker that stands still holds up what was sent to it, and nobody else', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await serve(upstream.url)
  const clients = await open(holdfast.url, 300)
  const old = holdfast.workers()
  const done = upgrade(holdfast)
  const moved = async () => (await state(holdfast)).upgrade?.moved ?? 0
  await eventually('the first move', async () => (await moved()) > 0)
  const [still] = newWorkers(holdfast, old)
  process.kill(still!, 'SIGSTOP')
  try {
    // The state of a worker that stands still comes late.
    await eventually('the others', async () => (await moved()) >= 300 - 32)
  } finally {
    process.kill(still!, 'SIGCONT')
  }
  expect(await done).toMatchObject({ total: 300, moved: 300, ended: 0, lost: 0 })
  await echo(clients)
  terminate(clients)
})

onNode(
  'an old worker that is killed takes no more with it than it had, and the command says how many',
  async () => {
    await using upstream = await startUpstream()
    const { certFile: cert, keyFile: key } = certificate()
    const listen = ['127.0.0.1:0', { address: '127.0.0.1:0', tls: { cert, key } }]
    await using holdfast = await serve(upstream.url, {
      config: { listen, workers: 1, upgrade: { carriers: 0 } },
    })
    const [moving, staying] = [await open(holdfast.urls[0]!, 20), await open(holdfast.urls[1]!, 5)]
    const [old] = holdfast.workers()
    const command = runHoldfast(['upgrade', '--admin', holdfast.admin!])
    await eventually('the move', async () => (await state(holdfast)).upgrade?.moved === 20)
    process.kill(old!, 'SIGKILL')
    const { code, stdout, stderr } = await command
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'holdfast: 5 connections lost: cut without a Close, their clients see 1006',
    })
    expect(stdout).toMatch(/^moved 20 connections to version/)
    const { upgrade: info, routes } = await state(holdfast)
    expect(info).toMatchObject({ total: 25, moved: 20, ended: 0, lost: 5 })
    for (const client of staying) expect(await client.closed).toMatchObject({ code: 1006 })
    expect(routes[0]!.counters.closes).toEqual({ '1006:gateway': 5 })
    await echo(moving)
    terminate(moving)
  },
)

onNode(
  'of a worker that is killed while it moves, each connection counts once, as what became of it',
  async () => {
    await using upstream = await startUpstream()
    await using holdfast = await serve(upstream.url, { config: { workers: 1 } })
    const clients = await open(holdfast.url, 200)
    const [old] = holdfast.workers()
    const done = upgrade(holdfast)
    await eventually('the first move', async () => ((await state(holdfast)).upgrade?.moved ?? 0) > 0)
    process.kill(old!, 'SIGKILL')
    const { total, moved, ended, lost } = await done
    expect({ total, ended, counted: moved + lost! }).toEqual({ total: 200, ended: 0, counted: 200 })
    await eventually('those that were cut', () => clients.filter(({ ending }) => ending).length >= lost!)
    const here = clients.filter(({ ending }) => !ending)
    expect(here.length).toBe(moved)
    await echo(here)
    expect(await counted(holdfast)).toEqual({ accepted: 200, open: moved, closes: closesOf(lost!) })
    terminate(clients)
  },
)

onNode('of a new worker that is killed while it gets connections, each counts once, too', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await serve(upstream.url)
  const clients = await open(holdfast.url, 300)
  const old = holdfast.workers()
  const done = upgrade(holdfast)
  await eventually('the first moves', async () => ((await state(holdfast)).upgrade?.moved ?? 0) > 20)
  process.kill(newWorkers(holdfast, old)[0]!, 'SIGKILL')
  const { total, moved, ended, lost } = await done
  expect({ total, ended, counted: moved + lost! }).toEqual({ total: 300, ended: 0, counted: 300 })
  expect(lost).toBeGreaterThan(0)
  await eventually('those that were cut', () => clients.filter(({ ending }) => ending).length >= lost!)
  const here = clients.filter(({ ending }) => !ending)
  await echo(here)
  expect(await counted(holdfast)).toEqual({ accepted: 300, open: here.length, closes: closesOf(lost!) })
  terminate(clients)
})

onNode(
  'a new worker with a fault while it gets connections tells its own 1012, and cuts nobody',
  async () => {
    const throwing = "process.on('SIGWINCH', () => { throw new Error('thrown by the test') })"
    const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(throwing)}` }
    await using upstream = await startUpstream()
    await using holdfast = await serve(upstream.url, { env })
    const clients = await open(holdfast.url, 300)
    const old = holdfast.workers()
    const done = upgrade(holdfast)
    await eventually('the first moves', async () => ((await state(holdfast)).upgrade?.moved ?? 0) > 20)
    process.kill(newWorkers(holdfast, old)[0]!, 'SIGWINCH')
    expect(await done).toMatchObject({ total: 300, ended: 0, lost: 0 })
    const told = await counted(holdfast)
    expect(Object.keys(told.closes)).toEqual(['1012:gateway'])
    const here = clients.filter(({ ending }) => !ending)
    expect(here.length).toBe(told.open)
    await echo(here)
    terminate(clients)
  },
)

onNode('a drain of the whole gateway during an upgrade is told as what it is', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await serve(upstream.url)
  const clients = await open(holdfast.url, 300)
  const done = upgrade(holdfast)
  await eventually('the first moves', async () => ((await state(holdfast)).upgrade?.moved ?? 0) > 20)
  await holdfast.api('/api/drain', { method: 'POST', body: '{}', headers })
  for (const client of clients) expect(await client.closed).toMatchObject({ code: 1012 })
  const { moved, ended, lost, closes } = await done
  expect({ counted: moved + ended, lost, closes }).toEqual({
    counted: 300,
    lost: 0,
    closes: { '1012:gateway': ended },
  })
})

/** What became of all handshakes, by the totals. */
async function counted(holdfast: Holdfast): Promise<{ accepted: number; open: number; closes: object }> {
  const { counters, connections } = (await state(holdfast)).routes[0]!
  const { handshakes, closes } = counters
  return { accepted: handshakes.accepted!, open: connections.open, closes }
}

function closesOf(lost: number): object {
  return lost === 0 ? {} : { '1006:gateway': lost }
}

onNode('what ended during an upgrade is told by code and by whom', async () => {
  await using upstream = await startUpstream()
  const { certFile: cert, keyFile: key } = certificate()
  const listen = [{ address: '127.0.0.1:0', tls: { cert, key } }]
  await using holdfast = await serve(upstream.url, {
    config: { listen, workers: 1, upgrade: { carriers: 0 }, drain: short },
  })
  const clients = await open(holdfast.url, 4)
  const command = runHoldfast(['upgrade', '--admin', holdfast.admin!])
  await eventually('the move', async () => (await state(holdfast)).upgrade?.total === 4)
  clients[0]!.close(1000)
  clients[1]!.close(4001)
  await clients[1]!.closed
  const { code, stdout } = await command
  expect(code).toBe(0)
  expect(stdout.split('\n')[1]).toBe(
    '4 connections ended with their old worker: 1 by the client (1000), 1 by the client (4xxx), 2 by the gateway (1012)',
  )
})

onNode('an interrupted command says that the upgrade goes on, and it does', async () => {
  await using upstream = await startUpstream()
  const { certFile: cert, keyFile: key } = certificate()
  const listen = ['127.0.0.1:0', { address: '127.0.0.1:0', tls: { cert, key } }]
  await using holdfast = await serve(upstream.url, {
    config: { listen, upgrade: { carriers: 0 }, drain: short },
  })
  const [moving, staying] = [await open(holdfast.urls[0]!, 5), await open(holdfast.urls[1]!, 1)]
  await using command = new Child(runtime().path, [holdfastMain, 'upgrade', '--admin', holdfast.admin!])
  await eventually('the move', async () => (await state(holdfast)).upgrade?.moved === 5)
  process.kill(command.pid, 'SIGINT')
  expect(await command.exited).toMatchObject({ code: 130 })
  expect(command.stderr.join('\n')).toMatch(/^holdfast: the upgrade goes on in the gateway/)
  expect(await staying[0]!.closed).toMatchObject({ code: 1012 })
  await eventually('the end', async () => (await state(holdfast)).upgrade?.phase === 'done')
  await echo(moving)
  terminate(moving)
})

onNode('connections of a new worker whose peer fails before it serves go back to the old ones', async () => {
  await using upstream = await startUpstream()
  using installed = installation('1.0.0')
  const routes = [
    { name: 'closed', match: { path: '/closed' }, upstreams: [upstream.url] },
    { name: 'all', upstreams: [upstream.url] },
  ]
  const config = { routes }
  await using holdfast = await serve(upstream.url, { main: installed.main, config })
  // Each new worker is told of this before it gets connections; the second ends by it.
  await holdfast.api('/api/drain', { method: 'POST', body: '{"route":"closed"}', headers })
  installed.install(
    '2.0.0',
    `let second = false
process.on('message', ({ type, worker }) => {
  if (type === 'configure') second = worker % 2 === 0
  if (type !== 'drain' || !second) return
  // Long enough for the first to get some.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
  process.exit(1)
})
`,
  )
  const old = holdfast.workers()
  const done = holdfast.api('/api/upgrade', { method: 'POST', signal: AbortSignal.timeout(60_000) })
  await eventually('both new workers', () => newWorkers(holdfast, old).length === 2)
  const clients: WsClient[] = []
  let over = false
  const end = () => {
    over = true
  }
  void done.then(end, end)
  while (!over) {
    clients.push(...(await open(holdfast.url, 5)))
    await pause(50)
  }
  expect((await done).status).toBe(422)
  expect((await state(holdfast)).upgrade).toMatchObject({ phase: 'failed', lost: 0 })
  expect(holdfast.workers()).toEqual(old)
  await echo(clients)
  terminate(clients)
})

const headers = { 'content-type': 'application/json' }

onNode('an upgrade that is under way when the old workers are all killed ends, and says so', async () => {
  await using upstream = await startUpstream()
  const { certFile: cert, keyFile: key } = certificate()
  const listen = [{ address: '127.0.0.1:0', tls: { cert, key } }]
  await using holdfast = await serve(upstream.url, {
    config: { listen, upgrade: { carriers: 0 } },
  })
  const clients = await open(holdfast.url, 6)
  const old = holdfast.workers()
  const done = upgrade(holdfast)
  await eventually('the move', async () => (await state(holdfast)).upgrade?.total === 6)
  for (const pid of old) process.kill(pid, 'SIGKILL')
  expect(await done).toMatchObject({ phase: 'done', total: 6, moved: 0, ended: 0, lost: 6 })
  await gone(old)
  for (const client of clients) expect(await client.closed).toMatchObject({ code: 1006 })
  terminate(await open(holdfast.url, 1))
})
