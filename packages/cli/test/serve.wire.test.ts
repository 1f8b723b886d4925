import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  certificate,
  closedPort,
  runHoldfast,
  runtime,
  startHoldfast,
  startUpstream,
  tcpServer,
  wsClient,
} from '@holdfast/testing'
import { expect, test } from 'vitest'

/** Bun cannot hand sockets to other processes, so more than one worker is a warning there. */
const bun = runtime().name === 'bun'
const workerCounts = bun ? [1] : [1, 2]

const route = (url: string, more: object = {}) => ({ name: 'all', upstreams: [url], ...more })

test('serve says in one line where it listens, with the actual ports', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ args: ['--upstream', upstream.url, '--workers', '1'] })
  expect(holdfast.stdout).toHaveLength(1)
  expect(holdfast.stdout[0]).toMatch(
    /^holdfast listening on ws:\/\/127\.0\.0\.1:[1-9]\d+ \(admin http:\/\/127\.0\.0\.1:[1-9]\d+\) \(pid \d+\)$/,
  )
  await using client = wsClient(holdfast.url)
  await client.opened
  client.send('hello')
  expect(await client.message()).toBe('hello')
})

test.each(workerCounts)(
  'serve with %i workers listens on several addresses, TLS among them',
  async (workers) => {
    await using upstream = await startUpstream()
    const { certFile, keyFile } = certificate()
    const listen = [
      '127.0.0.1:0',
      { address: '127.0.0.1:0', tls: { cert: certFile, key: keyFile } },
      '[::1]:0',
    ]
    const config = { workers, listen, admin: 'off', routes: [route(upstream.url)] }
    await using holdfast = await startHoldfast({ config })
    expect(holdfast.stdout[0]).toMatch(
      /^holdfast listening on ws:\/\/127\.0\.0\.1:\d+, wss:\/\/127\.0\.0\.1:\d+, ws:\/\/\[::1\]:\d+ \(pid \d+\)$/,
    )
    for (const url of holdfast.urls) {
      await using client = wsClient(url)
      await client.opened
      client.send(url)
      expect(await client.message()).toBe(url)
    }
  },
)

test.skipIf(bun)('serve without --workers has one worker per core', async () => {
  await using holdfast = await startHoldfast({ args: ['--upstream', 'ws://127.0.0.1:1'] })
  const { body } = await holdfast.api('/api/state')
  expect((body as { workers: object[] }).workers).toHaveLength(holdfast.workers().length)
})

test.each(workerCounts)('serve with %i workers says that a port is taken and exits 2', async (workers) => {
  await using other = await tcpServer(() => {})
  const address = `127.0.0.1:${other.port}`
  const flags = ['--upstream', 'ws://127.0.0.1:1', '--admin', 'off', '--workers', String(workers)]
  const { code, stdout, stderr } = await runHoldfast(['serve', '--listen', address, ...flags])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toBe(
    `holdfast: cannot listen on ${address}: the port is taken; stop the other program or choose another port`,
  )
})

test('serve says that the admin port is taken and exits 2', async () => {
  await using other = await tcpServer(() => {})
  const admin = `127.0.0.1:${other.port}`
  const flags = ['--upstream', 'ws://127.0.0.1:1', '--listen', '127.0.0.1:0']
  const { code, stderr } = await runHoldfast(['serve', '--admin', admin, ...flags])
  expect(code).toBe(2)
  expect(stderr).toMatch(/^holdfast: admin port: cannot listen on .* the port is taken;.*$/)
  expect(stderr.split('\n')).toHaveLength(1)
})

