import { fakeClock } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { ReconnectingWebSocket, type ReconnectingWebSocketOptions } from '../src/index.ts'
import { scripted } from './scripted-connection.ts'

const refused = 'bad gateway: connection refused; sent=0; retry=5'

/** A socket on connections that do what the test says, and its events. */
function make(options: ReconnectingWebSocketOptions = {}) {
  const clock = fakeClock()
  const connections = scripted()
  const socket = new ReconnectingWebSocket('ws://x/', [], {
    WebSocket: connections.Class,
    clock,
    random: () => 0.5,
    ...options,
  })
  const seen: string[] = []
  for (const type of ['open', 'message', 'error']) socket.addEventListener(type, () => seen.push(type))
  socket.addEventListener('close', ({ code, retryIn }) => seen.push(`close ${code}, back in ${retryIn}`))
  const sent = () => connections.made.map((one) => one.sent)
  return { socket, clock, seen, sent, ...connections }
}

describe('a Close that says sent=0', () => {
  it('puts back what the connection was given, in order, and the next one gets each message once', async () => {
    const { socket, clock, last, sent, seen } = make()
    for (const text of ['1', '2']) socket.send(text)
    last().open()
    socket.send('3')
    last().readyState = 2
    socket.send('4')
    last().end(1014, refused)
    expect(socket.bufferedAmount).toBe(4)
    socket.send('5')
    await clock.advance(5)
    last().open()
    last().receive('welcome')
    expect(sent()).toEqual([
      ['1', '2', '3'],
      ['1', '2', '3', '4', '5'],
    ])
    expect(seen).toEqual(['open', 'close 1014, back in 5', 'open', 'message'])
    socket.close()
  })

  it('does so through any number of refusals, with every code', async () => {
    const { socket, clock, last, made, sent } = make({ retry: () => 5 })
    socket.send('once')
    for (const code of [1014, 1012, 1013, 4000]) {
      last().open()
      last().end(code, refused)
      await clock.advance(5)
    }
    last().open()
    await clock.advance(250)
    expect(sent()).toEqual([['once'], [], [], [], ['once']])
    expect(made).toHaveLength(5)
    socket.close()
  })

  it('holds copies, as the buffer does', async () => {
    const { socket, clock, last } = make()
    const bytes = Uint8Array.of(1, 2)
    last().open()
    socket.send(bytes)
    bytes.fill(9)
    last().end(1014, refused)
    await clock.advance(5)
    last().open()
    await clock.advance(250)
    expect(last().sent).toEqual([Uint8Array.of(1, 2)])
    socket.close()
  })

  it('is not believed once the server has sent a message: something has arrived there', async () => {
    const { socket, clock, last } = make()
    socket.send('1')
    last().open()
    last().receive('welcome')
    socket.send('2')
    last().end(1014, refused)
    await clock.advance(5)
    last().open()
    await clock.advance(250)
    expect(last().sent).toEqual([])
    socket.close()
  })

  it('puts back nothing where the reason does not end so, and nothing of a connection before', async () => {
    for (const reason of [
      'bad gateway: upstream connection lost',
      'sent=0 of 7',
      'sent=01',
      'x sent=0',
      '',
    ]) {
      const { socket, clock, last } = make({ retry: () => 5 })
      socket.send('1')
      last().open()
      last().end(1014, reason)
      await clock.advance(5)
      last().open()
      last().end(1014, refused)
      await clock.advance(5)
      last().open()
      await clock.advance(250)
      expect(last().sent, reason).toEqual([])
      socket.close()
    }
  })

  it('puts back nothing of a connection that was given up', async () => {
    const { socket, clock, last } = make()
    socket.send('1')
    last().open()
    socket.reconnect()
    await clock.advance(0)
    last().open()
    last().end(1014, refused)
    await clock.advance(5)
    last().open()
    await clock.advance(250)
    expect(last().sent).toEqual([])
    socket.close()
  })

  it('keeps to the limits of the buffer, with what is sent meanwhile', async () => {
    const one = make({ buffer: { messages: 3 } })
    one.last().open()
    for (const text of ['1', '2', '3', '4']) one.socket.send(text)
    expect(one.last().sent).toEqual(['1', '2', '3', '4'])
    one.last().end(1014, refused)
    expect(() => one.socket.send('5')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
    expect(one.socket.drainQueuedMessages()).toEqual(['1', '2', '3'])
    one.socket.close()

    const none = make({ buffer: { messages: 0 } })
    none.last().open()
    none.socket.send('a greeting of its own for each connection')
    none.last().end(1014, refused)
    expect(none.socket.bufferedAmount).toBe(0)
    none.socket.close()
  })

  it('remembers no message that is sent after minUptime', async () => {
    const { socket, clock, last } = make({ minUptime: 100 })
    last().open()
    socket.send('1')
    await clock.advance(100)
    socket.send('2')
    last().end(1014, refused)
    expect(socket.drainQueuedMessages()).toEqual(['1'])
    socket.close()
  })

  it('changes nothing where there is no return', () => {
    const { socket, last, seen } = make({ maxRetries: 0 })
    last().open()
    socket.send('1')
    last().end(1014, refused)
    expect(seen).toEqual(['open', 'close 1014, back in null'])
    expect(socket.drainQueuedMessages()).toEqual([])
  })
})

describe('after 1014, or a Close that says sent=0', () => {
  it('a connection counts once it has stayed open for 250 ms', async () => {
    const { socket, clock, last, seen } = make()
    last().open()
    last().end(1014, 'bad gateway: upstream connection lost; retry=5')
    await clock.advance(5)
    last().open()
    socket.send('kept')
    await clock.advance(249)
    expect([socket.readyState, seen.length, last().sent, socket.bufferedAmount]).toEqual([0, 2, [], 4])
    await clock.advance(1)
    expect([socket.readyState, seen.at(-1), last().sent]).toEqual([1, 'open', ['kept']])
    socket.close()
  })

  it('or once it has sent a message, which comes after open', async () => {
    const { socket, clock, last, seen } = make()
    last().open()
    last().end(1012, 'no upstream; sent=0; retry=5')
    socket.send('kept')
    await clock.advance(5)
    last().open()
    last().receive('welcome')
    expect(seen.slice(2)).toEqual(['open', 'message'])
    expect(last().sent).toEqual(['kept'])
    socket.close()
  })

  it('an outage is one close after the other, with backoff, and no open between', async () => {
    const { socket, clock, last, seen, sent } = make()
    last().open()
    socket.send('0')
    last().end(1014, 'bad gateway: upstream connection lost')
    socket.send('1')
    for (const wait of [500, 1000, 2000, 4000]) {
      await clock.advance(wait)
      last().open()
      last().end(1014, 'bad gateway: connection refused; sent=0')
    }
    expect(seen).toEqual(['open', ...[500, 1000, 2000, 4000, 8000].map((ms) => `close 1014, back in ${ms}`)])
    await clock.advance(8000)
    last().open()
    await clock.advance(250)
    expect(seen.at(-1)).toBe('open')
    expect(sent()).toEqual([['0'], [], [], [], [], ['1']])
    socket.close()
  })

  it('a connection that ends while it proves itself is told by its own code, error and all', async () => {
    const { socket, clock, last, seen, made } = make()
    last().open()
    last().end(1014, 'retry=5')
    await clock.advance(5)
    last().open()
    last().onerror?.({ type: 'error' })
    expect(seen).toHaveLength(2)
    last().end(1011, 'fault')
    expect(seen.slice(2)).toEqual(['error', 'close 1011, back in 5000'])
    await clock.advance(250)
    expect(seen).toHaveLength(4)
    expect(made).toHaveLength(2)
    socket.close()
  })

  it('one that is closing when its time is over is not told as open', async () => {
    const { socket, clock, last, seen } = make()
    last().open()
    last().end(1014, 'retry=5')
    await clock.advance(5)
    last().open()
    last().readyState = 2
    await clock.advance(250)
    expect(seen).toHaveLength(2)
    last().end(1014, refused)
    expect(seen).toHaveLength(3)
    socket.close()
  })

  it('its life counts from the handshake, so that the proof costs no backoff', async () => {
    const { socket, clock, last, seen } = make()
    last().open()
    last().end(1014, 'retry=5')
    await clock.advance(5)
    last().open()
    await clock.advance(5_000)
    last().end(1014)
    expect(seen.at(-1)).toBe('close 1014, back in 500')
    socket.close()
  })

  it('close() does what it does in CONNECTING', async () => {
    const one = make()
    one.last().open()
    one.last().end(1014, 'retry=5')
    await one.clock.advance(5)
    one.last().open()
    one.socket.close()
    await one.clock.advance(250)
    expect(one.seen.slice(2)).toEqual(['error', 'close 1006, back in null'])
    expect(one.clock.pending).toBe(0)
  })

  it('no other close makes a connection wait', async () => {
    for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4000]) {
      const { socket, clock, last, seen } = make({ retry: () => 5 })
      last().open()
      last().end(code, '', code !== 1006)
      await clock.advance(5)
      last().open()
      expect(seen.at(-1), `${code}`).toBe('open')
      socket.close()
    }
  })
})
