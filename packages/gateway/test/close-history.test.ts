import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CloseHistory, historySeconds } from '../src/operate/close-history.ts'

const closes = (counts: Record<number, number>) =>
  new Map(Object.entries(counts).map(([code, n]) => [Number(code), n]))

test('closes within one second are counted in it', () => {
  const history = new CloseHistory()
  history.add(10_100, 10_900, closes({ 1014: 3, 1000: 2 }))
  history.add(10_900, 10_950, closes({ 1014: 1 }))
  expect(history.since(0)).toEqual([
    [10, 1000, 2],
    [10, 1014, 4],
  ])
})

test('closes of five seconds are spread over them', () => {
  const history = new CloseHistory()
  history.add(10_000, 15_000, closes({ 1000: 50 }))
  expect(history.since(0)).toEqual([10, 11, 12, 13, 14].map((second) => [second, 1000, 10]))
})

test('a look shortly after the turn of a second counts by how much of each second it saw', () => {
  const history = new CloseHistory()
  history.add(10_200, 11_200, closes({ 1000: 10 }))
  expect(history.since(0)).toEqual([
    [10, 1000, 8],
    [11, 1000, 2],
  ])
})

test('since leaves out what is older, and old seconds are forgotten', () => {
  const history = new CloseHistory()
  history.add(10_000, 11_000, closes({ 1000: 1 }))
  history.add(20_000, 21_000, closes({ 1000: 2 }))
  expect(history.since(20)).toEqual([[20, 1000, 2]])
  history.add(600_000, (11 + historySeconds) * 1000, closes({ 1000: 3 }))
  expect(history.since(0)[0]).toEqual([20, 1000, 2])
})

test('no close is lost or counted twice, whenever somebody looks', () => {
  const looks = fc.array(
    fc.record({
      ms: fc.integer({ min: 0, max: 9000 }),
      counts: fc.dictionary(fc.constantFrom('1000', '1014'), fc.nat(5000)),
    }),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), looks, (start, all) => {
      const history = new CloseHistory()
      let at = start
      let expected = 0
      for (const { ms, counts } of all) {
        history.add(at, at + ms, closes(counts))
        at += ms
        for (const n of Object.values(counts)) expected += n
      }
      const told = history.since(0)
      expect(told.reduce((sum, [, , n]) => sum + n, 0)).toBe(expected)
      for (const [second, , n] of told) {
        expect(n).toBeGreaterThan(0)
        expect(second * 1000).toBeLessThanOrEqual(at)
        expect((second + 1) * 1000).toBeGreaterThanOrEqual(start)
      }
    }),
  )
})

test('closes between two looks count once, now, when the wall clock was set back between them', () => {
  const history = new CloseHistory()
  history.add(3_600_000, 5_000, closes({ 1012: 7 }))
  expect(history.since(0)).toEqual([[5, 1012, 7]])
})
