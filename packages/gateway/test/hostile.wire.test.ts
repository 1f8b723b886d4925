// Input that means harm ends in an answer or a closed socket, costs little, and leaves the others alone.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { rawClient, startHoldfast, startUpstream, upgradeRequest, wsClient } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'

const MB = 1024 ** 2

describe('a malformed or ambiguous request ends in an error status and a closed socket', () => {
  const url = 'ws://holdfast.test/ws'
  const good = upgradeRequest(url)
  const withHeader = (line: string) => good.replace('\r\n\r\n', `\r\n${line}\r\n\r\n`)
  const requests: [string, string, number][] = [
    ['two Content-Length', withHeader('Content-Length: 5\r\nContent-Length: 6'), 400],
    ['a body on an upgrade', `${withHeader('Content-Length: 5')}hello`, 400],
    ['Transfer-Encoding on an upgrade', `${withHeader('Transfer-Encoding: chunked')}0\r\n\r\n`, 400],
    [
      'both Content-Length and Transfer-Encoding',
      withHeader('Content-Length: 5\r\nTransfer-Encoding: chunked'),
      400,
    ],
    ['bare LF', good.replaceAll('\r\n', '\n'), 400],
    ['a folded header', withHeader('X-Folded: one\r\n two'), 400],
    ['NUL in a header', withHeader('X-Nul: a\0b'), 400],
    ['a space before the colon', withHeader('X-Space : a'), 400],
    ['two Host headers', withHeader('Host: other.test'), 400],
    ['no Host header', good.replace(/Host: .*\r\n/, ''), 400],
    ['two keys', withHeader('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='), 400],
    ['a key that is too short', good.replace(/(Sec-WebSocket-Key: ).*/, '$1c2hvcnQ=\r'), 400],
    ['version 12', good.replace('Version: 13', 'Version: 12'), 426],
    ['17 KiB of headers', withHeader(`X-Large: ${'x'.repeat(17 * 1024)}`), 431],
    ['POST', good.replace('GET', 'POST'), 405],
    ['no HTTP at all', 'hello\r\n\r\n', 400],
  ]
  test.each(requests)('%s', async (_, request, status) => {
    await using upstream = await startUpstream()
    await using holdfast = await startHoldfast({ args: ['--upstream', upstream.url, '--workers', '1'] })
    await using client = await rawClient(holdfast.url, { request })
    expect(client.status).toBe(status)
    await client.ended()
    expect(upstream.connections).toHaveLength(0)
  })
})

test('10,000 handshakes that come one byte at a time time out, and others are served meanwhile', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ args: ['--upstream', upstream.url, '--workers', '1'] })
  const { hostname, port } = new URL(holdfast.url)
  // A valid beginning of a header that never ends.
  const byteAt = (at: number) => 'GET / HTTP/1.1\r\nX: '[at] ?? 'x'
  const answers: string[] = []
  const sockets: net.Socket[] = []
  let ended = 0
  try {
    for (let i = 0; i < 10_000; i += 250) {
      const lot = Array.from({ length: 250 }, () => {
        const socket = net.connect(Number(port), hostname)
        socket.on('error', () => {})
        socket.on('data', (data) => answers.push(String(data).slice(0, 12)))
        socket.on('close', () => ended++)
        return socket
      })
      sockets.push(...lot)
      await Promise.all(lot.map((socket) => once(socket, 'connect')))
    }
    for (let at = 0; ended < 10_000; at++) {
      for (const socket of sockets) if (socket.writable) socket.write(byteAt(at))
      await using client = wsClient(holdfast.url)
      await client.opened
      client.send('served')
      expect(await client.message()).toBe('served')
    }
    expect(new Set(answers)).toEqual(new Set(['HTTP/1.1 408']))
    expect(holdfast.log.filter(({ level }) => level >= 50)).toEqual([])
  } finally {
    for (const socket of sockets) socket.destroy()
  }
})

test('ten million random bytes after the 101, on many connections, end in 1002 and leave no memory behind', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ args: ['--upstream', upstream.url, '--workers', '1'] })
  const noise = async (bytes: number) => {
    await using client = await rawClient(holdfast.url)
    await client.flood(randomBytes(64 * 1024), Math.ceil(bytes / (64 * 1024))).done
    const close = await client.closeFrame()
    // What is random may also be a valid Close, or frames that go on.
    if (close) expect([1000, 1002, 1005]).toContain(close.code ?? 1005)
  }
  for (let i = 0; i < 20; i++) await noise(100_000)
  const before = holdfast.rss().total
  for (let i = 0; i < 100; i++) await noise(100_000)
  expect(holdfast.rss().total - before).toBeLessThan(32 * MB)
  await using client = wsClient(holdfast.url)
  await client.opened
  client.send('served')
  expect(await client.message()).toBe('served')
  expect(holdfast.log.filter(({ level }) => level >= 50)).toEqual([])
})

test('a client that closes with every private code makes no series for each', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ args: ['--upstream', upstream.url, '--workers', '1'] })
  const codes = async () => {
    const { body } = await holdfast.api('/metrics')
    const lines = String(body).match(/^holdfast_closes_total\{.*$/gm) ?? []
    return lines.map((line) => [/code="(\w+)"/.exec(line)?.[1], Number(line.split(' ').at(-1))])
  }
  const closeWith = async (code: number) => {
    await using client = wsClient(holdfast.url)
    await client.opened
    client.close(code)
    await client.closed
  }
  for (const start of [3100, 4900]) {
    for (let code = start; code < start + 60; code += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, i) => closeWith(code + i)))
    }
  }
  await closeWith(4400)
  await expect.poll(codes).toEqual(
    expect.arrayContaining([
      ['3xxx', 60],
      ['4xxx', 60],
      ['4400', 1],
    ]),
  )
  expect((await codes()).length).toBeLessThan(6)
})
