// The supervisor itself is replaced: a new process takes over listeners, workers and all that it knows, and no client notices.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { certificate, eventually, gone, h2Session, isAlive, startUpstream } from '@holdfast/testing'
import { expect } from 'vitest'
import { attempts, Crowd, h2Numbered, numberedUpstream } from './numbered-traffic.ts'
import { resumingClient } from './resuming.ts'
import { drain, onNode, ownFolder, replace, serve, state, stop } from './upgrading.ts'

/** Of each kind; more with HOLDFAST_UPGRADE_CONNECTIONS=1000. */
const each = Number(process.env.HOLDFAST_UPGRADE_CONNECTIONS ?? 6)
const { certFile: cert, keyFile: key } = certificate()
const tlsListener = { address: '127.0.0.1:0', tls: { cert, key } }

onNode(
  'connections of every kind go through two new supervisors: none ends, nothing is lost, doubled or out of order, none is refused',
  async () => {
    await using plain = await numberedUpstream()
    await using secure = await numberedUpstream({ tls: certificate() })
    await using echo = await startUpstream()
    using own = ownFolder()
    const routes = [
      {
        name: 'secure',
        match: { path: '/secure' },
        upstreams: [{ url: secure.url, tls: { verify: false } }],
      },
      { name: 'chat', match: { path: '/chat' }, upstreams: [echo.url], resume: {} },
      { name: 'plain', upstreams: [plain.url], limits: { connections: 10_000 } },
    ]
    const listen = ['127.0.0.1:0', tlsListener, `unix:${join(own.folder, 'socket')}`]
    const config = { listen, routes, drain, upgrade: { canary: '1%', settle: '200ms' } }
    await using holdfast = await serve(plain.url, { config, args: ['--pid-file', own.pidFile], env: own.env })
    const [ws, wss] = holdfast.urls as [string, string]
    using crowd = new Crowd()
    await crowd.join(ws, each)
    await crowd.join(wss, each)
    await crowd.join(`${ws}/secure`, each)
    await crowd.join(`${wss}/secure`, each)
    await using session = await h2Session(wss)
    for (let i = 0; i < each; i++) await h2Numbered(crowd, session)
    const away = await resumingClient(`${ws}/chat`)
    away.send('before')
    await away.until(1)
    away.cut()
    const others = attempts(ws)
    const before = await state(holdfast)
    const pids = [before.pid]
    for (let i = 1; i <= 2; i++) {
      const said = await replace(holdfast)
      const now = await state(holdfast)
      expect(said).toMatch(new RegExp(`^the supervisor is process ${now.pid} now$`, 'm'))
      // Others come and go meanwhile.
      expect(said.replace(/^.* ended with their old worker: \d+ by the client \(1000\)$/m, '')).not.toContain(
        'ended',
      )
      expect(pids).not.toContain(now.pid)
      expect(own.pid()).toBe(now.pid)
      expect(now.startedAt).toBe(before.startedAt)
      expect(now.workers.map(({ generation, state }) => `${generation} ${state}`)).toEqual(
        Array.from({ length: 2 }, () => `${i + 1} ready`),
      )
      expect(now.upgrade).toMatchObject({ phase: 'done', lost: 0 })
      pids.push(now.pid)
    }
    const seen = await others.stop()
    expect(seen.failures).toEqual([])
    expect(seen.count).toBeGreaterThan(10)
    expect(await away.open()).toMatchObject({ resumed: true })
    away.send('behind')
    expect(await away.until(2)).toEqual(['before', 'behind'])
    away.connection!.close(1000)
    const { sent, unanswered } = await crowd.settle()
    expect(sent).toBeGreaterThan(each * 5)
    expect({ unanswered, client: [...crowd.faults], upstreams: [...plain.faults, ...secure.faults] }).toEqual(
      {
        unanswered: 0,
        client: [],
        upstreams: [],
      },
    )
    const after = await eventually('the end of all other connections', async () => {
      const now = await state(holdfast)
      return now.routes.every(({ connections }) => connections.closing === 0) && now
    })
    const route = (name: string) => after.routes.find((each) => each.name === name)!
    // Nothing that was counted is forgotten, and nothing is counted twice.
    expect(route('plain').counters.handshakes).toEqual({ accepted: 3 * each + seen.count })
    expect(route('plain').counters.closes).toEqual({ '1000:client': seen.count })
    expect(route('plain').connections.open).toBe(3 * each)
    expect(route('secure').connections.open).toBe(2 * each)
    expect(after.workerRestarts).toBe(0)
    // What cannot move is carried by the first workers, which stay with the process that has started them.
    const first = await eventually('what the first workers carry', async () => {
      const { carriers = [] } = await state(holdfast)
      const its = carriers.filter(({ generation }) => generation === 1)
      return its.reduce((sum, { connections }) => sum + connections, 0) === 4 * each && its
    })
    expect(holdfast.workers()).toEqual(expect.arrayContaining(first.map(({ pid }) => pid)))
    expect(isAlive(holdfast.pid)).toBe(true)

    // Signals reach the new one through the first process.
    const changed = {
      ...config,
      routes: [...routes, { name: 'new', match: { path: '/new' }, upstreams: [echo.url] }],
    }
    holdfast.writeConfig(changed)
    holdfast.signal('SIGHUP')
    await eventually('the reload', async () =>
      (await state(holdfast)).routes.some(({ name }) => name === 'new'),
    )
    crowd.watching = false
    await stop(holdfast)
    await gone(pids)
    expect(own.temporary()).toEqual([])
    expect(existsSync(own.pidFile)).toBe(false)
  },
)

onNode('one worker that accepts by itself, and a socket of the file system: no attempt fails', async () => {
  await using upstream = await numberedUpstream()
  using own = ownFolder()
  const path = join(own.folder, 'socket')
  const config = { workers: 1, listen: ['127.0.0.1:0', `unix:${path}`], drain }
  await using holdfast = await serve(upstream.url, { config, env: own.env })
  const unix = `ws+unix:${path}:/`
  using crowd = new Crowd()
  await crowd.join(holdfast.url, each)
  await crowd.join(unix, each)
  const others = [attempts(holdfast.url), attempts(unix)]
  for (let i = 1; i <= 2; i++) {
    await replace(holdfast)
    expect((await state(holdfast)).workers).toMatchObject([{ generation: i + 1, state: 'ready' }])
  }
  const seen = await Promise.all(others.map((each) => each.stop()))
  expect(seen.map(({ failures }) => failures)).toEqual([[], []])
  const { unanswered } = await crowd.settle()
  expect({ unanswered, client: [...crowd.faults], upstream: [...upstream.faults] }).toEqual({
    unanswered: 0,
    client: [],
    upstream: [],
  })
  // The workers of the first two are gone, and what they had counted is not.
  const [all] = (await state(holdfast)).routes
  const came = seen.reduce((sum, { count }) => sum + count, 2 * each)
  expect(all!.counters.handshakes).toEqual({ accepted: came })
  crowd.watching = false
  await stop(holdfast, 'SIGINT')
  expect(existsSync(path)).toBe(false)
  expect(own.temporary()).toEqual([])
})
