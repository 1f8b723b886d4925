import { runHoldfast, runtime, startHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'

const drain = { spread: '100ms', deadline: '5s', retry: ['1s', '2s'] }

async function scene(more: object = {}) {
  const upstream = await startUpstream()
  const routes = ['chat', 'feed'].map((name) => ({
    name,
    match: { path: `/${name}` },
    upstreams: [upstream.url],
  }))
  const config = { workers: 2, drain, routes, ...more }
  const holdfast = await startHoldfast({ config })
  const run = (command: string, ...args: string[]) =>
    runHoldfast([command, '--admin', holdfast.admin!, ...args], { env: { HOLDFAST_ADMIN_TOKEN: undefined } })
  return {
    upstream,
    config,
    holdfast,
    run,
    async [Symbol.asyncDispose]() {
      await holdfast[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

test('status shows workers, routes, upstreams and closes as tables without colours', async () => {
  await using it = await scene()
  await using client = wsClient(`${it.holdfast.url}/chat`)
  await client.opened
  const leaving = wsClient(`${it.holdfast.url}/feed`)
  await leaving.opened
  leaving.close(4001, 'bye')
  await leaving.closed
  const { code, stdout, stderr } = await it.run('status')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^holdfast \d+\.\d+\.\d+ {2}serving {2}up \d+s\n/)
  expect(stdout).toContain(`listening on ${it.holdfast.url}`)
  expect(stdout).toMatch(/^ROUTE +OPEN +HELD +CLOSING +OPENED\/S +CLOSED\/S +MESSAGES\/S UP +DOWN/m)
  expect(stdout).toMatch(/^chat +1 +0 +0 +0 +0 +0 +0 +0 B +1$/m)
  expect(stdout).toMatch(new RegExp(`^chat +${it.upstream.url} +not probed +1 +-$`, 'm'))
  expect(stdout).toMatch(/^feed +4001 +of the application +client +1 +0$/m)
  expect(stdout).toMatch(/^WORKER +PID +STATE +GENERATION +VERSION +UP +CONNECTIONS +MEMORY$/m)
  expect(stdout).not.toContain('\x1b')
})

test('status --json prints one JSON document', async () => {
  await using it = await scene()
  const { code, stdout } = await it.run('status', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    phase: 'serving',
    pid: it.holdfast.pid,
    listen: it.holdfast.urls,
  })
})

test('connections lists what is open and filters it', async () => {
  await using it = await scene()
  await using chat = wsClient(`${it.holdfast.url}/chat`)
  await using feed = wsClient(`${it.holdfast.url}/feed`)
  await Promise.all([chat.opened, feed.opened])
  const all = await it.run('connections')
  expect(all.stdout.split('\n')).toHaveLength(3)
  const some = await it.run('connections', '--route', 'chat', '--json')
  const { connections } = JSON.parse(some.stdout)
  expect(connections).toMatchObject([{ route: 'chat', upstream: it.upstream.url, state: 'open' }])
  expect((await it.run('connections', '--state', 'closing')).stdout).toBe('no connections')
  const through = await it.run('connections', '--upstream', it.upstream.url, '--limit', '1')
  expect(through.stdout.split('\n')).toHaveLength(2)
  expect(through.stderr).toBe('the first 1; --limit asks for more')
  expect((await it.run('connections', '--upstream', 'ws://other')).stdout).toBe('no connections')
})

test.each([
  ['connections --state odd', /Allowed choices are open, held, closing/],
  ['connections --limit 0', /--limit '0' is not a whole number from 1 to 10000/],
  ['status --interval 1s', /--interval goes with --watch/],
  ['status --watch --interval soon', /--interval 'soon' is not a duration/],
  ['status --watch --interval 10ms', /--interval is at least 100ms/],
])('%s is wrong use', async (line, words) => {
  const { code, stdout, stderr } = await runHoldfast(line.split(' '))
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(words)
})

test('drain --route closes the connections of that route only, and the gateway goes on', async () => {
  await using it = await scene()
  await using chat = wsClient(`${it.holdfast.url}/chat`)
  await using feed = wsClient(`${it.holdfast.url}/feed`)
  await Promise.all([chat.opened, feed.opened])
  const { code, stdout } = await it.run('drain', '--route', 'chat')
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'drained: 1 closed, 0 cut at the deadline' })
  expect(await chat.closed).toMatchObject({ code: 1012 })
  feed.send('still there')
  expect(await feed.message()).toBe('still there')
  expect((await it.holdfast.api('/readyz')).status).toBe(200)
})

test('drain of an unknown route or upstream does nothing and says so', async () => {
  await using it = await scene()
  expect(await it.run('drain', '--route', 'none')).toMatchObject({
    code: 1,
    stderr: "holdfast: there is no route 'none'",
  })
  const json = await it.run('drain', '--upstream', 'ws://none', '--json')
  expect(json).toMatchObject({ code: 1, stderr: '' })
  expect(JSON.parse(json.stdout).error.code).toBe('not_found')
})

test('drain closes all, answers, and ends the gateway with 0', async () => {
  await using it = await scene()
  await using chat = wsClient(`${it.holdfast.url}/chat`)
  await chat.opened
  const { code, stdout } = await it.run('drain', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual({ closed: 1, moved: 0, cut: 0 })
  expect(await chat.closed).toMatchObject({ code: 1012 })
  expect(await it.holdfast.exited).toMatchObject({ code: 0 })
})

test('reload says what has changed', async () => {
  await using it = await scene()
  expect((await it.run('reload')).stdout).toBe('reloaded: nothing has changed')
  it.holdfast.writeConfig({ ...it.config, workers: 1, routes: it.config.routes.slice(0, 1) })
  const { code, stdout } = await it.run('reload')
  expect(code).toBe(0)
  expect(stdout).toBe('route feed removed\nworkers: 1 instead of 2 takes effect at the next start')
})

test('reload of an invalid file changes nothing and says why', async () => {
  await using it = await scene()
  it.holdfast.writeConfig('routes:\n  - name: a\n    upstream: ws://a\n')
  const { code, stderr } = await it.run('reload')
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /^holdfast: nothing was changed\n(holdfast: .*\n)?holdfast: .*:3:5: unknown key 'upstream'/,
  )
  await using client = wsClient(`${it.holdfast.url}/feed`)
  await client.opened
})

test('reload moves the admin port and answers on the old one', async () => {
  await using it = await scene()
  it.holdfast.writeConfig({ ...it.config, admin: '[::1]:0' })
  expect(await it.run('reload')).toMatchObject({ code: 0, stdout: 'admin moved to [::1]:0' })
  expect((await it.run('status')).stderr).toMatch(/no gateway answers/)
})

test('a token opens the admin port from the flag and from the environment', async () => {
  await using it = await scene({ admin: { address: '127.0.0.1:0', token: 'let-me-in' } })
  expect(await it.run('status')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^holdfast: .*token/),
  })
  expect((await it.run('status', '--token', 'let-me-in')).code).toBe(0)
  const env = { HOLDFAST_ADMIN_TOKEN: 'let-me-in' }
  expect((await runHoldfast(['status', '--admin', it.holdfast.admin!], { env })).code).toBe(0)
})

