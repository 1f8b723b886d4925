import { eventually, fakeClock, startUpstream } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Data, ReconnectingWebSocket } from '../src/index.ts'
import { scripted } from './scripted-connection.ts'

function onScript(options = {}) {
  const clock = fakeClock()
  const { Class, made, last } = scripted()
  const socket = new ReconnectingWebSocket('ws://x/', [], { WebSocket: Class, clock, ...options })
  return { clock, made, last, socket }
}

describe('send() without a connection', () => {
  it('keeps messages in order and sends them before open is dispatched', () => {
    const { socket, last } = onScript()
    const order: unknown[] = []
    socket.onopen = () => {
      order.push(...last().sent, 'open')
      socket.send('after')
    }
    for (const text of ['1', '2', '3']) socket.send(text)
    expect(socket.bufferedAmount).toBe(3)
    last().open()
    expect(order).toEqual(['1', '2', '3', 'open'])
    expect(last().sent).toEqual(['1', '2', '3', 'after'])
    expect(socket.bufferedAmount).toBe(0)
  })

  it('keeps text and every kind of binary over a restart of the server, and sends each once', async () => {
    const received: (string | number[])[] = []
    const listen = async (port?: number) => {
      const server = await startUpstream({ port, echo: false })
      const collect = async () => {
        for (;;) {
          const connection = await server.connection()
          connection.socket.on('message', (data: Buffer, binary) => {
            received.push(binary ? [...data] : String(data))
          })
        }
      }
      collect().catch(() => {})
      return server
    }
    const clock = fakeClock()
    const first = await listen()
    const socket = new ReconnectingWebSocket(first.url, [], { WebSocket, clock, random: () => 0 })
    let opens = 0
    let closes = 0
    socket.onopen = () => opens++
    socket.onclose = () => closes++
    socket.send('before')
    await eventually('the first message', () => received.length === 1)
    await first[Symbol.asyncDispose]()
    await eventually('the loss', () => closes === 1)

    const bytes = Uint8Array.of(1, 2, 3, 4)
    const sent: Data[] = [
      '€',
      bytes.buffer,
      new Blob(['AB']),
      bytes.subarray(1, 3),
      new DataView(bytes.buffer, 3),
      '',
    ]
    for (const message of sent) socket.send(message)
    expect(socket.bufferedAmount).toBe(3 + 4 + 2 + 2 + 1)
    // What is changed after send() is not sent.
    bytes.fill(9)

    await using _second = await listen(first.port)
    await clock.advance(0)
    await eventually('all messages', () => received.length === 7, { detail: () => received })
    expect(received).toEqual(['before', '€', [1, 2, 3, 4], [65, 66], [2, 3], [4], ''])
    expect(opens).toBe(2)
    socket.close()
    await eventually('the end', () => socket.readyState === 3)
  })

  it('sends nothing twice: what a lost connection was given is not sent again', async () => {
    const { socket, last, made, clock } = onScript({ random: () => 0 })
    socket.send('a')
    last().open()
    socket.send('b')
    last().end(1006, '', false)
    socket.send('c')
    await clock.advance(0)
    last().open()
    expect(made.map(({ sent }) => sent)).toEqual([['a', 'b'], ['c']])
    socket.close()
  })

  it('stops sending when the connection closes in the middle, and keeps the rest', async () => {
    const { socket, last, made, clock } = onScript({ random: () => 0 })
    for (const text of ['1', '2', '3']) socket.send(text)
    const connection = last()
    const send = connection.send.bind(connection)
    connection.send = (data) => {
      send(data)
      if (data === '2') connection.readyState = 2
    }
    connection.open()
    expect(socket.readyState).toBe(2)
    connection.end(1012, 'retry=5')
    await clock.advance(5)
    last().open()
    expect(made.map(({ sent }) => sent)).toEqual([['1', '2'], ['3']])
    socket.close()
  })

  it('keeps what is sent while the server closes, for the next connection', async () => {
    const { socket, last, clock } = onScript({ random: () => 0 })
    last().open()
    last().readyState = 2
    socket.send('late')
    last().end(1012, 'retry=5')
    await clock.advance(5)
    last().open()
    expect(last().sent).toEqual(['late'])
    socket.close()
  })

  it('throws InvalidStateError when the buffer is full, and keeps what it had', () => {
    const { socket, last } = onScript({ buffer: { bytes: 4 } })
    socket.send('abc')
    expect(() => socket.send('€')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
    socket.send('d')
    last().open()
    expect(last().sent).toEqual(['abc', 'd'])
  })

  it('has 1 MiB at first', () => {
    const { socket } = onScript()
    socket.send(new Uint8Array(2 ** 20))
    expect(() => socket.send('x')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
    expect(socket.bufferedAmount).toBe(2 ** 20)
  })

  it('drops the oldest or the newest when told so', () => {
    for (const [overflow, kept] of [
      ['drop-oldest', ['2', '3']],
      ['drop-newest', ['1', '2']],
    ]) {
      const { socket, last } = onScript({ buffer: { messages: 2, overflow } })
      for (const text of ['1', '2', '3']) socket.send(text)
      last().open()
      expect(last().sent).toEqual(kept)
    }
  })

  it('counts what will never be sent in bufferedAmount, as a native one does, when it does not come back', () => {
    const { socket, last } = onScript()
    last().open()
    last().end(1006, '', false)
    socket.send('kept')
    expect(socket.bufferedAmount).toBe(4)
    socket.close()
    socket.send('dropped')
    expect(socket.bufferedAmount).toBe(11)
  })

  it('does not count while it waits what the last connection took with it', () => {
    const { socket, last } = onScript()
    last().open()
    last().bufferedAmount = 500
    expect(socket.bufferedAmount).toBe(500)
    last().end(1006, '', false)
    expect(socket.bufferedAmount).toBe(0)
    socket.close()
  })
})
