import { fakeClock } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { UpstreamSearch } from '../src/upstream/upstream-search.ts'

const never = () => new AbortController().signal
const middle = () => 0.5

/** A dial that ends when it is told to. */
function dials() {
  const begun: number[] = []
  const ends: (() => void)[] = []
  return {
    begun,
    dial: (n: number) => () => {
      begun.push(n)
      return new Promise<void>((resolve) => {
        ends.push(resolve)
      })
    },
    async end(count: number) {
      for (const end of ends.splice(0, count)) end()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

describe('turns', () => {
  test('256 dial at the same time, and the others follow in order', async () => {
    const search = new UpstreamSearch()
    const { begun, dial, end } = dials()
    const all = Array.from({ length: 400 }, (_, n) => search.inTurn(never(), dial(n)))
    expect(begun).toHaveLength(256)
    await end(3)
    expect(begun.slice(256)).toEqual([256, 257, 258])
    await end(256)
    await end(144)
    await Promise.all(all)
    expect(begun).toEqual(Array.from({ length: 400 }, (_, n) => n))
  })

  test('a dial that throws gives its turn back', async () => {
    const search = new UpstreamSearch()
    const fails = Array.from({ length: 256 }, () =>
      search.inTurn(never(), () => Promise.reject(new Error('no'))),
    )
    const waits = search.inTurn(never(), async () => 'dialled')
    expect((await Promise.allSettled(fails)).every(({ status }) => status === 'rejected')).toBe(true)
    expect(await waits).toBe('dialled')
  })

  test('one that is called off while it waits does not wait any longer', async () => {
    const search = new UpstreamSearch()
    const { begun, dial, end } = dials()
    for (let n = 0; n < 256; n++) void search.inTurn(never(), dial(n))
    const off = new AbortController()
    const called = search.inTurn(off.signal, async () => 'off')
    const next = search.inTurn(never(), dial(256))
    off.abort()
    expect(await called).toBe('off')
    expect(begun).toHaveLength(256)
    await end(1)
    expect(begun.at(-1)).toBe(256)
    await end(256)
    await next
  })
})

describe('pauses', () => {
  test('one client alone dials every 50 ms', async () => {
    const clock = fakeClock()
    const rest = new UpstreamSearch().rest(never(), clock, middle)
    await clock.advance(49)
    expect(clock.pending).toBe(1)
    await clock.advance(1)
    expect(await rest).toBe(false)
    expect(clock.pending).toBe(0)
  })

  test('one that is woken from outside goes on at once, and what would have woken it is undone, however it ends', async () => {
    const clock = fakeClock()
    const search = new UpstreamSearch()
    const wakes: (() => void)[] = []
    let undone = 0
    const until = (wake: () => void) => {
      wakes.push(wake)
      return () => undone++
    }
    const woken = search.rest(never(), clock, middle, until)
    wakes[0]!()
    expect(await woken).toBe(false)
    expect({ undone, pending: clock.pending }).toEqual({ undone: 1, pending: 0 })
    const found = search.rest(never(), clock, middle, until)
    search.found()
    expect(await found).toBe(true)
    const off = new AbortController()
    const calledOff = search.rest(off.signal, clock, middle, until)
    off.abort()
    expect(await calledOff).toBe(false)
    const itsTurn = search.rest(never(), clock, middle, until)
    await clock.advance(50)
    expect(await itsTurn).toBe(false)
    expect({ undone, pending: clock.pending }).toEqual({ undone: 4, pending: 0 })
  })

  test.each([10, 1_000])('%i clients together dial 100 times a second', async (clients) => {
    const clock = fakeClock()
    const search = new UpstreamSearch()
    const searches = Array.from({ length: clients }, () => new AbortController())
    let dialled = 0
    const all = searches.map(async ({ signal }) => {
      while (!signal.aborted) {
        await search.rest(signal, clock, middle)
        dialled++
      }
    })
    // Their first pauses were drawn when there were fewer of them.
    await clock.advance(clients * 10)
    dialled = 0
    await clock.advance(clients * 10 * 5)
    expect(dialled / (clients * 10 * 5)).toBeLessThanOrEqual(0.101)
    for (const search of searches) search.abort()
    await Promise.all(all)
    expect(clock.pending).toBe(0)
  })

  test('nobody pauses any longer when one has got through', async () => {
    const clock = fakeClock()
    const search = new UpstreamSearch()
    const rests = Array.from({ length: 500 }, () => search.rest(never(), clock, middle))
    search.found()
    expect(new Set(await Promise.all(rests))).toEqual(new Set([true]))
    expect(clock.pending).toBe(0)
    expect(clock.now()).toBe(0)
  })

  test('a search that is called off pauses no more', async () => {
    const clock = fakeClock()
    const search = new UpstreamSearch()
    const { signal, ...off } = withAbort()
    const rest = search.rest(signal, clock, middle)
    off.abort()
    await rest
    await search.rest(signal, clock, middle)
    expect(clock.pending).toBe(0)
  })

  test('whoever listens hears that one has got through, until it stops listening', () => {
    const search = new UpstreamSearch()
    let heard = 0
    const stop = search.onFound(() => heard++)
    search.found()
    stop()
    search.found()
    expect(heard).toBe(1)
  })
})

function withAbort() {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}
