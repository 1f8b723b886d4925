import { fakeClock } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Admission, Ledger } from '../src/handshake/limits.ts'

function ledger(random: () => number = Math.random) {
  const clock = fakeClock()
  return { clock, ledger: new Ledger({ clock, random }) }
}

function refused(admission: Admission) {
  if (admission.ok) throw new Error('admitted')
  return admission
}

describe('connections and perAddress', () => {
  test('refuse past the limit and admit again after a release', () => {
    const { ledger: book } = ledger()
    const limits = { connections: 2, perAddress: 1 }
    const first = book.admit('chat', limits, '1.1.1.1')
    expect(refused(book.admit('chat', limits, '1.1.1.1')).limit).toBe('perAddress')
    const second = book.admit('chat', limits, '2.2.2.2')
    expect(refused(book.admit('chat', limits, '3.3.3.3')).limit).toBe('connections')
    expect(book.admit('other', limits, '3.3.3.3').ok).toBe(true)
    if (first.ok) first.release()
    if (first.ok) first.release()
    expect(book.admit('chat', limits, '1.1.1.1').ok).toBe(true)
    expect(refused(book.admit('chat', limits, '3.3.3.3')).limit).toBe('connections')
    expect(second.ok).toBe(true)
  })

  test('tell the refused to come back after a random 5 to 30 s', () => {
    const { ledger: book } = ledger()
    const waits = Array.from(
      { length: 500 },
      () => refused(book.admit('chat', { connections: 0 }, 'a')).retry,
    )
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(5_000)
    expect(Math.min(...waits)).toBeLessThan(7_000)
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000)
    expect(Math.max(...waits)).toBeGreaterThan(28_000)
    expect(waits.every(Number.isInteger)).toBe(true)
  })

  test('are never exceeded, and never refuse a free place, over any sequence of comings and goings', () => {
    const step = fc.oneof(fc.record({ come: fc.nat({ max: 4 }) }), fc.record({ go: fc.nat() }))
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 100 }),
        fc.nat({ max: 6 }),
        fc.nat({ max: 3 }),
        (steps, connections, perAddress) => {
          const { ledger: book } = ledger()
          const open: { address: string; release: () => void }[] = []
          for (const one of steps) {
            if ('go' in one) {
              open.splice(one.go % Math.max(1, open.length), 1)[0]?.release()
              continue
            }
            const address = String(one.come)
            const admission = book.admit('r', { connections, perAddress }, address)
            const same = open.filter((entry) => entry.address === address).length
            expect(admission.ok).toBe(open.length < connections && same < perAddress)
            if (admission.ok) open.push({ address, release: admission.release })
          }
        },
      ),
    )
  })

  test('keep nothing of addresses that have no connection', () => {
    const { ledger: book } = ledger()
    const limits = { perAddress: 2, handshakesPerSecond: 1e9 }
    const visit = (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        const admission = book.admit('r', limits, `2001:db8::${i.toString(16)}`)
        if (admission.ok) admission.release()
      }
    }
    visit(0, 1_000)
    const before = process.memoryUsage().heapUsed
    visit(1_000, 1_001_000)
    // A million strings kept would be over 100 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60e6)
  })
})

describe('handshakesPerSecond', () => {
  test('admits one second’s worth at once, then at the rate', () => {
    const { ledger: book, clock } = ledger()
    const admit = () => book.admit('r', { handshakesPerSecond: 10 }, 'a').ok
    expect(Array.from({ length: 12 }, admit).filter(Boolean)).toHaveLength(10)
    clock.tick(100)
    expect([admit(), admit()]).toEqual([true, false])
    clock.tick(60_000)
    expect(Array.from({ length: 12 }, admit).filter(Boolean)).toHaveLength(10)
  })

  test.each([0.5, 1, 3])('at %s a second admits at least the first', (handshakesPerSecond) => {
    const { ledger: book, clock } = ledger()
    const admit = () => book.admit('r', { handshakesPerSecond }, 'a').ok
    expect(admit()).toBe(true)
    clock.tick(1000 / handshakesPerSecond)
    expect(admit()).toBe(true)
  })

  test('gives the k-th refused the k-th free moment', () => {
    const { ledger: book } = ledger(() => 0)
    const ask = () => book.admit('r', { handshakesPerSecond: 10 }, 'a')
    for (let i = 0; i < 10; i++) expect(ask().ok).toBe(true)
    expect([ask(), ask(), ask()].map((answer) => refused(answer).retry)).toEqual([100, 200, 300])
  })

  test('of 2,000 clients at 100 a second, each who obeys comes in at its second try, at a flat rate', () => {
    const { ledger: book, clock } = ledger()
    const limits = { handshakesPerSecond: 100 }
    const returns: number[] = []
    for (let i = 0; i < 2_000; i++) {
      const answer = book.admit('r', limits, 'a')
      if (!answer.ok) returns.push(answer.retry)
    }
    expect(returns).toHaveLength(1_900)
    const perSecond = new Map<number, number>()
    for (const at of returns.sort((a, b) => a - b)) {
      clock.tick(at - clock.now())
      expect(book.admit('r', limits, 'a').ok).toBe(true)
      perSecond.set(Math.floor(at / 1000), (perSecond.get(Math.floor(at / 1000)) ?? 0) + 1)
    }
    expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(111)
  })

  test.each([2, 3, 7, 30, 100, 333])(
    'at %s a second a client that comes when it is told to comes in',
    (rate) => {
      const { ledger: book, clock } = ledger(() => 0)
      const admit = () => book.admit('r', { handshakesPerSecond: rate }, 'a')
      const waits = Array.from({ length: 2000 }, admit).flatMap((answer) => (answer.ok ? [] : [answer.retry]))
      // Those behind the full queue have no turn of their own.
      for (const at of waits.slice(0, Math.floor(59 * rate))) {
        clock.tick(at - clock.now())
        expect(admit().ok).toBe(true)
      }
    },
  )

  test('never says more than a minute, and spreads those behind a full queue', () => {
    const { ledger: book } = ledger()
    const waits = Array.from({ length: 1_000 }, () =>
      book.admit('r', { handshakesPerSecond: 2 }, 'a'),
    ).flatMap((a) => (a.ok ? [] : [a.retry]))
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_100)
    const late = waits.slice(200)
    expect(Math.min(...late)).toBeLessThan(33_000)
    expect(Math.max(...late)).toBeGreaterThan(57_000)
  })

  test('does not let the refused hold places', () => {
    const { ledger: book } = ledger()
    const limits = { handshakesPerSecond: 1, perAddress: 5 }
    expect(book.admit('r', limits, 'a').ok).toBe(true)
    for (let i = 0; i < 10; i++) expect(book.admit('r', limits, 'a').ok).toBe(false)
    for (let i = 0; i < 4; i++) expect(book.admit('r', { perAddress: 5 }, 'a').ok).toBe(true)
    expect(refused(book.admit('r', { perAddress: 5 }, 'a')).limit).toBe('perAddress')
  })
})
