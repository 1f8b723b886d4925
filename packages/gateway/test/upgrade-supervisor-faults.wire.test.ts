// New supervisors that fail, processes that are killed, and a service manager.
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Child, certificate, eventually, gone, runHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { expect } from 'vitest'
import { installation } from './installation.ts'
import { attempts, Crowd, numberedUpstream } from './numbered-traffic.ts'
import { drain, onNode, ownFolder, replace, serve, state, stop } from './upgrading.ts'

/** Connections of each kind. */
const each = 6
const { certFile: cert, keyFile: key } = certificate()
const tlsListener = { address: '127.0.0.1:0', tls: { cert, key } }

/** What the code of the new supervisor, or of its workers, begins with, and what the command then says. */
const faults: [name: string, code: { supervisor?: string; worker?: string }, says: RegExp][] = [
  ['crashes at the start', { supervisor: "throw new Error('a bad build')\n" }, /ended with status 1/],
  [
    'is of a version that cannot take over',
    { supervisor: 'delete process.env.HOLDFAST_SUCCEEDS\n' },
    /the new supervisor ended with status 2/,
  ],
  [
    'has workers that refuse all',
    {
      worker: `process.on('message', (message) => {
  if (message.type === 'adopt') message.record = '{"version":0}'
})
`,
    },
    /failed its trial: a new worker refused a connection/,
  ],
]

onNode(
  'a new supervisor that fails changes nothing, and the command says why; the next one takes over',
  async () => {
    await using upstream = await numberedUpstream()
    using own = ownFolder()
    using installed = installation('1.0.0')
    const main = readFileSync(installed.main)
    // The port is taken for whoever does not inherit it.
    const config = {
      listen: ['127.0.0.1:0', tlsListener],
      drain,
      upgrade: { canary: '1%', settle: '200ms' },
    }
    const { env, pidFile } = own
    await using holdfast = await serve(upstream.url, {
      config,
      env,
      main: installed.main,
      args: ['--pid-file', pidFile],
    })
    using crowd = new Crowd()
    for (const url of holdfast.urls) await crowd.join(url, each)
    const others = attempts(holdfast.url)
    const before = await state(holdfast)
    holdfast.writeConfig({ ...config, listen: holdfast.urls.map((url) => new URL(url).host) })
    for (const [name, { supervisor = '', worker = '' }, says] of faults) {
      installed.install('2.0.0', worker)
      writeFileSync(installed.main, supervisor)
      appendFileSync(installed.main, main)
      const { code, stderr } = await runHoldfast(['upgrade', '--supervisor', '--admin', holdfast.admin!])
      expect({ name, code, stderr }).toEqual({ name, code: 1, stderr: expect.stringMatching(says) })
      const now = await state(holdfast)
      expect(now.pid).toBe(before.pid)
      expect(own.pid()).toBe(before.pid)
      expect(now.workers.map(({ id }) => id)).toEqual(before.workers.map(({ id }) => id))
    }
    installed.install('3.0.0')
    writeFileSync(installed.main, main)
    expect(await replace(holdfast)).toContain('to version 3.0.0 (was 1.0.0)')
    const seen = await others.stop()
    expect(seen.failures).toEqual([])
    const { unanswered } = await crowd.settle()
    expect({ unanswered, client: [...crowd.faults], upstream: [...upstream.faults] }).toEqual({
      unanswered: 0,
      client: [],
      upstream: [],
    })
    crowd.watching = false
    await stop(holdfast)
    expect(own.temporary()).toEqual([])
  },
)

/** Dies when it has taken over everything: when somebody asks how it is, once it listens. */
const diesLater = `process.on('message', ({ type }) => {
  if (type === 'listen' || type === 'socket') setTimeout(() => process.exit(3), 500)
})
`

