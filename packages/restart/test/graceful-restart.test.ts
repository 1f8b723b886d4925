import { fakeClock } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { gracefulRestart, type RestartOptions } from '../src/index.ts'
import { ScriptedServer, type ScriptedSocket } from './scripted-server.ts'

function restartOf(sockets: number, options: RestartOptions<ScriptedSocket> = {}) {
  const clock = fakeClock()
  const server = new ScriptedServer(clock, sockets)
  const lines: string[] = []
  const restart = gracefulRestart(server, { signals: [], clock, log: (line) => lines.push(line), ...options })
  return { clock, server, restart, lines }
}

describe('gracefulRestart', () => {
  it('goes through its phases, says each to its listeners, and reports', async () => {
    const { clock, server, restart } = restartOf(3)
    const phases: string[] = [restart.phase]
    const undo = restart.on((state) => {
      if (state.phase !== phases.at(-1)) phases.push(state.phase)
    })
    const report = restart.start()
    await clock.advance(5000)
    expect(await report).toMatchObject({ phase: 'done', total: 3, closed: 3, left: 0, cut: 0 })
    expect((await report).ms).toBeLessThanOrEqual(5000)
    expect(phases).toEqual(['serving', 'refusing', 'draining', 'closing', 'done'])
    expect(server.calls).toEqual(['refuse', 'close', 'release'])
    expect(restart.state).toEqual(await report)
    expect(clock.pending).toBe(0)
    undo()
  })

  it('runs once, however often it is started', async () => {
    const { clock, server, restart } = restartOf(1)
    const [first, second] = [restart.start(), restart.start()]
    expect(second).toBe(first)
    await clock.advance(5000)
    await first
    expect(restart.start()).toBe(first)
    expect(server.calls).toEqual(['refuse', 'close', 'release'])
  })

  it('cuts at the deadline the connections that are left and what the server still waits for', async () => {
    const { clock, server, restart, lines } = restartOf(2, { spread: 0, deadline: '10s' })
    const [mute] = server.live
    mute!.goneAfter = undefined
    server.closes = false
    const report = restart.start()
    await clock.advance(9999)
    expect(restart.state).toMatchObject({ phase: 'draining', open: 1, closed: 1 })
    await clock.advance(1)
    expect(await report).toMatchObject({ total: 2, closed: 1, cut: 1, ms: 10_000 })
    expect(server.calls).toEqual(['refuse', 'close', 'cut', 'release'])
    expect(lines.at(-1)).toBe('restart: done in 10000 ms; closed 1, left 0, cut 1')
  })

  it('is done shortly after the deadline even where the server never closes', async () => {
    const { clock, server, restart } = restartOf(0, { deadline: '10s' })
    server.closes = false
    server.cut = () => {}
    const report = restart.start()
    await clock.advance(11_000)
    expect(await report).toMatchObject({ phase: 'done', ms: 11_000 })
    expect(clock.pending).toBe(0)
  })

  it('goes on when a listener, the log or the server throws', async () => {
    const { clock, server, restart } = restartOf(1, {
      log: () => {
        throw new Error('log')
      },
    })
    restart.on(() => {
      throw new Error('listener')
    })
    server.refuse = () => {
      throw new Error('refuse')
    }
    server.close = () => Promise.reject(new Error('close'))
    const report = restart.start()
    await clock.advance(5000)
    expect(await report).toMatchObject({ total: 1, closed: 1 })
  })

  it('begins on its signals; cancel and the end take the handlers away', async () => {
    const before = process.listenerCount('SIGUSR2')
    const cancelled = restartOf(0, { signals: ['SIGUSR2'] })
    expect(process.listenerCount('SIGUSR2')).toBe(before + 1)
    cancelled.restart.cancel()
    expect(process.listenerCount('SIGUSR2')).toBe(before)
    expect(cancelled.server.calls).toEqual(['release'])

    const { restart } = restartOf(0, { signals: ['SIGUSR2'] })
    const done = new Promise<void>((resolve) => {
      restart.on(({ phase }) => phase === 'done' && resolve())
    })
    process.kill(process.pid, 'SIGUSR2')
    await done
    await restart.start()
    expect(process.listenerCount('SIGUSR2')).toBe(before)
  })

  it('types onDrain by hand for a server of one’s own', () => {
    const { restart } = restartOf(0, { onDrain: (socket) => socket.told })
    restart.cancel()
  })
})
