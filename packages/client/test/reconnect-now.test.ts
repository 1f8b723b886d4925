import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child, eventually, fakeClock, faultUpstream, startUpstream } from '@holdfast/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { ReconnectingWebSocket, type ReconnectingWebSocketOptions } from '../src/index.ts'
import { bundle } from './bundle.ts'
import { deno } from './runtimes.ts'
import { scripted } from './scripted-connection.ts'

/** A socket on connections that do what the test says. */
function make(options: ReconnectingWebSocketOptions = {}, url: string | (() => string) = 'ws://x/') {
  const clock = fakeClock()
  const connections = scripted()
  const socket = new ReconnectingWebSocket(url, [], {
    WebSocket: connections.Class,
    clock,
    random: () => 0.5,
    ...options,
  })
  const seen: string[] = []
  for (const type of ['open', 'error'] as const) socket.addEventListener(type, () => seen.push(type))
  socket.addEventListener('close', ({ code, retryIn }) => seen.push(`close ${code}, back in ${retryIn}`))
  return { socket, clock, seen, ...connections }
}

describe('reconnect()', () => {
  it('gives up an open connection without waiting for its end, says so, and asks for the URL again', async () => {
    let token = 0
    const { socket, clock, seen, made, last } = make({}, () => `ws://x/?token=${++token}`)
    await clock.advance(0)
    last().open()
    socket.reconnect()
    expect(seen).toEqual(['open'])
    expect(socket.readyState).toBe(0)
    socket.send('kept')
    await clock.advance(0)
    expect(seen).toEqual(['open', 'close 1006, back in 0'])
    expect(made.map(({ url }) => url)).toEqual(['ws://x/?token=1', 'ws://x/?token=2'])
    expect(made[0]!.readyState).toBe(2)
    // Whatever the old one says now is its own business.
    made[0]!.end(1000)
    last().open()
    expect(last().sent).toEqual(['kept'])
    expect(seen).toEqual(['open', 'close 1006, back in 0', 'open'])
    socket.close()
  })

  it('ends a wait, and the backoff starts again', async () => {
    const { socket, clock, seen, made, last } = make()
    for (const wait of [2_500, 5_000]) {
      last().end(1006)
      await clock.advance(wait)
    }
    last().end(1006)
    expect(socket.retryCount).toBe(3)
    socket.reconnect()
    expect(socket.retryCount).toBe(0)
    await clock.advance(0)
    expect(made).toHaveLength(4)
    last().end(1006)
    expect(seen.at(-1)).toBe('close 1006, back in 2500')
    socket.close()
  })

  it('starts an attempt that is under way anew, without a close event', async () => {
    const { socket, clock, seen, made } = make()
    socket.reconnect()
    await clock.advance(0)
    expect(made).toHaveLength(2)
    expect(seen).toEqual([])
    socket.close()
  })

  it('brings back a socket that was closed, or that the server sent away for good', async () => {
    for (const end of [
      ({ socket, last }: ReturnType<typeof make>) => {
        socket.close()
        last().end(1000)
      },
      ({ last }: ReturnType<typeof make>) => last().end(1008),
    ]) {
      const one = make()
      one.last().open()
      end(one)
      expect(one.socket.readyState).toBe(3)
      one.socket.reconnect()
      expect(one.socket.readyState).toBe(0)
      await one.clock.advance(0)
      one.last().open()
      expect(one.seen).toHaveLength(3)
      expect(one.socket.readyState).toBe(1)
      one.socket.close()
    }
  })

  it('right behind close() tells the end of that connection, then comes back', async () => {
    const { socket, clock, seen, last } = make()
    last().open()
    socket.close()
    socket.reconnect()
    await clock.advance(0)
    last().open()
    expect(seen).toEqual(['open', 'close 1006, back in 0', 'open'])
    socket.close()
  })

  it('can be called in every handler and in `retry`', async () => {
    for (const type of ['open', 'close', 'error'] as const) {
      const { socket, clock, made, last } = make()
      socket.addEventListener(type, () => socket.reconnect(), { once: true })
      last().open()
      last().onerror?.({ type: 'error' })
      last().end(1006)
      await clock.advance(0)
      expect(made).toHaveLength(2)
      socket.close()
    }
    let asked = 0
    const one = make({
      retry: () => {
        if (asked++ === 0) one.socket.reconnect()
        return undefined
      },
    })
    one.last().end(1008)
    await one.clock.advance(0)
    expect(one.seen).toEqual(['close 1008, back in 0'])
    expect(one.made).toHaveLength(2)
    one.socket.close()
  })

  it('closed again in the close event of the connection that it gave up, it stays away', async () => {
    const { socket, clock, made, last } = make()
    last().open()
    socket.onclose = () => socket.close()
    socket.reconnect()
    await clock.advance(60_000)
    expect(made).toHaveLength(1)
    expect(socket.readyState).toBe(3)
    expect(clock.pending).toBe(0)
  })

  it('does nothing once the signal is aborted, and until then the signal still closes it', async () => {
    const stop = new AbortController()
    const { socket, clock, made, last } = make({ signal: stop.signal })
    last().end(1008)
    socket.reconnect()
    await clock.advance(0)
    expect(made).toHaveLength(2)
    stop.abort()
    await clock.advance(0)
    expect(socket.readyState).toBe(3)
    socket.reconnect()
    await clock.advance(0)
    expect(made).toHaveLength(2)
    expect(clock.pending).toBe(0)
  })

  it('sends code and reason to a real server, and refuses those that a script may not send', async () => {
    await using server = await startUpstream()
    const socket = new ReconnectingWebSocket(server.url, [], { WebSocket })
    await eventually('open', () => socket.readyState === 1)
    const first = await server.connection()
    expect(() => socket.reconnect(1012)).toThrow(expect.objectContaining({ name: 'InvalidAccessError' }))
    socket.reconnect(4000, 'new token')
    await eventually('two connections', () => server.connections.length === 2)
    expect(await first.closed).toMatchObject({ code: 4000, reason: 'new token' })
    socket.close()
  })
})