onNode.each([1, 2])(
  'when new workers die after that, the %i old ones serve again under the new supervisor, and get new connections, too',
  async (workers) => {
    await using upstream = await startUpstream()
    using installed = installation('1.0.0')
    await using holdfast = await serve(upstream.url, {
      config: { workers, drain, upgrade: { canary: '1%', settle: '30s' } },
      main: installed.main,
    })
    await using client = wsClient(holdfast.url)
    await client.opened
    const before = await state(holdfast)
    const others = attempts(holdfast.url)
    installed.install('2.0.0', diesLater)
    const { code, stderr } = await runHoldfast(['upgrade', '--supervisor', '--admin', holdfast.admin!])
    await others.stop()
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/the new version failed after it had taken over/),
    })
    const now = await eventually('the old workers', async () => {
      const seen = await state(holdfast)
      return seen.workers.length === workers && seen
    })
    expect(now.pid).not.toBe(before.pid)
    expect(now.workers.map(({ id, pid }) => ({ id, pid }))).toEqual(
      before.workers.map(({ id, pid }) => ({ id, pid })),
    )
    for (let i = 0; i < 2 * workers; i++) {
      await using more = wsClient(holdfast.url)
      await more.opened
      more.send('hello')
      expect(await more.message()).toBe('hello')
    }
    await stop(holdfast)
  },
)

/** Dies when it is to have everything, and has not begun to accept. */
const diesAtHandOver = `const { emit } = process
process.emit = function (name, message, ...rest) {
  if (message?.type === 'hand-over') process.exit(3)
  return emit.call(this, name, message, ...rest)
}
`

onNode('one that crashes while it takes over gives all of it back', async () => {
  await using upstream = await numberedUpstream()
  using installed = installation('1.0.0')
  const main = readFileSync(installed.main)
  const listen = ['127.0.0.1:0', tlsListener]
  const routes = [{ name: 'all', upstreams: [upstream.url], limits: { connections: 3 * each } }]
  await using holdfast = await serve(upstream.url, { config: { listen, routes }, main: installed.main })
  using crowd = new Crowd()
  for (const url of holdfast.urls) await crowd.join(url, each)
  writeFileSync(installed.main, diesAtHandOver)
  appendFileSync(installed.main, main)
  const failed = await runHoldfast(['upgrade', '--supervisor', '--admin', holdfast.admin!])
  expect(failed).toMatchObject({ code: 1, stderr: 'holdfast: the new supervisor ended with status 3' })
  writeFileSync(installed.main, main)
  // A worker that ends is replaced again, and what it had of the limit is free.
  const [worker] = (await state(holdfast)).workers
  process.kill(worker!.pid, 'SIGKILL')
  await eventually('another worker', async () => {
    const { workers } = await state(holdfast)
    return workers.length === 2 && workers.every(({ id, state }) => id !== worker!.id && state === 'ready')
  })
  crowd.faults.length = 0
  const open = (await state(holdfast)).routes[0]!.connections.open
  await replace(holdfast)
  // The places in the limit have gone with the connections.
  await crowd.join(holdfast.url, 3 * each - open)
  await using oneMore = wsClient(holdfast.url)
  await oneMore.opened.catch(() => {})
  expect([1006, 1013]).toContain((await oneMore.closed).code)
  expect([...crowd.faults]).toEqual([])
})

/** Does not hear that the one of before has let go. */
const hearsNoRelease = `const { emit } = process
process.emit = function (name, message, ...rest) {
  return message?.type === 'released' || emit.call(this, name, message, ...rest)
}
`

onNode('one that serves goes on, though the one of before does not say that it has let go', async () => {
  await using upstream = await startUpstream()
  using installed = installation('1.0.0')
  await using holdfast = await serve(upstream.url, { config: { drain }, main: installed.main })
  await using client = wsClient(holdfast.url)
  await client.opened
  const before = await state(holdfast)
  const main = readFileSync(installed.main)
  writeFileSync(installed.main, hearsNoRelease)
  appendFileSync(installed.main, main)
  await replace(holdfast)
  await holdfast.waitForLog('it', ({ msg }) => msg.startsWith('the supervisor of before does not let go'))
  const now = await state(holdfast)
  expect(now.pid).not.toBe(before.pid)
  expect(now.upgrade).toMatchObject({ phase: 'done', moved: 1, lost: 0 })
  client.send('still there')
  expect(await client.message()).toBe('still there')
  await stop(holdfast)
})

