import { eventually, fakeClock, forkUpstream } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type HeartbeatOptions, ReconnectingWebSocket } from '../src/index.ts'
import { scripted } from './scripted-connection.ts'

function beating(heartbeat: HeartbeatOptions) {
  const clock = fakeClock()
  const { Class, last } = scripted()
  const socket = new ReconnectingWebSocket('ws://x/', [], { WebSocket: Class, clock, heartbeat })
  const seen: string[] = []
  for (const type of ['open', 'message', 'error', 'close'])
    socket.addEventListener(type, () => seen.push(type))
  last().open()
  return { clock, last, socket, seen }
}

describe('heartbeat', () => {
  it('asks for a sign of life after 25 s of silence, and any message is one', async () => {
    const { clock, last, seen } = beating({ message: 'ping' })
    await clock.advance(24_999)
    expect(last().sent).toEqual([])
    await clock.advance(1)
    expect(last().sent).toEqual(['ping'])
    await clock.advance(9_999)
    last().receive('anything')
    await clock.advance(24_999)
    expect(seen).toEqual(['open', 'message'])
    expect(last().sent).toEqual(['ping'])
    await clock.advance(1)
    expect(last().sent).toEqual(['ping', 'ping'])
  })

  it('sends nothing while messages come', async () => {
    const { clock, last } = beating({ message: 'ping', interval: 100 })
    for (let i = 0; i < 10; i++) {
      await clock.advance(99)
      last().receive('busy')
    }
    expect(last().sent).toEqual([])
  })

  it('gives up a silent connection after its timeout, and the socket comes back', async () => {
    const { clock, last, seen, socket } = beating({
      message: () => Uint8Array.of(9),
      interval: 100,
      timeout: 50,
    })
    const first = last()
    await clock.advance(150)
    expect(first.sent).toEqual([Uint8Array.of(9)])
    expect(seen).toEqual(['open', 'error', 'close'])
    expect(first.readyState).toBe(2)
    first.receive('too late')
    await clock.advance(5_000)
    expect(last()).not.toBe(first)
    last().open()
    expect(seen).toEqual(['open', 'error', 'close', 'open'])
    socket.close()
  })

  it('keeps its own answers from the application when it is told how they look', async () => {
    const { clock, last, seen } = beating({
      message: 'ping',
      interval: 100,
      timeout: 50,
      isReply: (data) => data === 'pong',
    })
    await clock.advance(100)
    last().receive('pong')
    last().receive('data')
    await clock.advance(99)
    expect(seen).toEqual(['open', 'message'])
  })

  it('stops with close()', async () => {
    const { clock, last, socket } = beating({ message: 'ping', interval: 100 })
    socket.close()
    await clock.advance(1_000)
    expect(last().sent).toEqual([])
  })

  it('notices a server that is frozen, though its connection stands', async () => {
    await using server = await forkUpstream()
    const clock = fakeClock()
    const heartbeat = { message: 'are you there?', interval: 1_000, timeout: 1_000 }
    const socket = new ReconnectingWebSocket(server.url, [], {
      WebSocket,
      clock,
      heartbeat,
      random: () => 0.5,
    })
    const seen: string[] = []
    for (const type of ['open', 'error', 'close']) socket.addEventListener(type, () => seen.push(type))
    await eventually('open', () => seen.length === 1)
    server.freeze()
    await clock.advance(2_000)
    expect(seen).toEqual(['open', 'error', 'close'])
    server.thaw()
    await clock.advance(2_500)
    await eventually('the return', () => seen.length === 4)
    expect(seen.at(-1)).toBe('open')
    socket.close()
    await eventually('the end', () => socket.readyState === 3)
  })
})
