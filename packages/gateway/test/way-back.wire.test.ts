// A new version whose workers die when they have everybody's connections, while old workers are still there: those serve again.
import {
  certificate,
  eventually,
  gone,
  type Holdfast,
  h2Session,
  runHoldfast,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { expect } from 'vitest'
import { installation } from './installation.ts'
import { Crowd, h2Numbered, numberedUpstream } from './numbered-traffic.ts'
import { drain, onNode, serve, state } from './upgrading.ts'

const { certFile: cert, keyFile: key } = certificate()
const each = 30

/** A new worker that does this, some time after the trial; `one`: only every other one does. */
const onTenth = (act: string, one: boolean) => `let [adopted, bad] = [0, ${!one}]
process.on('message', ({ type, worker }) => {
  if (type === 'configure') bad ||= worker % 2 === 0
  if (type === 'adopt' && bad && ++adopted === 10) ${act}
})
`

/** How the new version fails, what the command says, and how those end that the failing workers had. */
const faults: [name: string, code: string, says: RegExp, ended: RegExp, supervisor?: '--supervisor'][] = [
  ['crashes at the tenth connection', onTenth('process.exit(3)', false), /a new worker has ended/, /1006/],
  [
    'has one worker that crashes when all have moved',
    onTenth('setTimeout(() => process.exit(3), 500)', true),
    /a new worker has ended/,
    /1006/,
  ],
  [
    'has a fault when all have moved',
    onTenth('setTimeout(() => { throw new Error("a bug") }, 500)', true),
    /a new worker had a fault/,
    /1012/,
  ],
  [
    'has, with a new supervisor, one worker that crashes when all have moved',
    onTenth('setTimeout(() => process.exit(3), 500)', true),
    /a new worker has ended/,
    /1006/,
    '--supervisor',
  ],
]

onNode.each(faults)(
  'a version that %s is undone: the old workers serve again, and who was not in the worker that failed notices nothing',
  async (_, code, says, ended, how) => {
    await using upstream = await numberedUpstream()
    using installed = installation('1.0.0')
    const routes = [{ name: 'all', upstreams: [upstream.url] }]
    const listen = ['127.0.0.1:0', { address: '127.0.0.1:0', tls: { cert, key } }]
    const config = {
      listen,
      routes,
      drain,
      upgrade: { canary: '1%', settle: '1500ms' },
    }
    await using holdfast = await serve(upstream.url, { main: installed.main, config })
    using crowd = new Crowd()
    for (const url of holdfast.urls) await crowd.join(url, each)
    const workers = holdfast.workers()
    installed.install('2.0.0', code)
    const { code: status, stderr } = await runHoldfast([
      'upgrade',
      ...(how ? [how] : []),
      '--admin',
      holdfast.admin!,
    ])
    expect(stderr).toMatch(/the new version failed after it had taken over/)
    expect(stderr).toMatch(says)
    expect(status).toBe(1)
    const now = await eventually('the old workers alone', async () => {
      const now = await state(holdfast)
      return now.workers.length === 2 && now
    })
    expect(now).toMatchObject({ upgrade: { phase: 'failed' }, workerRestarts: 0 })
    expect(now.pid === holdfast.pid).toBe(how === undefined)
    expect(now.workers.map(({ pid, state, version }) => `${pid} ${state} ${version}`)).toEqual(
      workers.map((pid) => `${pid} ready 1.0.0`),
    )
    const cut = () => crowd.clients.filter(({ ending }) => ending)
    const before = cut().length
    // One of the two had half of them, give or take; of both of them some were left.
    expect(before).toBeLessThanOrEqual(code.includes('setTimeout') ? each + 10 : 20)
    expect(crowd.faults.every((fault) => ended.test(fault))).toBe(true)
    // Who comes now finds the old workers, over HTTP/1.1 and HTTP/2.
    for (const url of holdfast.urls) {
      const client = wsClient(url)
      await client.opened
      client.socket.terminate()
    }
    await using session = await h2Session(holdfast.urls[1]!)
    await h2Numbered(crowd, session)
    const { unanswered } = await crowd.settle()
    expect({ ended: cut().length, upstream: upstream.faults }).toEqual({ ended: before, upstream: [] })
    if (before === 0) expect(unanswered).toBe(0)
    if (code !== faults[0]![1]) return
    installed.install('3.0.0')
    holdfast.writeConfig({ ...config, workers: 2, upgrade: { canary: 'off' } })
    expect(await holdfast.api('/api/reload', { method: 'POST' })).toMatchObject({ status: 200 })
    const again = await runHoldfast(['upgrade', '--admin', holdfast.admin!])
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('version 3.0.0') })
    expect(cut().length).toBe(before)
  },
)