onNode('sockets of the file system whose files are in the way, or gone, keep it from nothing', async () => {
  await using upstream = await startUpstream()
  using own = ownFolder()
  const at = (name: string) => join(own.folder, name)
  const listen = ['127.0.0.1:0', `unix:${at('one')}`, `unix:${at('gone')}`, `unix:${at('last')}`]
  const admin = `unix:${at('admin')}`
  await using holdfast = await serve(upstream.url, { config: { listen, admin, workers: 1 }, env: own.env })
  for (const name of ['one', 'admin']) writeFileSync(at(`${name}.${holdfast.pid}`), 'left over')
  rmSync(at('gone'))
  const done = await runHoldfast(['upgrade', '--supervisor', '--admin', admin])
  expect(done).toMatchObject({ code: 0, stderr: '' })
  const lost = holdfast.log.filter(({ msg }) => msg === 'a socket has lost its name: no client finds it')
  expect(lost.map(({ path }) => path)).toEqual([at('gone')])
  for (const url of [holdfast.url, `ws+unix:${at('one')}:/`, `ws+unix:${at('last')}:/`]) {
    await using client = wsClient(url)
    await client.opened
  }
  const status = await runHoldfast(['status', '--admin', admin])
  expect(status).toMatchObject({ code: 0, stderr: '' })
  await stop(holdfast)
  expect(['one', 'gone', 'last', 'admin'].filter((name) => existsSync(at(name)))).toEqual([])
})

onNode(
  'an old worker that ends as it begins is gone there, too; one that has not started when it takes over is ended',
  async () => {
    await using upstream = await startUpstream()
    using installed = installation('1.0.0')
    const config = { drain, upgrade: { canary: 'off' } }
    await using holdfast = await serve(upstream.url, { config, main: installed.main })
    const old = holdfast.workers()
    // Of the supervisor of before, in place of one that has ended.
    installed.install(
      '2.0.0',
      `if (process.ppid === ${holdfast.pid}) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 7000)\n`,
    )
    const done = replace(holdfast)
    await holdfast.waitForLog('the start', ({ msg }) => msg === 'a new supervisor is started')
    process.kill(old[0]!, 'SIGKILL')
    await done
    const { pid, workers } = await state(holdfast)
    expect(workers.map(({ state }) => state)).toEqual(['ready', 'ready'])
    await eventually('no other child', () => `${holdfast.workers()}` === `${pid}`)
    await stop(holdfast)
  },
)

/** A worker that needs a second to start, and a supervisor that stands still for two when it has been told all. */
const slowStart = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)\n'
const slowAtHandOver = `const { emit } = process
process.emit = function (name, message, ...rest) {
  if (message?.type === 'hand-over') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000)
  return emit.call(this, name, message, ...rest)
}
`

onNode(
  'what is drained and taken back in while it is on trial is so in it; at the last moment it is refused',
  async () => {
    await using upstream = await startUpstream()
    using installed = installation('1.0.0')
    const routes = ['a', 'b', 'c'].map((name) => ({
      name,
      match: { path: `/${name}` },
      upstreams: [upstream.url],
    }))
    const config = { routes, drain, upgrade: { canary: '100%', settle: '200ms' } }
    await using holdfast = await serve(upstream.url, { config, main: installed.main })
    const ask = async (what: 'drain' | 'undrain', route: string) => {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ route, ...(what === 'drain' && { wait: false }) })
      return (await holdfast.api(`/api/${what}`, { method: 'POST', body, headers })).status
    }
    await using drained = wsClient(`${holdfast.url}/a`)
    await drained.opened
    await using other = wsClient(`${holdfast.url}/c`)
    await other.opened
    expect(await ask('drain', 'b')).toBe(202)
    const main = readFileSync(installed.main)
    installed.install('2.0.0', slowStart)
    writeFileSync(installed.main, slowAtHandOver)
    appendFileSync(installed.main, main)
    const done = replace(holdfast)
    await holdfast.waitForLog('the start', ({ msg }) => msg === 'a new supervisor is started')
    expect(await ask('drain', 'a')).toBe(202)
    expect(await ask('undrain', 'b')).toBe(200)
    await eventually('the last moment', async () => (await ask('undrain', 'c')) === 503)
    expect(await ask('drain', 'c')).toBe(503)
    await done
    expect(await drained.closed).toMatchObject({ code: 1012 })
    await using no = wsClient(`${holdfast.url}/a`)
    await no.opened.catch(() => {})
    expect((await no.closed).code).not.toBe(1000)
    await using yes = wsClient(`${holdfast.url}/b`)
    await yes.opened
    other.send('still there')
    expect(await other.message()).toBe('still there')
    expect(await ask('undrain', 'a')).toBe(200)
    await stop(holdfast)
  },
)