test.skipIf(runtime().name === 'bun')('upgrade replaces the workers and says what has moved', async () => {
  await using it = await scene()
  await using chat = wsClient(`${it.holdfast.url}/chat`)
  await chat.opened
  const before = it.holdfast.workers()
  const { code, stdout } = await it.run('upgrade')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^moved 1 connection to version \d+\.\d+\.\d+ in \d+\.\d s$/)
  expect(it.holdfast.workers().filter((pid) => before.includes(pid))).toEqual([])
  const again = await it.run('upgrade', '--json')
  expect(JSON.parse(again.stdout)).toMatchObject({ phase: 'done', total: 1, moved: 1, ended: 0 })
  chat.send('still there')
  expect(await chat.message()).toBe('still there')
})

test.each([
  ['nothing listens', '127.0.0.1:1', 1, /no gateway answers at http:\/\/127\.0\.0\.1:1/],
  ['the URL is none', 'http://', 2, /--admin 'http:\/\/' is not a URL/],
])('status says that %s', async (_, admin, code, words) => {
  const plain = await runHoldfast(['status', '--admin', admin])
  expect(plain).toMatchObject({ code, stdout: '' })
  expect(plain.stderr).toMatch(words)
  const json = await runHoldfast(['status', '--admin', admin, '--json'])
  expect(JSON.parse(json.stdout).error.message).toMatch(words)
  expect(json).toMatchObject({ code, stderr: '' })
})

test('status says when something else answers', async () => {
  await using other = await startUpstream({ onRequest: (_, response) => response.end('hello') })
  const { code, stderr } = await runHoldfast(['status', '--admin', `127.0.0.1:${other.port}`])
  expect(code).toBe(1)
  expect(stderr).toMatch(/does not answer like a Holdfast admin port/)
})

test('version and --version say the version', async () => {
  expect((await runHoldfast(['version'])).stdout).toMatch(/^holdfast \d+\.\d+\.\d+ \((Node|Bun) /)
  expect((await runHoldfast(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+$/)
})
