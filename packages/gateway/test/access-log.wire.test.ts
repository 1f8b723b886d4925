// The access log of a real gateway, as a file, a pipe and a full disk.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  closedPort,
  eventually,
  rawClient,
  runtime,
  startHoldfast,
  startUpstream,
  upgradeRequest,
  wsClient,
} from '@holdfast/testing'
import { expect, test } from 'vitest'

type Line = Record<string, unknown>

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-access-'))
  return {
    file: join(path, 'access.log'),
    at: (name: string) => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

const textOf = (file: string) => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
const linesOf = (file: string): Line[] =>
  textOf(file)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

const config = (url: string, log: object, keys: object = {}) => ({
  workers: 2,
  log,
  routes: [{ name: 'chat', match: { path: '/ws*' }, upstreams: [url], ...keys }],
})

test('a connection has one line, at its end, with how it ended, and a masked query', async () => {
  using temp = folder()
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ config: config(upstream.url, { access: temp.file }) })
  const target = '/ws?room=7&access_token=s3cret'
  {
    await using client = wsClient(holdfast.url + target, { headers: { 'User-Agent': 'a"b' } })
    await client.opened
    client.socket.send('hello')
    await eventually('the echo', () => client.messages.length > 0)
    expect(textOf(temp.file)).toBe('')
    client.socket.close(4001, 'enough')
    await client.closed
  }
  await eventually('its line', () => linesOf(temp.file).length > 0)
  const [line, ...more] = linesOf(temp.file)
  expect(more).toEqual([])
  expect(line).toMatchObject({
    kind: 'websocket',
    address: '127.0.0.1',
    target: '/ws?room=7&access_token=***',
    status: 101,
    code: 4001,
    reason: 'enough',
    by: 'client',
    route: 'chat',
    upstream: upstream.url,
    userAgent: 'a"b',
    messages: { 'to-upstream': 1, 'to-client': 1 },
  })
  expect((line!.bytes as Record<string, number>)['to-client']).toBeGreaterThan(5)
  expect(Object.keys(line!.ms as object).sort()).toEqual(['admit', 'close', 'open', 'total', 'upstream'])
  expect(holdfast.log.some((one) => JSON.stringify(one).includes('s3cret'))).toBe(false)
})

test('each refused handshake has one line with what it was told, and so has a plain request', async () => {
  using temp = folder()
  await using upstream = await startUpstream()
  const dead = `ws://127.0.0.1:${await closedPort()}`
  const given = config(upstream.url, { access: temp.file }, { origins: ['https://a.example'] })
  const gone = { name: 'gone', match: { path: '/gone' }, upstreams: [dead], wait: 'off', badGateway: 'close' }
  const silent = { ...gone, name: 'http', match: { path: '/http' }, badGateway: 'http' }
  await using holdfast = await startHoldfast({
    config: { ...given, routes: [...given.routes, gone, silent] },
  })
  const ask = async (path: string, change = (text: string) => text) => {
    const request = change(upgradeRequest('ws://h').replace('GET / ', `GET ${path} `))
    await using client = await rawClient(holdfast.url, { request })
    if (client.status === 101) await client.closeFrame()
    return client.status
  }
  expect(await ask('/ws')).toBe(403)
  expect(await ask('/nowhere?token=abc')).toBe(404)
  expect(await ask('/http')).toBe(502)
  expect(await ask('/gone')).toBe(101)
  expect(await ask('/ws', (text) => text.replace('Version: 13', 'Version: 12'))).toBe(426)
  await fetch(`${holdfast.url.replace('ws', 'http')}/ws/page`)
  await eventually('the lines', () => linesOf(temp.file).length >= 6)
  const shown = linesOf(temp.file).map(({ kind, target, status, route, code, by }) => [
    ...[kind, target, status, route, code, by],
  ])
  expect(shown.sort()).toEqual(
    [
      ['websocket', '/ws', 403, 'chat', undefined, undefined],
      ['websocket', '/nowhere?token=***', 404, undefined, undefined, undefined],
      ['websocket', '/http', 502, 'http', undefined, undefined],
      ['websocket', '/gone', 101, 'gone', 1014, 'gateway'],
      ['websocket', '/ws', 426, undefined, undefined, undefined],
      ['http', '/ws/page', 200, 'chat', undefined, undefined],
    ].sort(),
  )
})