onNode(
  'when the first process is killed the gateway drains; when the supervisor is, the first process says so',
  async () => {
    await using upstream = await startUpstream()
    for (const which of ['first', 'supervisor'] as const) {
      await using holdfast = await serve(upstream.url)
      await using client = wsClient(holdfast.url)
      await client.opened
      await replace(holdfast)
      const { pid, workers } = await state(holdfast)
      process.kill(which === 'first' ? holdfast.pid : pid, 'SIGKILL')
      expect(await client.closed).toMatchObject({ code: 1012 })
      await gone([pid, holdfast.pid, ...workers.map((worker) => worker.pid)])
      if (which === 'supervisor') expect(await holdfast.exited).toMatchObject({ code: 1 })
    }
  },
)

const has = (command: string, ...args: string[]) => spawnSync(command, args).status === 0
const canNotify = has('systemd-notify', '--version') && has('python3', '--version')

/** What a service manager does with the socket of sd_notify(3): each line that comes is printed, and the main process written down. */
const listenForNotifications = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    for line in s.recv(4096).decode().splitlines():
        if line.startswith("MAINPID="):
            open(sys.argv[2], "w").write(line[8:])
        print(line, flush=True)
`

onNode.skipIf(!canNotify)(
  'under systemd the new supervisor becomes the main process, and the one of before ends with what it carries',
  async () => {
    await using upstream = await startUpstream()
    using own = ownFolder()
    const notify = join(own.folder, 'notify')
    const main = join(own.folder, 'main')
    await using manager = new Child('python3', ['-c', listenForNotifications, notify, main])
    const told = (what: string) => manager.line(what, (line) => line === what || undefined)
    await told('bound')
    // For the service manager, which does not run in a container: it shows the main process that was last named.
    const show = `#!/bin/sh\necho "   Main PID: $(cat ${main}) (node)"\n`
    writeFileSync(join(own.folder, 'systemctl'), show, { mode: 0o755 })
    const env = { ...own.env, NOTIFY_SOCKET: notify, PATH: `${own.folder}:${process.env.PATH}` }
    await using holdfast = await serve(upstream.url, {
      config: { listen: [tlsListener], drain },
      env,
    })
    await told('READY=1')
    await using client = wsClient(holdfast.url)
    await client.opened
    await replace(holdfast)
    const { pid: second } = await state(holdfast)
    await told(`MAINPID=${second}`)
    await holdfast.waitForLog('who is main', ({ msg }) => msg.startsWith('that process is the main one'))
    // It carries the client, and is nobody's main process: a signal to it is for nobody.
    holdfast.signal('SIGTERM')
    client.send('there')
    expect(await client.message()).toBe('there')
    client.close(1000)
    expect(await client.closed).toMatchObject({ code: 1000 })
    expect(await holdfast.exited).toMatchObject({ code: 0 })
    await using other = wsClient(holdfast.url)
    await other.opened
    await replace(holdfast)
    const { pid: third } = await state(holdfast)
    await told(`MAINPID=${third}`)
    other.close(1000)
    await gone([second])
    process.kill(third, 'SIGTERM')
    await gone([third])
    expect(own.temporary()).toEqual([])
  },
)