/** Two workers that are tried, and old ones that stay for so long. */
function trying(upstream: string, settle: string): Promise<Holdfast> {
  const config = { drain, upgrade: { canary: '1%', settle } }
  return serve(upstream, { config })
}

/** The upgrade is over but for the old workers, which stay. */
async function staying(holdfast: Holdfast, count: number): Promise<void> {
  await eventually('the move', async () => (await state(holdfast)).upgrade?.moved === count)
}

onNode('a drain of the gateway while the old workers stay waits for none of them', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await trying(upstream.url, '10m')
  const clients = Array.from({ length: 4 }, () => wsClient(holdfast.url))
  await Promise.all(clients.map(({ opened }) => opened))
  holdfast.signal('SIGUSR2')
  await staying(holdfast, 4)
  const all = holdfast.workers()
  expect(all.length).toBe(4)
  holdfast.signal('SIGTERM')
  for (const client of clients) expect(await client.closed).toMatchObject({ code: 1012 })
  expect(await holdfast.exited).toMatchObject({ code: 0 })
  await gone(all)
})

onNode('a reload while the old workers stay holds for them as well, when they serve again', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await trying(upstream.url, '10m')
  const old = holdfast.workers()
  const done = holdfast.api('/api/upgrade', { method: 'POST', signal: AbortSignal.timeout(60_000) })
  await eventually('the old ones that stay', async () => {
    const { workers } = await state(holdfast)
    return workers.filter((worker) => worker.state === 'leaving').length === 2
  })
  const routes = [
    { name: 'new', match: { path: '/new' }, upstreams: [upstream.url] },
    { name: 'all', upstreams: [upstream.url] },
  ]
  holdfast.writeConfig({ workers: 2, drain, routes })
  expect(await holdfast.api('/api/reload', { method: 'POST' })).toMatchObject({ status: 200 })
  process.kill(holdfast.workers().find((pid) => !old.includes(pid))!, 'SIGKILL')
  expect((await done).status).toBe(422)
  await eventually('the old ones alone', () => holdfast.workers().length === 2)
  expect(holdfast.workers()).toEqual(old)
  await using client = wsClient(`${holdfast.url}/new`)
  await client.opened
  expect((await state(holdfast)).routes.map(({ name, connections }) => [name, connections.open])).toEqual([
    ['new', 1],
    ['all', 0],
  ])
})

onNode('an old worker that has ended meanwhile is replaced when the others serve again', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await trying(upstream.url, '10m')
  const old = holdfast.workers()
  const done = holdfast.api('/api/upgrade', { method: 'POST', signal: AbortSignal.timeout(60_000) })
  await eventually('the old ones that stay', async () => {
    const { workers } = await state(holdfast)
    return workers.filter((worker) => worker.state === 'leaving').length === 2
  })
  process.kill(old[0]!, 'SIGKILL')
  await gone([old[0]!])
  process.kill(holdfast.workers().find((pid) => !old.includes(pid))!, 'SIGKILL')
  expect((await done).status).toBe(422)
  const now = await eventually('two', async () => {
    const now = await state(holdfast)
    return now.workers.length === 2 && now.workers.every(({ state }) => state === 'ready') && now
  })
  expect(now.workers.map(({ pid, generation }) => [pid === old[1], generation])).toEqual([
    [true, 1],
    [false, 1],
  ])
})

onNode('where the old workers have begun to drain, a new one that dies is replaced from disk', async () => {
  await using upstream = await startUpstream()
  const listen = [{ address: '127.0.0.1:0', tls: { cert, key } }]
  const upgrade = { canary: '1%', carriers: 0 }
  const config = { listen, workers: 1, drain: { ...drain, deadline: '3s' }, upgrade }
  await using holdfast = await serve(upstream.url, { config })
  const client = wsClient(holdfast.url)
  await client.opened
  // It does not answer its Close: the drain lasts as long as it may.
  client.tcp.pause()
  const [old] = holdfast.workers()
  const done = holdfast.api('/api/upgrade', { method: 'POST', signal: AbortSignal.timeout(60_000) })
  await holdfast.waitForLog('the drain', ({ msg }) => msg === 'drain started', 30_000)
  process.kill(holdfast.workers().find((pid) => pid !== old)!, 'SIGKILL')
  await holdfast.waitForLog('it', ({ msg }) => /no old worker can serve again/.test(msg), 30_000)
  expect((await done).status).toBe(200)
  const now = await eventually('another', async () => {
    const now = await state(holdfast)
    return now.workers.length === 1 && now.workers[0]!.state === 'ready' && now
  })
  expect(now).toMatchObject({ workers: [{ generation: 2 }], workerRestarts: 1 })
  const next = wsClient(holdfast.url)
  await next.opened
  for (const { socket } of [client, next]) socket.terminate()
})
