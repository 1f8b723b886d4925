import { parseReason } from '@holdfast/close-codes'
import { type FakeClock, fakeClock } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startDrain } from '../src/drain.ts'
import { type RestartOptions, settingsOf } from '../src/options.ts'
import type { RestartEvent } from '../src/state.ts'
import { ScriptedServer, type ScriptedSocket } from './scripted-server.ts'

function drainOf(server: ScriptedServer, clock: FakeClock, options: RestartOptions<never> = {}) {
  const events: RestartEvent[] = []
  const lines: string[] = []
  const settings = settingsOf({ clock, spread: 0, log: (line) => lines.push(line), ...options })
  const drain = startDrain(server, settings, (event) => events.push(event))
  const result = {
    ...drain,
    events,
    lines,
    ended: false,
    gone: () => events.filter(({ what }) => what === 'gone'),
  }
  void drain.drained.then(() => {
    result.ended = true
  })
  return result
}

const what = (socket: ScriptedSocket) => socket.told.map((it) => it.what)

describe('drain', () => {
  it('gives each connection its slot, a Ping before its Close, and a delay of its own', async () => {
    const plan = fc.record({
      count: fc.nat(40),
      spread: fc.nat(20_000),
      least: fc.nat(5000),
      width: fc.nat(5000),
    })
    const chance = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))
    await fc.assert(
      fc.asyncProperty(plan, chance, async ({ count, spread, least, width }, numbers) => {
        const clock = fakeClock()
        const server = new ScriptedServer(clock, count)
        const sockets = [...server.live]
        const random = () => numbers.next().value as number
        const drain = drainOf(server, clock, { spread, retry: [least, least + width], random })
        await clock.advance(spread)
        expect(drain.ended).toBe(true)
        expect(sockets.map(what)).toEqual(sockets.map(() => ['ping holdfast:drain', 'close']))
        const closes = sockets.map(({ told }) => told[1]!).sort((a, b) => a.at - b.at)
        for (const [i, close] of closes.entries()) {
          expect(close.code).toBe(1012)
          expect(close.at).toBeGreaterThanOrEqual(Math.floor((i / count) * spread))
          expect(close.at).toBeLessThanOrEqual(((i + 1) / count) * spread)
          const { text, retry } = parseReason(close.reason ?? '')
          expect(text).toBe('service restart')
          expect(retry).toBeGreaterThanOrEqual(least)
          expect(retry).toBeLessThanOrEqual(least + width)
        }
        expect(clock.pending).toBe(0)
        expect(sockets.every((socket) => socket.listeners === 0)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it('waits for the Pong with the same payload, but not longer than pongTimeout, and counts the silent', async () => {
    const clock = fakeClock()
    const server = new ScriptedServer(clock)
    const [slow, silent] = [server.connect(), server.connect()]
    slow.pongAfter = 400
    silent.pongAfter = undefined
    const drain = drainOf(server, clock, { pongTimeout: 1000 })
    await clock.advance(0)
    slow.pong('another')
    await clock.advance(2000)
    expect(slow.told.map(({ at }) => at)).toEqual([0, 400])
    expect(silent.told.map(({ at }) => at)).toEqual([0, 1000])
    expect(drain.events.filter((event) => event.what === 'unanswered')).toHaveLength(1)
    expect(drain.ended).toBe(true)
  })

  it('awaits onDrain between Pong and Close, but not longer than onDrainTimeout', async () => {
    const clock = fakeClock()
    const server = new ScriptedServer(clock)
    const [quick, endless] = [server.connect(), server.connect()]
    const onDrain = (socket: ScriptedSocket) =>
      new Promise<void>((resolve) => {
        expect(what(socket)).toEqual(['ping holdfast:drain'])
        if (socket === quick) clock.setTimeout(resolve, 300)
      })
    const drain = drainOf(server, clock, { onDrain, onDrainTimeout: 2000 })
    await clock.advance(3000)
    expect(quick.told[1]).toMatchObject({ at: 300, what: 'close' })
    expect(endless.told[1]).toMatchObject({ at: 2000, what: 'close' })
    expect(drain.lines).toEqual(['restart: onDrain took longer than 2000 ms; closing without it'])
  })

  it('closes also where onDrain throws or rejects, and says so', async () => {
    const clock = fakeClock()
    const server = new ScriptedServer(clock, 2)
    const sockets = [...server.live]
    const onDrain = (socket: ScriptedSocket) => {
      if (socket === sockets[0]) throw new Error('no such room')
      return Promise.reject('nothing')
    }
    const drain = drainOf(server, clock, { onDrain })
    await clock.advance(1)
    expect(sockets.map((socket) => socket.told[1]?.code)).toEqual([1012, 1012])
    expect(drain.lines.sort()).toEqual([
      'restart: onDrain failed: no such room',
      'restart: onDrain failed: nothing',
    ])
  })

  it('counts as left who goes before its turn, during the Ping, or is closed by onDrain, and tells it nothing', async () => {
    const clock = fakeClock()
    const server = new ScriptedServer(clock, 3)
    const [early, pinged, kicked] = [...server.live] as [ScriptedSocket, ScriptedSocket, ScriptedSocket]
    pinged.pongAfter = undefined
    const onDrain = (socket: ScriptedSocket) => {
      if (socket === kicked) socket.go()
    }
    const drain = drainOf(server, clock, { onDrain, spread: 300, random: () => 0.99 })
    early.go()
    await clock.advance(300)
    pinged.go()
    await clock.advance(0)
    expect([early, pinged, kicked].flatMap(what)).not.toContain('close')
    expect(drain.gone()).toEqual(Array(3).fill({ what: 'gone', how: 'left' }))
    expect(drain.events.filter((event) => event.what === 'unanswered')).toHaveLength(0)
    expect(drain.ended).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('leaves alone who is closing already, and waits until it is gone', async () => {
    const clock = fakeClock()
    const server = new ScriptedServer(clock)
    const closing = server.connect()
    closing.open = false
    const drain = drainOf(server, clock)
    await clock.advance(10_000)
    expect(closing.told).toEqual([])
    expect(drain.ended).toBe(false)
    closing.go()
    await clock.advance(0)
    expect(drain.ended).toBe(true)
  })

  it('tells also those whose handshake was under way', async () => {
    const clock = fakeClock()
    const server = new ScriptedServer(clock, 1)
    const drain = drainOf(server, clock)
    const late = server.connect()
    await clock.advance(1)
    expect(what(late)).toEqual(['ping holdfast:drain', 'close'])
    expect(drain.events.filter((event) => event.what === 'found').map(({ sockets }) => sockets)).toEqual([
      1, 1,
    ])
    expect(drain.ended).toBe(true)
  })

  it('ends at once when it is cut: who was told, who was not, and who came late', async () => {
    const clock = fakeClock()
    const server = new ScriptedServer(clock)
    const [told, waiting] = [server.connect(), server.connect()]
    told.goneAfter = undefined
    const drain = drainOf(server, clock, { spread: 1000, random: () => 0.99 })
    await clock.advance(500)
    expect([told, waiting].map(what)).toEqual([['ping holdfast:drain', 'close'], []])
    const late = server.connect()
    drain.cut()
    await clock.advance(5000)
    expect([told, waiting, late].map((socket) => what(socket).at(-1))).toEqual(Array(3).fill('terminate'))
    expect(drain.gone()).toEqual(Array(3).fill({ what: 'gone', how: 'cut' }))
    expect(drain.ended).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('goes on with the others when a library throws about one', async () => {
    const clock = fakeClock()
    const server = new ScriptedServer(clock)
    const [bad, good] = [server.connect(), server.connect()]
    bad.ping = bad.close = () => {
      throw new Error('not open')
    }
    const drain = drainOf(server, clock, { pongTimeout: 10 })
    await clock.advance(20)
    expect(what(good)).toEqual(['ping holdfast:drain', 'close'])
    expect(drain.lines).toEqual(['restart: not open', 'restart: not open'])
    expect(drain.ended).toBe(false)
    drain.cut()
    await clock.advance(0)
    expect(drain.ended).toBe(true)
  })
})
