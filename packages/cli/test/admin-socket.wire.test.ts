// The admin API on a socket of the file system, and the commands that talk to it there.
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  eventually,
  gone,
  runHoldfast,
  runtime,
  startHoldfast,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { expect, test } from 'vitest'

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-admin-'))
  return { at: (name: string) => join(path, name), [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

const modeOf = (path: string) => statSync(path).mode & 0o777

const config = (upstream: string, admin: unknown, more: object = {}) => ({
  workers: 1,
  admin,
  routes: [{ name: 'chat', upstreams: [upstream] }],
  ...more,
})

/** The status of a plain request with these fields. */
function statusOf(socketPath: string, path: string, headers: http.OutgoingHttpHeaders): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path, headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('error', reject)
  })
}

test('every command talks to it, and nobody but its user may connect unless the configuration says so', async () => {
  using temp = folder()
  const path = temp.at('admin.sock')
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ config: config(upstream.url, `unix:${path}`) })
  expect(holdfast.admin).toBe(`unix:${path}`)
  expect(modeOf(path)).toBe(0o600)
  await using client = wsClient(holdfast.url)
  await client.opened
  const run = (...args: string[]) => runHoldfast([...args, '--admin', `unix:${path}`])
  const status = await run('status', '--json')
  expect(JSON.parse(status.stdout)).toMatchObject({ pid: holdfast.pid, admin: `unix:${path}` })
  expect((await run('status')).stdout).toContain(`admin unix:${path}`)
  const { connections } = JSON.parse((await run('connections', '--json')).stdout)
  expect(connections).toHaveLength(1)
  expect((await run('drain', '--route', 'chat')).code).toBe(0)
  expect((await run('undrain', '--route', 'chat')).code).toBe(0)
  expect((await run('reload')).code).toBe(0)
  const env = { HOLDFAST_ADMIN: `unix:${path}` }
  expect((await runHoldfast(['connections'], { env })).code).toBe(0)
  // As curl sends it, and a page on the web whose name was made to lead here.
  expect(await statusOf(path, '/api/state', { host: 'localhost' })).toBe(200)
  expect(await statusOf(path, '/api/state', { host: 'evil.example' })).toBe(403)
  expect((await run('stop')).code).toBe(0)
  await gone([holdfast.pid])
  expect(existsSync(path)).toBe(false)
  const after = await run('status')
  expect([after.code, after.stderr]).toEqual([
    1,
    expect.stringContaining(`no gateway answers at unix:${path}`),
  ])
})

test('it has the mode that is asked for, takes another one in a reload, moves, and follows a killed gateway', async () => {
  using temp = folder()
  const [path, other] = [temp.at('admin.sock'), temp.at('other.sock')]
  const place = (mode: string) => ({ address: `unix:${path}`, mode, token: 'secret' })
  {
    await using first = await startHoldfast({ config: config('ws://127.0.0.1:1', place('0660')) })
    expect(modeOf(path)).toBe(0o660)
    const family = [first.pid, ...first.workers()]
    first.signal('SIGKILL')
    await gone(family)
  }
  expect(existsSync(path)).toBe(true)
  await using holdfast = await startHoldfast({ config: config('ws://127.0.0.1:1', place('0660')) })
  const run = (at: string, ...args: string[]) =>
    runHoldfast([...args, '--admin', `unix:${at}`, '--token', 'secret'])
  expect((await runHoldfast(['status', '--admin', `unix:${path}`])).stderr).toContain(
    `unix:${path} wants a token`,
  )
  expect(await statusOf(path, '/metrics', { host: 'gateway.internal', authorization: 'Bearer secret' })).toBe(
    200,
  )
  holdfast.writeConfig(config('ws://127.0.0.1:1', place('0600')))
  expect((await run(path, 'reload')).stdout).toContain('the file of admin has other rights')
  expect(modeOf(path)).toBe(0o600)
  holdfast.writeConfig(config('ws://127.0.0.1:1', { address: `unix:${other}`, token: 'secret' }))
  expect((await run(path, 'reload')).stdout).toContain(`admin moved to unix:${other}`)
  await eventually('the first socket is gone', () => !existsSync(path))
  expect((await run(other, 'status')).code).toBe(0)
})

test.skipIf(runtime().name !== 'node')('it upgrades the gateway', async () => {
  using temp = folder()
  const path = temp.at('admin.sock')
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({
    args: ['--upstream', upstream.url, '--admin', `unix:${path}`],
  })
  await using client = wsClient(holdfast.url)
  await client.opened
  const { code, stdout } = await runHoldfast(['upgrade', '--admin', `unix:${path}`])
  expect([code, stdout]).toEqual([0, expect.stringMatching(/1 .*moved|moved 1/)])
  client.send('after')
  expect(await client.message()).toBe('after')
  expect((await runHoldfast(['status', '--admin', `unix:${path}`])).code).toBe(0)
})

test.each([
  ['unix:admin.sock', /a socket is written unix:\/PATH/],
  ['/run/admin.sock', /a socket is written unix:\/PATH/],
  ['./admin.sock', /a socket is written unix:\/PATH/],
  ['unix:/run/no-such-folder/admin.sock', /no gateway answers at unix:\/run\/no-such-folder\/admin.sock/],
])('--admin %s says what is wrong', async (admin, words) => {
  expect((await runHoldfast(['status', '--admin', admin])).stderr).toMatch(words)
})

test.skipIf(process.getuid?.() === 0)('somebody who may not connect is told so', async () => {
  using temp = folder()
  const path = temp.at('admin.sock')
  await using _holdfast = await startHoldfast({ config: config('ws://127.0.0.1:1', `unix:${path}`) })
  chmodSync(path, 0)
  expect((await runHoldfast(['status', '--admin', `unix:${path}`])).stderr).toContain(
    'may not be used by you',
  )
})