describe('startClosed', () => {
  it('tries nothing before reconnect(), and then sends what send() has kept', async () => {
    const { socket, clock, seen, made, last } = make({ startClosed: true })
    await clock.advance(60_000)
    expect([made.length, socket.readyState, clock.pending]).toEqual([0, 3, 0])
    socket.send('kept')
    expect(socket.bufferedAmount).toBe(4)
    socket.reconnect()
    await clock.advance(0)
    last().open()
    expect([seen, last().sent]).toEqual([['open'], ['kept']])
    socket.close()
  })

  it('finds a mistake in the URL at once, and close() ends it without a word', async () => {
    expect(() => make({ startClosed: true }, 'no url')).toThrow(
      expect.objectContaining({ name: 'SyntaxError' }),
    )
    const { socket, clock, seen } = make({ startClosed: true })
    socket.send('kept')
    socket.close()
    socket.send('lost')
    await clock.advance(0)
    expect([seen, socket.readyState, socket.bufferedAmount]).toEqual([[], 3, 8])
  })
})

describe('drainQueuedMessages()', () => {
  it('hands over what waits, in order, so that another socket can send it', async () => {
    const one = make()
    const bytes = new Uint8Array([1, 2])
    for (const message of ['a', bytes, 'b']) one.socket.send(message)
    const messages = one.socket.drainQueuedMessages()
    expect(messages).toEqual(['a', bytes, 'b'])
    expect(one.socket.bufferedAmount).toBe(0)
    const other = make()
    for (const message of messages) other.socket.send(message)
    one.last().open()
    other.last().open()
    expect([one.last().sent, other.last().sent]).toEqual([[], ['a', bytes, 'b']])
    for (const { socket } of [one, other]) socket.close()
  })
})

describe('a last close', () => {
  it('leaves what waits to its listeners, who may take it out or come back with it', async () => {
    const waits = ['a', 'b']
    for (const comesBack of [false, true]) {
      const { socket, last, clock } = make({ retry: () => Number.NaN, maxRetries: 0 })
      for (const message of waits) socket.send(message)
      let taken: unknown
      socket.addEventListener('close', () => {
        if (comesBack) socket.reconnect()
        else taken = socket.drainQueuedMessages()
      })
      last().end(1006)
      await clock.advance(0)
      if (comesBack) {
        last().open()
        expect(last().sent).toEqual(waits)
      } else expect([taken, socket.bufferedAmount, socket.readyState]).toEqual([waits, 0, 3])
      socket.close()
    }
  })
})

describe('retryCount', () => {
  it('counts returns of a series, and is 0 again once a connection has lived', async () => {
    const { socket, clock, last } = make()
    expect(socket.retryCount).toBe(0)
    last().end(1006)
    expect(socket.retryCount).toBe(1)
    await clock.advance(2_500)
    last().open()
    expect(socket.retryCount).toBe(1)
    await clock.advance(5_000)
    expect(socket.retryCount).toBe(0)
    socket.close()
    expect(socket.retryCount).toBe(0)
  })
})

describe('the error event', () => {
  it('tells a timeout from a refusal', async () => {
    await using server = await faultUpstream('no answer')
    const clock = fakeClock()
    const errors: ErrorEvent[] = []
    const socket = new ReconnectingWebSocket(server.url, [], { WebSocket, clock })
    socket.onerror = (event) => errors.push(event as ErrorEvent)
    await clock.advance(10_000)
    expect(errors[0]).toMatchObject({
      type: 'error',
      message: 'no answer in 10000 ms',
      error: { name: 'TimeoutError', code: 23 },
    })
    socket.close()
  })
})

describe('a close event whose code no Close can have', () => {
  it('counts as 1006, and the socket comes back', async () => {
    for (const code of [0, -1, 999, 5000, Number.NaN, undefined as never]) {
      const { seen, last, socket } = make()
      last().open()
      last().end(code, '', false)
      expect(seen).toEqual(['open', 'close 1006, back in 2500'])
      socket.close()
    }
    const { seen, last } = make()
    last().open()
    last().end(4999)
    expect(seen[1]).toMatch(/^close 4999/)
  })

  const folder = mkdtempSync(join(tmpdir(), 'holdfast-deno-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const skipped = deno.missing ? ` (skipped: ${deno.missing})` : ''

  it.skipIf(deno.missing)(`comes back after a cut on Deno, which says 0${skipped}`, async () => {
    await using server = await startUpstream()
    const program = join(folder, 'client.mjs')
    const client = await bundle({ entry: '../src/index.ts', format: 'esm', platform: 'node' })
    writeFileSync(
      program,
      `${client}
const socket = new ReconnectingWebSocket(${JSON.stringify(server.url)}, [], { random: () => 0 })
socket.onopen = () => console.log('open')
socket.onclose = ({ code, retryIn }) => console.log(code + ', back in ' + retryIn)
`,
    )
    await using child = new Child(deno.command, [...deno.args, program])
    ;(await server.connection()).socket.terminate()
    await eventually('the return', () => server.connections.length === 2)
    await eventually('three lines', () => child.stdout.length === 3)
    expect(child.stdout).toEqual(['open', '1006, back in 0', 'open'])
  })
})
