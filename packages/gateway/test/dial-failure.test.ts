import {
  closedPort,
  eventually,
  faults,
  faultUpstream,
  fullBacklog,
  garbageOnConnect,
  rawUpstream,
  tcpServer,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../src/core/clock.ts'
import { type DialResult, dial } from '../src/upstream/dial.ts'
import { connectFailure, type DialFailure } from '../src/upstream/dial-failure.ts'
import { isUnwell } from '../src/upstream/dial-route.ts'
import { clientRequest, dialPlain, failure, limits, never, noneOpen, targetOf } from './dialling.ts'

/** A server that answers every request with these bytes. */
const answering = (answer: string | Buffer) =>
  rawUpstream({ onRequest: (_, socket) => socket.write(answer) || true })

describe('an upstream that cannot be reached', () => {
  test('because nothing listens is reported as refused', async () => {
    const result = await dialPlain({ port: await closedPort() })
    expect(failure(result)).toEqual({ kind: 'unreachable', words: 'connection refused' })
  })

  test('because its name is not known is reported as such', async () => {
    const target = targetOf({ port: 80 }, { host: 'upstream.invalid' })
    const result = await dial(target, clientRequest(), { connect: 8_000, handshake: 1 }, never())
    const { kind, words } = failure(result) as Extract<DialFailure, { kind: 'unreachable' }>
    expect(kind).toBe('unreachable')
    expect(words).toMatch(/^name (not found|lookup failed)$/)
  })

  test('because its queue of connections is full gives no answer within the connect limit', async () => {
    await using server = await fullBacklog()
    const port = Number(new URL(server.url).port)
    const result = await dialPlain({ port }, clientRequest(), { connect: 100, handshake: 9_000 })
    expect(failure(result)).toEqual({ kind: 'no-answer', afterMs: 100 })
  })

  test('because its port is no port is reported, not thrown', async () => {
    expect(failure(await dialPlain({ port: 65_536 }))).toEqual({
      kind: 'unreachable',
      words: 'address not valid',
    })
  })
})

describe('an upstream that answers wrongly', () => {
  const quick = { ...limits, handshake: 300 }
  const bad = (words: string): DialFailure => ({ kind: 'bad-answer', words })
  const expected: Record<(typeof faults.spoiltHandshakes)[number], DialFailure> = {
    'no answer': { kind: 'no-answer', afterMs: 300 },
    'one byte at a time': { kind: 'no-answer', afterMs: 300 },
    'reset on request': { kind: 'unreachable', words: 'connection reset' },
    'end on request': { kind: 'unreachable', words: 'connection closed without an answer' },
    garbage: bad('not HTTP'),
    'wrong accept key': bad('wrong Sec-WebSocket-Accept'),
    'no Upgrade header': bad('wrong Upgrade header'),
    'subprotocol never offered': { kind: 'bad-answer', words: 'subprotocol never offered', agreement: true },
    'extension never offered': { kind: 'bad-answer', words: 'extension never offered', agreement: true },
    'header without end': bad('headers too large'),
  }

  test.each(faults.spoiltHandshakes)('with %j is reported, and its socket closed', async (fault) => {
    await using server = await faultUpstream(fault, { every: 20 })
    const request = clientRequest({ protocols: ['offered'], extensions: 'permessage-deflate' })
    const timeouts = expected[fault].kind === 'no-answer' ? quick : limits
    expect(failure(await dialPlain(server, request, timeouts))).toEqual(expected[fault])
    expect(server.accepted).toBe(1)
    await noneOpen(server)
  })

  test.each([
    ['HTTP/2', '\0\0\u0012\u0004\0\0\0\0\0', 'not HTTP'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', 'not HTTP'],
    ['a status of no number', 'HTTP/1.1 OK\r\n\r\n', 'not HTTP'],
    ['NUL in a header', 'HTTP/1.1 101 Switching\r\nX: \0\r\n\r\n', 'not HTTP'],
    ['1 MiB of headers', `HTTP/1.1 101 Switching\r\n${'X: y\r\n'.repeat(2 ** 17)}\r\n`, 'headers too large'],
    ['101 and nothing else', 'HTTP/1.1 101 Switching\r\n\r\n', 'wrong Upgrade header'],
    ['101 without Connection', 'HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n', 'wrong Connection header'],
    ['status 200', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'status 200 instead of 101'],
    ['status 204', 'HTTP/1.1 204 No Content\r\n\r\n', 'status 204 instead of 101'],
    ['status 500', 'HTTP/1.1 500 Oops\r\nContent-Length: 9999\r\n\r\nsecret', 'status 500'],
    ['status 504', 'HTTP/1.1 504 Late\r\n\r\n', 'status 504'],
    ['status 999', 'HTTP/1.1 999 Odd\r\n\r\n', 'status 999'],
  ])('with %s is reported, and its socket closed', async (_, answer, words) => {
    await using server = await rawUpstream({ onRequest: (_, socket) => socket.end(answer) && true })
    expect(failure(await dialPlain(server))).toEqual(bad(words))
    await noneOpen(server)
  })

  test.each(['\r\n', 'HTTP/1.1 10', 'HTTP/1.1 101 Switching\r\nUpgrade: webso'])(
    'with %j and its end is reported as lost',
    async (answer) => {
      await using server = await rawUpstream({ onRequest: (_, socket) => socket.end(answer) && true })
      const words = 'connection closed without an answer'
      expect(failure(await dialPlain(server))).toEqual({ kind: 'unreachable', words })
      await noneOpen(server)
    },
  )

  test('before it is asked is reported, and its socket closed', async () => {
    await using server = await garbageOnConnect()
    expect(failure(await dialPlain({ port: Number(new URL(server.url).port) }))).toEqual(bad('not HTTP'))
  })

  test('with 1xx answers without end gives no answer within the handshake limit', async () => {
    await using server = await tcpServer((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 10)
      socket.on('close', () => clearInterval(timer)).resume()
    })
    expect(failure(await dialPlain(server, clientRequest(), quick))).toEqual({
      kind: 'no-answer',
      afterMs: 300,
    })
    await eventually('the upstream sees its socket closed', () => server.sockets.size === 0)
  })

  test.each([
    [503, 'Retry-After: 7', { retryAfter: 7_000 }],
    [429, 'Retry-After: Sun, 06 Nov 1994 08:49:37 GMT', { retryAfter: 7_000 }],
    [503, 'Retry-After: soon', {}],
    [429, 'X: y', {}],
  ])('with %i and %s is busy, and its socket closed', async (status, header, rest) => {
    await using server = await faultUpstream(`status ${status}`, { headers: [header] })
    const clock = { ...systemClock, wall: () => Date.parse('1994-11-06T08:49:30Z') }
    const result = await dial(targetOf(server), clientRequest(), limits, never(), [], clock)
    expect(failure(result)).toEqual({ kind: 'busy', status, ...rest })
    await noneOpen(server)
  })
})

describe('an upstream that rejects the client', () => {
  const rejection = (result: DialResult) => failure(result) as Extract<DialFailure, { kind: 'rejected' }>

  test.each([302, 401, 403, 404, 408, 426])(
    'with %i hands over the answer whole and unread',
    async (status) => {
      await using server = await faultUpstream(`status ${status}`, {
        headers: ['Location: /login', 'Keep-Alive: timeout=5', 'WWW-Authenticate: Basic'],
        body: 'because',
      })
      const { kind, headers, response, ...rest } = rejection(await dialPlain(server))
      expect({ kind, ...rest }).toEqual({ kind: 'rejected', status })
      expect(headers).toEqual([
        ['Content-Type', 'text/plain'],
        ['Content-Length', '7'],
        ['Location', '/login'],
        ['WWW-Authenticate', 'Basic'],
      ])
      expect(response.readableFlowing).toBe(null)
      expect(String(Buffer.concat(await response.toArray()))).toBe('because')
      await noneOpen(server)
    },
  )

  test('with a chunked body hands it over decoded', async () => {
    const chunks = '5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n'
    await using server = await answering(`HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`)
    const { response, headers } = rejection(await dialPlain(server))
    expect(headers).toEqual([])
    expect(String(Buffer.concat(await response.toArray()))).toBe('hello!')
    await noneOpen(server)
  })

  test('keeps no socket when its body is not wanted', async () => {
    await using server = await answering('HTTP/1.1 403 No\r\nContent-Length: 1000000\r\n\r\nbegun')
    rejection(await dialPlain(server)).response.destroy()
    await noneOpen(server)
  })

  test('and breaks off inside its body ends the body with an error, and not the process', async () => {
    await using server = await rawUpstream({
      onRequest: (_, socket) => socket.end('HTTP/1.1 403 No\r\nContent-Length: 1000\r\n\r\nbegun') && true,
    })
    const { response } = rejection(await dialPlain(server))
    await expect(response.toArray()).rejects.toThrow('aborted')
    await noneOpen(server)
  })

  test('keeps no socket when its body is left unread past the limit', async () => {
    await using server = await answering('HTTP/1.1 403 No\r\nContent-Length: 1000000\r\n\r\nbegun')
    let expire = () => {}
    const clock = {
      now: () => 0,
      wall: () => 0,
      setTimeout: (callback: () => void, ms: number) => {
        if (ms === 30_000) expire = callback
      },
      clearTimeout: () => {},
    }
    rejection(await dial(targetOf(server), clientRequest(), limits, never(), [], clock))
    expect(server.open).toBe(1)
    expire()
    await noneOpen(server)
  })
})

test('a request that cannot be written is reported, not thrown', async () => {
  await using server = await rawUpstream()
  for (const request of [clientRequest({ target: '/a b' }), clientRequest({ headers: [['X', 'a\nb']] })]) {
    expect(failure(await dialPlain(server, request))).toEqual({
      kind: 'bad-answer',
      words: 'request not valid',
    })
  }
  await noneOpen(server)
})

test('no words of a failure hold an address, a path, an errno or a stack', async () => {
  const told = /^[A-Za-z0-9 -]+$/
  for (const fault of faults.spoiltHandshakes) {
    await using server = await faultUpstream(fault)
    const result = failure(await dialPlain(server, clientRequest(), { connect: 1_000, handshake: 100 }))
    if ('words' in result) {
      expect(result.words).toMatch(told)
      expect(result.words).not.toMatch(/127|E[A-Z]{4}/)
    }
  }
})

test('a thousand dials that fail leave neither sockets nor timers', async () => {
  await using server = await faultUpstream('wrong accept key')
  let timers = 0
  const clock = {
    now: systemClock.now,
    wall: systemClock.wall,
    setTimeout: (callback: () => void, ms: number) => {
      timers++
      return setTimeout(callback, ms)
    },
    clearTimeout: (timer: unknown) => {
      timers--
      clearTimeout(timer as NodeJS.Timeout)
    },
  }
  for (let i = 0; i < 20; i++) {
    const dials = Array.from({ length: 50 }, () =>
      dial(targetOf(server), clientRequest(), limits, never(), [], clock),
    )
    for (const result of await Promise.all(dials)) expect(failure(result).kind).toBe('bad-answer')
  }
  expect(timers).toBe(0)
  await noneOpen(server)
})

test.each(['EMFILE', 'ENFILE'])(
  '%s is the shortage of this process, and no fault of the upstream',
  (code) => {
    const result = connectFailure(Object.assign(new Error(code), { code }), {})
    expect(failure(result)).toEqual({ kind: 'unreachable', words: 'no sockets left', ours: true })
    expect(isUnwell(result.failure)).toBe(false)
  },
)