test('after SIGUSR1, and after a reload, every worker writes to the file of that name', async () => {
  using temp = folder()
  await using upstream = await startUpstream()
  const given = config(upstream.url, { access: temp.file })
  await using holdfast = await startHoldfast({ config: given })
  const some = () =>
    Promise.all(
      Array.from({ length: 8 }, async () => {
        await using client = wsClient(`${holdfast.url}/ws`)
        await client.opened
        client.socket.close()
        await client.closed
      }),
    )
  await some()
  await eventually('the first lines', () => linesOf(temp.file).length === 8)
  renameSync(temp.file, temp.at('old'))
  holdfast.signal('SIGUSR1')
  await holdfast.waitForLog('the file opened', ({ msg }) => /opened again/.test(msg ?? ''))
  // The answer of every worker comes after it has acted on what it was told before.
  await holdfast.api('/api/state')
  await some()
  await eventually('the next lines', () => linesOf(temp.file).length === 8)
  renameSync(temp.file, temp.at('older'))
  expect((await holdfast.api('/api/reload', { method: 'POST' })).status).toBe(200)
  await some()
  await eventually('the last lines', () => linesOf(temp.file).length === 8)
  expect([temp.at('old'), temp.at('older')].map((file) => linesOf(file).length)).toEqual([8, 8])
})

test('a connection that moves in a live upgrade has one line, with all that it carried', async () => {
  if (runtime().name !== 'node') return
  using temp = folder()
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ config: config(upstream.url, { access: temp.file }) })
  await using client = wsClient(`${holdfast.url}/ws?sid=1`)
  await client.opened
  client.socket.send('a')
  await eventually('the echo', () => client.messages.length === 1)
  holdfast.signal('SIGUSR2')
  await holdfast.waitForLog('the upgrade', ({ msg }) => /have moved/.test(msg ?? ''))
  client.socket.send('b')
  await eventually('the echo', () => client.messages.length === 2)
  client.socket.close(1000)
  await client.closed
  await eventually('its line', () => linesOf(temp.file).length === 1)
  expect(linesOf(temp.file)).toMatchObject([
    { target: '/ws?sid=***', code: 1000, messages: { 'to-upstream': 2, 'to-client': 2 } },
  ])
})

test.skipIf(process.platform !== 'linux')(
  'a full disk and a reader that has stopped stall nobody; the lines are dropped and counted',
  async () => {
    using temp = folder()
    await using upstream = await startUpstream()
    await using holdfast = await startHoldfast({ config: config(upstream.url, { access: '/dev/full' }) })
    const dropped = async () => {
      const text = await (await fetch(`${holdfast.admin}/metrics`)).text()
      return Number(/^holdfast_access_log_lines_dropped_total (\d+)/m.exec(text)?.[1])
    }
    const one = async (path = '/ws') => {
      await using client = wsClient(holdfast.url + path)
      await client.opened
      client.socket.close()
      await client.closed
    }
    for (let i = 0; i < 5; i++) await one()
    await eventually('the drops', async () => (await dropped()) === 5)
    await holdfast.waitForLog('the drops', ({ msg }) => /of the access log were dropped/.test(msg ?? ''))
    const pipe = temp.at('pipe')
    execFileSync('sh', ['-c', 'mkfifo "$0"', pipe])
    holdfast.writeConfig(config(upstream.url, { access: pipe }))
    expect((await holdfast.api('/api/reload', { method: 'POST' })).status).toBe(200)
    // 64 KiB of the pipe and 256 KiB of each worker.
    const long = `/ws${'x'.repeat(1200)}`
    for (let i = 0; i < 45; i++) await Promise.all(Array.from({ length: 15 }, () => one(long)))
    await eventually('more drops', async () => (await dropped()) > 5)
    await one()
  },
)

test('a log that cannot be written is refused before the start, and by a reload', async () => {
  using temp = folder()
  await using upstream = await startUpstream()
  const given = config(upstream.url, { access: temp.file })
  await using holdfast = await startHoldfast({ config: given })
  writeFileSync(temp.at('taken'), '')
  holdfast.writeConfig(config(upstream.url, { access: temp.at('taken/access.log') }))
  expect(await holdfast.api('/api/reload', { method: 'POST' })).toMatchObject({
    body: { error: { problems: [expect.stringContaining('log.access is in a folder')] } },
  })
  await using client = wsClient(`${holdfast.url}/ws`)
  await client.opened
  client.socket.close()
  await client.closed
  await eventually('the line', () => linesOf(temp.file).length === 1)
})