test.each<[string, string[], RegExp]>([
  ['an unknown flag', ['serve', '--lissten', 'x'], /unknown option '--lissten'; did you mean --listen\?/],
  ['an unknown command', ['sevre'], /unknown command 'sevre'; did you mean serve\?/],
  ['a URL of another kind', ['serve', '--upstream', 'ftp://x'], /--upstream: .*ws:\/\//],
  ['no upstream and no file', ['serve'], /--upstream/],
  ['a file that is not there', ['serve', '-c', '/no/such.yaml'], /\/no\/such\.yaml: .*does not exist/],
  ['a bad number of workers', ['serve', '--upstream', 'ws://a', '--workers', 'many'], /--workers/],
  ['a bad log level', ['serve', '--upstream', 'ws://a', '--log-level', 'loud'], /--log-level/],
  [
    'an address of another machine',
    ['serve', '--upstream', 'ws://a', '--listen', '192.0.2.1:0'],
    /192\.0\.2\.1/,
  ],
  [
    'an admin port for all without a token',
    ['serve', '--upstream', 'ws://a', '--admin', '0.0.0.0:0'],
    /token/,
  ],
  ['a flag without its value', ['drain', '--route'], /--route/],
  ['an argument too many', ['drain', 'chat'], /drain/],
])('%s is told in one line and exits 2', async (_, args, words) => {
  const { code, stdout, stderr } = await runHoldfast(args)
  expect(stderr).toMatch(words)
  expect(stderr).toMatch(/^holdfast: [^\n]*$/)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
})

test('every problem of a configuration is one line with line and column, and exits 2', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  const file = join(folder, 'h.yaml')
  writeFileSync(file, 'wrokers: 1\nroutes:\n  - name: a\n    upstream: ws://127.0.0.1:1\n')
  const served = await runHoldfast(['serve', '-c', file])
  const validated = await runHoldfast(['validate', '-c', file])
  rmSync(folder, { recursive: true })
  const lines = served.stderr.split('\n')
  expect(lines[0]).toBe(`holdfast: ${file}:1:1: unknown key 'wrokers'; did you mean 'workers'?`)
  for (const line of lines) expect(line).toMatch(/^holdfast: .*:\d+:\d+: /)
  expect(served.code).toBe(2)
  expect(validated).toMatchObject({ code: 1, stderr: served.stderr })
})

test('validate says that a file is valid and exits 0', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  const file = join(folder, 'h.yaml')
  writeFileSync(file, 'routes:\n  - name: a\n    upstreams: [ws://127.0.0.1:1]\n')
  const plain = await runHoldfast(['validate', '-c', file])
  const json = await runHoldfast(['validate', '-c', file, '--json'])
  rmSync(folder, { recursive: true })
  expect(plain).toMatchObject({ code: 0, stdout: `${file} is valid`, stderr: '' })
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, problems: [] })
})

test('flags win over the file', async () => {
  await using upstream = await startUpstream()
  const port = await closedPort()
  await using holdfast = await startHoldfast({
    config: { routes: [route('ws://127.0.0.1:1')] },
    args: ['--upstream', upstream.url, '--listen', `127.0.0.1:${port}`],
  })
  expect(holdfast.urls).toEqual([`ws://127.0.0.1:${port}`])
  await using client = wsClient(holdfast.url)
  await client.opened
  await upstream.open(1)
})

test('the log has no colours and is JSON when it goes to a pipe', async () => {
  await using holdfast = await startHoldfast({
    args: ['--upstream', 'ws://127.0.0.1:1', '--log-level', 'debug'],
  })
  await holdfast.waitForLog('a ready worker', ({ msg }) => msg === 'worker is ready')
  for (const { level } of holdfast.log) expect(level).toBeGreaterThan(0)
})

test.runIf(bun)('serve with two workers on Bun says that there is one', async () => {
  await using holdfast = await startHoldfast({ args: ['--upstream', 'ws://127.0.0.1:1', '--workers', '2'] })
  const { body } = await holdfast.api('/api/state')
  expect((body as { workers: object[] }).workers).toHaveLength(1)
  await holdfast.waitForLog(
    'the warning',
    ({ msg, level }) => level === 40 && /one worker serves, in this process/.test(msg),
  )
})
