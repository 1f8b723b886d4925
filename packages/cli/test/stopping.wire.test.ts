// Every way in which somebody ends a gateway: by command, by closing the terminal, by stopping what started it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Child,
  gone,
  holdfastMain,
  runHoldfast,
  runtime,
  startHoldfast,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { expect, test } from 'vitest'

const drain = { spread: '100ms', deadline: '5s', retry: ['1s', '2s'] }
const config = (url: string, more: object = {}) => ({
  drain,
  workers: 1,
  routes: [{ name: 'all', upstreams: [url] }],
  ...more,
})

const has = (program: string) => {
  try {
    execFileSync('which', [program])
    return true
  } catch {
    return false
  }
}
const linux = process.platform === 'linux'

/** What the start line says. */
function started(child: Child): Promise<{ url: string; pid: number }> {
  return child.line(
    'the start line',
    (line) => {
      const [, url, pid] = /holdfast listening on (ws:[^\s,]+).* \(pid (\d+)\)/.exec(line) ?? []
      return url === undefined ? undefined : { url, pid: Number(pid) }
    },
    60_000,
  )
}

test('the start line names the process, and stop ends it and waits for that', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ config: config(upstream.url) })
  expect(holdfast.stdout[0]).toMatch(new RegExp(`\\(pid ${holdfast.pid}\\)$`))
  await using client = wsClient(holdfast.url)
  await client.opened
  const { code, stdout } = await runHoldfast(['stop', '--admin', holdfast.admin!])
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: `stopped pid ${holdfast.pid}: 1 closed, 0 cut at the deadline`,
  })
  expect(await client.closed).toMatchObject({ code: 1012 })
  await gone([holdfast.pid], 100)
  expect(await holdfast.exited).toMatchObject({ code: 0 })
  const again = await runHoldfast(['stop', '--admin', holdfast.admin!])
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('no gateway answers') })
})

