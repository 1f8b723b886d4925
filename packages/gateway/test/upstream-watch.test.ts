// What is known of an upstream's stop, and the strangers who ask for those who wait. Strangers meet real servers.
import { closedPort, eventually, fakeClock, rawUpstream, startUpstream, tcpServer } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../src/core/clock.ts'
import { askAsStranger, type Met, strangerRequest } from '../src/upstream/newcomer.ts'
import type { StopProof } from '../src/upstream/stopping.ts'
import { proofWithinMs, UpstreamWatch } from '../src/upstream/upstream-watch.ts'

const stranger = { target: '/chat?token=secret', host: 'example.com', authority: 'example.com' }
const target = (port: number) => ({
  tls: false,
  host: '127.0.0.1',
  port,
  serverName: '127.0.0.1',
  path: '',
})
const nobody = { ask() {}, check() {} }
const never = new AbortController().signal

/** A watch whose strangers meet what the test says. */
function watched() {
  const clock = fakeClock()
  const answers: ((met: Met | undefined) => void)[] = []
  const asked: AbortSignal[] = []
  const changes: (StopProof | undefined)[] = []
  const watch = new UpstreamWatch({
    target: () => target(1),
    clock,
    timeoutMs: () => 1000,
    onUnanswered: () => {},
    onChange: (by) => changes.push(by),
    ask: (_target, _stranger, _ms, signal) => {
      asked.push(signal)
      return new Promise((resolve) => answers.push(resolve))
    },
  })
  return { watch, clock, answers, asked, changes }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('whether an upstream stops that has just closed a connection', () => {
  test('one stranger asks for all who wait; a refusal is the proof for all of them', async () => {
    const { watch, asked, answers, changes } = watched()
    for (const visit of [watch.opened(nobody), watch.opened(nobody)]) visit.endedByUpstream()
    const both = [watch.stops(stranger, never), watch.stops(stranger, never)]
    expect(asked).toHaveLength(1)
    answers[0]!('refuses')
    expect(await Promise.all(both)).toEqual([true, true])
    expect(asked[0]!.aborted).toBe(true)
    expect(await watch.stops(stranger, never)).toBe(true)
    expect(changes).toEqual(['refuses'])
    watch.newcomer('let-in')
    expect(changes).toEqual(['refuses', undefined])
  })

  test('is asked again until the time is over; then it was a kick, and nobody asks any more', async () => {
    const { watch, clock, asked, answers } = watched()
    watch.opened(nobody).endedByUpstream()
    const stops = watch.stops(stranger, never)
    for (let i = 0; i < 3; i++) {
      answers[i]!('answers')
      await turn()
      clock.tick(200)
      await turn()
      expect(asked).toHaveLength(i + 2)
    }
    clock.tick(proofWithinMs)
    expect(await stops).toBe(false)
    expect(asked.at(-1)!.aborted).toBe(true)
    answers.at(-1)!('refuses')
    await turn()
    expect(watch.stopsBy).toBeUndefined()
    expect(clock.pending).toBe(0)
  })

  test('who comes when the last one has just gone gets a stranger of his own', async () => {
    const { watch, asked } = watched()
    const left = new AbortController()
    const first = watch.stops(stranger, left.signal)
    left.abort()
    expect(await first).toBe(false)
    void watch.stops(stranger, never)
    expect(asked.map(({ aborted }) => aborted)).toEqual([true, false])
  })

  test('the closes of most of its connections are a proof for those that came first, too', async () => {
    const { watch, changes } = watched()
    const visits = Array.from({ length: 5 }, () => watch.opened(nobody))
    visits[0]!.endedByUpstream()
    const first = watch.stops(stranger, never)
    for (const visit of visits.slice(1, 3)) visit.endedByUpstream()
    expect(await first).toBe(true)
    expect(changes).toEqual(['closes-most'])
    for (const visit of visits) visit.over()
    expect(changes).toEqual(['closes-most'])
  })
})

describe('a stranger', () => {
  const ask = (port: number, ms = 2000, signal = never) =>
    askAsStranger(target(port), stranger, ms, signal, systemClock)

  test('says nothing that tells who the client is', () => {
    expect(
      strangerRequest({ ...stranger, target: '/a?token=x&EIO=4&transport=websocket&sid=y' }),
    ).toMatchObject({
      target: '/a?EIO=4&transport=websocket',
      headers: [['User-Agent', 'holdfast-health']],
    })
    expect(strangerRequest({ ...stranger, protocol: 'chat' })).toMatchObject({
      target: '/chat',
      protocols: ['chat'],
    })
  })

  test('is refused, reset, or left without an answer by a server that stops', async () => {
    expect(await ask(await closedPort())).toBe('refuses')
    await using resets = await tcpServer((socket) => socket.resetAndDestroy())
    expect(await ask(resets.port)).toBe('refuses')
    await using ends = await tcpServer((socket) => socket.end())
    expect(await ask(ends.port)).toBe('refuses')
  })

  test.each([
    [503, 'busy'],
    [429, 'answers'],
    [401, 'answers'],
    [404, 'answers'],
    [500, 'answers'],
  ])('that is answered %i has met: %s', async (status, what) => {
    await using server = await rawUpstream({
      onRequest: (_, socket) => socket.write(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`),
    })
    expect(await ask(server.port)).toBe(what)
    await eventually('nothing is left', () => server.open === 0)
  })

  test.each([
    [1000, 'throws-out'],
    [1001, 'throws-out'],
    [1012, 'throws-out'],
    [undefined, 'throws-out'],
    [1008, 'let-in'],
    [4401, 'let-in'],
  ])('that is let in and closed with %s has met: %s', async (code, what) => {
    await using server = await rawUpstream({ onOpen: (peer) => peer.close(code) })
    expect(await ask(server.port)).toBe(what)
  })

  test('that is let in and cut has met: throws-out', async () => {
    await using server = await rawUpstream({ onOpen: (peer) => peer.reset() })
    expect(await ask(server.port)).toBe('throws-out')
  })

  test('that may stay says goodbye when its time is over, or when nobody waits any more', async () => {
    await using server = await startUpstream({ greeting: 'x'.repeat(200_000) })
    expect(await ask(server.port, 50)).toBe('let-in')
    expect(await (await server.connection()).closed).toMatchObject({ code: 1000 })
    const enough = new AbortController()
    const asking = ask(server.port, 60_000, enough.signal)
    const second = await server.connection()
    enough.abort()
    await asking
    await second.closed
  })

  test('that waits in vain has met silence', async () => {
    await using server = await tcpServer(() => {})
    expect(await ask(server.port, 50)).toBe('silent')
  })
})
