// The moment at which one supervisor hands over to the next: what comes meanwhile reaches whoever is in charge.
import { appendFileSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, type Holdfast, runHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { expect } from 'vitest'
import { type Installation, installation } from './installation.ts'
import { drain, onNode, ownFolder, replace, serve, state, stop } from './upgrading.ts'

const stall = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)'

/** The supervisor of now on does this when it is to have everything, and says so before. */
const atHandOver = (act: string) => `const { emit } = process
process.emit = function (name, message, ...rest) {
  if (message?.type === 'hand-over') {
    process.stderr.write('{"level":30,"msg":"it has everything"}\\n')
    ${act}
  }
  return emit.call(this, name, message, ...rest)
}
`

/** Has the next supervisor begin with this code. */
function spoil({ main }: Installation, code: string): void {
  const good = readFileSync(main)
  writeFileSync(main, code)
  appendFileSync(main, good)
}

async function clients(url: string, count: number) {
  const all = Array.from({ length: count }, () => wsClient(url))
  await Promise.all(all.map(({ opened }) => opened))
  return all
}

const begin = (holdfast: Holdfast) => runHoldfast(['upgrade', '--supervisor', '--admin', holdfast.admin!])

onNode(
  'SIGTERM while the next supervisor takes over ends everything in order, whoever is in charge then',
  async () => {
    await using upstream = await startUpstream()
    for (const [act, old] of [
      [stall, false],
      [`${stall}; process.exit(3)`, true],
    ] as const) {
      using installed = installation('1.0.0')
      using own = ownFolder()
      await using holdfast = await serve(upstream.url, {
        config: { drain },
        main: installed.main,
        env: own.env,
      })
      const all = await clients(holdfast.url, 4)
      spoil(installed, atHandOver(act))
      const done = begin(holdfast)
      await holdfast.waitForLog('the hand-over', ({ msg }) => msg === 'it has everything')
      holdfast.signal('SIGTERM')
      for (const client of all) expect(await client.closed).toMatchObject({ code: 1012 })
      expect(await holdfast.exited).toMatchObject({ code: 0 })
      await done
      const said = (what: string) => holdfast.log.filter(({ msg }) => msg === what)
      expect(said('drained')).toMatchObject([{ cut: 0 }])
      expect(said('the supervisor was not replaced, and goes on').length).toBe(old ? 1 : 0)
      expect(own.temporary()).toEqual([])
    }
  },
)

onNode(
  'a reload that the old supervisor is asked for while it is replaced is done by the new one, once',
  async () => {
    await using upstream = await startUpstream()
    const routes = [{ name: 'all', upstreams: [upstream.url] }]
    const config = { routes, drain }
    await using holdfast = await serve(upstream.url, { config })
    const done = replace(holdfast)
    await holdfast.waitForLog('the start', ({ msg }) => msg === 'a new supervisor is started')
    const more = { name: 'new', match: { path: '/new' }, upstreams: [upstream.url] }
    holdfast.writeConfig({ ...config, routes: [more, ...routes] })
    holdfast.signal('SIGHUP')
    expect(await holdfast.api('/api/reload', { method: 'POST' })).toMatchObject({ status: 200 })
    await done
    const now = await state(holdfast)
    expect(now.pid).not.toBe(holdfast.pid)
    expect(now.routes.map(({ name }) => name)).toEqual(['new', 'all'])
    await using client = wsClient(`${holdfast.url}/new`)
    await client.opened
    expect(holdfast.log.filter(({ msg }) => msg === 'configuration reloaded').length).toBe(1)
    await stop(holdfast)
  },
)

onNode('places in a limit that were given up while it took over are free again when it dies', async () => {
  await using upstream = await startUpstream()
  using installed = installation('1.0.0')
  const routes = [{ name: 'all', upstreams: [upstream.url], limits: { connections: 6 } }]
  await using holdfast = await serve(upstream.url, { config: { routes }, main: installed.main })
  const all = await clients(holdfast.url, 6)
  spoil(installed, atHandOver(`${stall}; process.exit(3)`))
  const done = begin(holdfast)
  await holdfast.waitForLog('the hand-over', ({ msg }) => msg === 'it has everything')
  for (const client of all.splice(0, 3)) {
    client.close(1000)
    await client.closed
  }
  expect(await done).toMatchObject({ code: 1, stderr: expect.stringMatching(/ended with status 3/) })
  await eventually('three free places', async () => {
    const { open, closing } = (await state(holdfast)).routes[0]!.connections
    return open + closing === 3
  })
  const more = await clients(holdfast.url, 3)
  await using tooMany = wsClient(holdfast.url)
  await tooMany.opened.catch(() => {})
  expect([1006, 1013]).toContain((await tooMany.closed).code)
  for (const { socket } of [...all, ...more]) socket.terminate()
})

/** Before the old supervisor lets go the new workers are killed. */
const killsWorkers = `import { ChildProcess } from 'node:child_process'
const { spawn } = ChildProcess.prototype
const children = []
ChildProcess.prototype.spawn = function (...args) {
  children.push(this)
  return spawn.apply(this, args)
}
const { emit } = process
process.emit = function (name, message, ...rest) {
  if (message?.type !== 'released') return emit.call(this, name, message, ...rest)
  for (const child of children) child.kill('SIGKILL')
  setTimeout(() => emit.call(this, name, message, ...rest), 1000)
  return true
}
`

onNode.each([1, 2])(
  'when the new workers die before the %i old ones were told to leave, these have their place again',
  async (workers) => {
    await using upstream = await startUpstream()
    using installed = installation('1.0.0')
    const config = { workers, drain, upgrade: { canary: '1%', settle: '200ms' } }
    await using holdfast = await serve(upstream.url, { config, main: installed.main })
    const before = await state(holdfast)
    spoil(installed, killsWorkers)
    expect(await begin(holdfast)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/the new version failed after it had taken over: a new worker has ended/),
    })
    const now = await eventually('the old workers alone', async () => {
      const now = await state(holdfast)
      return now.workers.length === workers && now
    })
    expect(now.pid).not.toBe(before.pid)
    expect(now.workers.map(({ pid, state }) => `${pid} ${state}`)).toEqual(
      before.workers.map(({ pid }) => `${pid} ready`),
    )
    for (const client of await clients(holdfast.url, 2 * workers)) client.socket.terminate()
    await stop(holdfast)
  },
)

onNode('a socket of the file system has its name all the time', async () => {
  await using upstream = await startUpstream()
  using own = ownFolder()
  const listen = ['127.0.0.1:0', `unix:${join(own.folder, 'socket')}`]
  const admin = `unix:${join(own.folder, 'admin')}`
  await using holdfast = await serve(upstream.url, { config: { listen, admin }, env: own.env })
  const changes: string[] = []
  const watcher = watch(own.folder, (_, name) => void changes.push(name ?? ''))
  expect(await runHoldfast(['upgrade', '--supervisor', '--admin', admin])).toMatchObject({ code: 0 })
  // Its own folder shows that changes are seen.
  expect(changes.some((name) => name.startsWith('holdfast-'))).toBe(true)
  watcher.close()
  expect(changes.filter((name) => /^(socket|admin)/.test(name))).toEqual([])
  await stop(holdfast)
})