test('stop --pid-file works without an admin port, and the file goes with the gateway', async () => {
  await using upstream = await startUpstream()
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-pid-'))
  const file = join(folder, 'holdfast.pid')
  const stop = (...args: string[]) => runHoldfast(['stop', '--pid-file', file, ...args])
  try {
    expect(await stop()).toMatchObject({ code: 1, stderr: expect.stringContaining('does not exist') })
    await using holdfast = await startHoldfast({
      config: config(upstream.url, { admin: 'off' }),
      args: ['--pid-file', file],
    })
    expect(readFileSync(file, 'utf8')).toBe(`${holdfast.pid}\n`)
    await using client = wsClient(holdfast.url)
    await client.opened
    // One that cannot start does not take the file.
    const port = new URL(holdfast.url).port
    const second = ['--listen', `127.0.0.1:${port}`, '--admin', 'off', '--upstream', upstream.url]
    expect(await runHoldfast(['serve', ...second, '--pid-file', file])).toMatchObject({ code: 2 })
    const { code, stdout } = await stop('--json')
    expect({ code, pid: JSON.parse(stdout).pid }).toEqual({ code: 0, pid: holdfast.pid })
    expect(await client.closed).toMatchObject({ code: 1012 })
    expect(await holdfast.exited).toMatchObject({ code: 0 })
    expect(() => readFileSync(file)).toThrow(/ENOENT/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.skipIf(!linux)('stop --pid-file sends nothing to a process that is no gateway', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-pid-'))
  const file = join(folder, 'holdfast.pid')
  try {
    await using other = new Child('cat', [])
    for (const [text, words] of [
      [String(other.pid), `process ${other.pid} is not \`holdfast serve\``],
      ['soon', 'holds no process id'],
      ['0', 'holds no process id'],
      ['-1', 'holds no process id'],
    ]) {
      writeFileSync(file, `${text}\n`)
      const { code, stderr } = await runHoldfast(['stop', '--pid-file', file])
      expect({ text, code, stderr }).toEqual({ text, code: 1, stderr: expect.stringContaining(words!) })
    }
    expect(other.exit).toBeUndefined()
    other.signal('SIGTERM')
    await other.exited
    writeFileSync(file, String(other.pid))
    expect((await runHoldfast(['stop', '--pid-file', file])).stderr).toContain('is left over')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('close ends one connection with the code and reason that were asked for', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ config: config(upstream.url) })
  await using first = wsClient(holdfast.url)
  await first.opened
  const admin = ['--admin', holdfast.admin!]
  const { connections } = JSON.parse((await runHoldfast(['connections', ...admin, '--json'])).stdout)
  await using second = wsClient(holdfast.url)
  await second.opened
  const [{ id }] = connections
  const done = await runHoldfast(['close', id, '--code', '1008', '--reason', 'over quota', ...admin])
  expect(done).toMatchObject({ code: 0, stdout: `closed ${id} with 1008` })
  expect(await first.closed).toMatchObject({ code: 1008, reason: 'over quota' })
  second.send('still there')
  expect(await second.message()).toBe('still there')
  const unknown = await runHoldfast(['close', 'nobody', ...admin])
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no connection') })
  expect((await runHoldfast(['close', id, '--code', '1006', ...admin])).code).toBe(2)
  expect((await runHoldfast(['close', id, '--reason', 'x'.repeat(124), ...admin])).code).toBe(2)
})

test('reload --dry-run says whom a reload would send away, and changes nothing', async () => {
  await using upstream = await startUpstream()
  const route = (name: string, more: object = {}) => ({
    name,
    match: { path: `/${name}` },
    upstreams: [upstream.url],
    ...more,
  })
  const before = config(upstream.url, { routes: [route('plain'), route('chat')] })
  await using holdfast = await startHoldfast({ config: before })
  const clients = Array.from({ length: 3 }, () => wsClient(`${holdfast.url}/plain`))
  await Promise.all(clients.map(({ opened }) => opened))
  const preview = () => runHoldfast(['reload', '--dry-run', '--admin', holdfast.admin!])
  expect((await preview()).stdout).toBe('nothing would change\nnothing was changed')
  holdfast.writeConfig({ ...before, workers: 2, routes: [route('renamed'), route('chat')] })
  const { code, stdout } = await preview()
  expect(code).toBe(0)
  expect(stdout.split('\n')).toEqual([
    'route renamed added',
    'route plain removed: 3 connections would be closed',
    'workers: 2 instead of 1 takes effect at the next start',
    'nothing was changed; 3 would be drained',
  ])
  holdfast.writeConfig('routes: []')
  expect(await preview()).toMatchObject({ code: 1, stderr: expect.stringContaining('it would be refused') })
  for (const client of clients) {
    client.send('still there')
    expect(await client.message()).toBe('still there')
  }
  await using late = wsClient(`${holdfast.url}/plain`)
  await late.opened
  expect(holdfast.log.filter(({ msg }) => /reloaded/.test(msg))).toEqual([])
})

const command = (...args: string[]) =>
  [runtime().path, holdfastMain, ...args].map((word) => `'${word}'`).join(' ')
const flags = (url: string) => [
  'serve',
  '--upstream',
  url,
  '--listen',
  '127.0.0.1:0',
  '--admin',
  'off',
  '--workers',
  '1',
]

test.skipIf(!linux)(
  'a shell in between that is stopped takes the gateway with it, which has said so before',
  async () => {
    await using upstream = await startUpstream()
    await using shell = new Child('sh', ['-c', `${command(...flags(upstream.url))}; true`])
    const { url, pid } = await started(shell)
    await using client = wsClient(url)
    await client.opened
    const said = (words: RegExp) =>
      shell.changes.until(`${words}`, () => shell.stderr.find((line) => words.test(line)))
    expect(await said(/SIGTERM sent to/)).toContain(`kill ${pid} do reach it`)
    shell.signal('SIGTERM')
    expect(await client.closed).toMatchObject({ code: 1012 })
    await gone([pid])
    expect(shell.stderr.some((line) => /has been stopped, without a signal/.test(line))).toBe(true)
  },
)

test.skipIf(!linux)('a shell that starts a gateway in the background may end', async () => {
  await using upstream = await startUpstream()
  const background = `${command(...flags(upstream.url))} & read line`
  await using shell = new Child('sh', ['-c', background])
  const { url, pid } = await started(shell)
  try {
    shell.say('end')
    await using client = wsClient(url)
    await client.opened
    await shell.changes.until('no parent', () => parentOf(pid) !== shell.pid || undefined)
    // The gateway looks once a second who its parent is.
    await shell.changes.until('two looks', () => undefined, { limit: 2100 }).catch(() => {})
    client.send('still there')
    expect(await client.message()).toBe('still there')
  } finally {
    process.kill(pid, 'SIGTERM')
    await gone([pid])
  }
})

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

const terminal = linux && has('script')
test.skipIf(!terminal)(
  `closing the terminal drains; SIGHUP in an open one reloads${terminal ? '' : ': skipped, since script(1) is missing'}`,
  async () => {
    await using upstream = await startUpstream()
    // script(1) makes the terminal, and takes it away when it is killed.
    await using screen = new Child('script', ['-qfec', `${command(...flags(upstream.url))}`, '/dev/null'])
    const { url, pid } = await started(screen)
    await using client = wsClient(url)
    await client.opened
    process.kill(pid, 'SIGHUP')
    await screen.changes.until(
      'the reload',
      () => screen.stdout.some((line) => /reloaded/.test(line)) || undefined,
    )
    client.send('still there')
    expect(await client.message()).toBe('still there')
    screen.signal('SIGKILL')
    expect(await client.closed).toMatchObject({ code: 1012 })
    await gone([pid])
  },
)
