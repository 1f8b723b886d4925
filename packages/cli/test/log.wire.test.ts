// What becomes of a gateway whose log cannot be written.
import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Child,
  eventually,
  type Holdfast,
  holdfastMain,
  rawSocket,
  runtime,
  startHoldfast,
  startUpstream,
  tcpServer,
  wsClient,
} from '@holdfast/testing'
import { expect, test } from 'vitest'

const config = (url: string) => ({ workers: 1, routes: [{ name: 'all', upstreams: [url] }] })
const everything = ['--log-level', 'debug']

/** Each is a line at `debug`. */
async function badRequests(url: string, count: number): Promise<void> {
  const one = async () => {
    const socket = await rawSocket(url)
    socket.on('error', () => {}).resume()
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.end('BAD\r\n\r\n')
    await closed
  }
  for (let sent = 0; sent < count; sent += 50) await Promise.all(Array.from({ length: 50 }, one))
}

async function dropped(holdfast: Holdfast): Promise<number> {
  const text = String((await holdfast.api('/metrics')).body)
  return Number(/^holdfast_log_lines_dropped_total (\d+)$/m.exec(text)?.[1])
}

test.skipIf(process.platform !== 'linux')('a full disk costs lines of the log and nothing else', async () => {
  const full = openSync('/dev/full', 'w')
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ config: config(upstream.url), args: everything, stderr: full })
  closeSync(full)
  await using client = wsClient(holdfast.url)
  await client.opened
  await badRequests(holdfast.url, 50)
  client.send('hello')
  expect(await client.message()).toBe('hello')
  await eventually('lines of a worker to be counted', async () => (await dropped(holdfast)) > 50)
  holdfast.signal('SIGTERM')
  expect(await client.closed).toMatchObject({ code: 1012 })
  expect(await holdfast.exited).toMatchObject({ code: 0 })
})

/** A named pipe that nobody reads unless the test does. */
function pipe(): Disposable & { fd: number; read(): string } {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  const path = join(folder, 'pipe')
  execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', path])
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const buffer = Buffer.alloc(64 * 1024)
  return {
    fd,
    read() {
      let text = ''
      try {
        for (;;) text += buffer.toString('utf8', 0, readSync(fd, buffer))
      } catch {
        return text
      }
    },
    [Symbol.dispose]() {
      closeSync(fd)
      rmSync(folder, { recursive: true })
    },
  }
}

test('a reader of the log that has stopped stalls nobody, and is told later how much it missed', async () => {
  using log = pipe()
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({
    config: config(upstream.url),
    args: everything,
    stderr: log.fd,
  })
  await using client = wsClient(holdfast.url)
  await client.opened
  await eventually('the log to be full', async () => {
    await badRequests(holdfast.url, 500)
    return (await dropped(holdfast)) > 0
  })
  client.send('hello')
  expect(await client.message()).toBe('hello')
  let text = ''
  await eventually('the line that says how many were dropped', () => {
    text += log.read()
    return text.includes('lines of the log were dropped')
  })
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const reported = lines.flatMap(({ lines: count }) => count ?? [])
  expect(reported[0]).toBeGreaterThan(0)
  expect(await dropped(holdfast)).toBeGreaterThanOrEqual(reported[0])
})

test('with a log that nobody reads SIGTERM ends the gateway', async () => {
  using log = pipe()
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({
    config: config(upstream.url),
    args: everything,
    stderr: log.fd,
  })
  await eventually('the log to be full', async () => {
    await badRequests(holdfast.url, 500)
    return (await dropped(holdfast)) > 0
  })
  holdfast.signal('SIGTERM')
  expect(await holdfast.exited).toEqual({ code: 0, signal: null })
})

test.skipIf(process.platform !== 'linux')('a gateway whose first line cannot be printed serves', async () => {
  const server = await tcpServer(() => {})
  const { port } = server
  await server[Symbol.asyncDispose]()
  const command = `exec "$0" "$1" serve --listen 127.0.0.1:${port} --admin off --upstream ws://127.0.0.1:1 > /dev/full`
  await using child = new Child('/bin/sh', ['-c', command, runtime().path, holdfastMain])
  await eventually('the gateway to accept', () =>
    rawSocket(`ws://127.0.0.1:${port}`).then(
      (socket) => socket.destroy(),
      () => undefined,
    ),
  )
  child.signal('SIGTERM')
  expect(await child.exited).toEqual({ code: 0, signal: null })
  expect(child.stderr.some((line) => line.includes('"drained"'))).toBe(true)
})
