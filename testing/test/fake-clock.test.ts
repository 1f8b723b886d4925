import { expect, test } from 'vitest'
import { fakeClock } from '../src/fake-clock.ts'

test('a tick runs the due timers in order of time, then of setting', () => {
  const { setTimeout, clearTimeout, now, tick } = fakeClock(1_000)
  const ran: [string, number][] = []
  const run = (name: string) => () => ran.push([name, now()])
  setTimeout(run('late'), 20)
  setTimeout(run('first'), 10)
  setTimeout(run('second'), 10)
  setTimeout(() => setTimeout(run('nested'), 5), 10)
  clearTimeout(setTimeout(run('cleared'), 1))
  setTimeout(run('not yet'), 31)
  tick(30)
  expect(ran).toEqual([
    ['first', 1_010],
    ['second', 1_010],
    ['nested', 1_015],
    ['late', 1_020],
  ])
  expect(now()).toBe(1_030)
})

test('advance lets a chain of promises set its next timer in time', async () => {
  const clock = fakeClock()
  const sleep = (ms: number) => new Promise<void>((resolve) => clock.setTimeout(resolve, ms))
  const times: number[] = []
  const chain = async () => {
    for (let i = 0; i < 3; i++) {
      await sleep(100)
      times.push(clock.now())
    }
  }
  void chain()
  await clock.advance(1_000)
  expect(times).toEqual([100, 200, 300])
  expect(clock.pending).toBe(0)
})
