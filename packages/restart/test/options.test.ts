import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { milliseconds } from '../src/duration.ts'
import { settingsOf } from '../src/options.ts'

describe('milliseconds', () => {
  it('reads a whole number of each unit, and a number as it is', () => {
    fc.assert(
      fc.property(fc.nat(30_000), (n) => {
        expect(milliseconds(`${n}ms`, 'x')).toBe(n)
        expect(milliseconds(`${n}s`, 'x')).toBe(n * 1000)
        expect(milliseconds(`${n}m`, 'x')).toBe(n * 60_000)
        expect(milliseconds(n, 'x')).toBe(n)
      }),
    )
    expect(milliseconds('1.5s', 'x')).toBe(1500)
  })

  it.each([
    '',
    '5',
    's',
    '5 s',
    '-5s',
    '5sec',
    '1h',
    '5s ',
    'Infinitys',
    -1,
    Number.NaN,
    Infinity,
    2 ** 31,
    '600000m',
  ])('refuses %j and says what to write', (value) => {
    expect(() => milliseconds(value, 'spread')).toThrow(
      /^spread is .*; write a duration such as 250ms, 5s or 2m/,
    )
  })

  it('never gives anything but a time that a timer can take', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double(), fc.stringMatching(/^\d*\.?\d*(ms|s|m)?$/)), (value) => {
        let ms = 0
        try {
          ms = milliseconds(value, 'x')
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
        expect(ms >= 0 && ms < 2 ** 31).toBe(true)
      }),
    )
  })
})

describe('settingsOf', () => {
  it('has a default for everything, also for what is given as undefined', () => {
    const expected = {
      spread: 5000,
      deadline: 30_000,
      retry: [1000, 5000],
      signals: ['SIGTERM'],
      requests: 'refuse',
      onDrain: undefined,
      onDrainTimeout: 5000,
      pongTimeout: 1000,
      exit: false,
      random: Math.random,
    }
    expect(settingsOf({})).toMatchObject(expected)
    expect(settingsOf({ spread: undefined as never, onDrain: undefined, log: undefined })).toMatchObject(
      expected,
    )
  })

  it('refuses values that make no sense together', () => {
    expect(() => settingsOf({ spread: '1m' })).toThrow(/spread is 60000 ms, longer than deadline, 30000 ms/)
    expect(() => settingsOf({ retry: ['5s', '1s'] })).toThrow(/write the smaller first/)
    expect(() => settingsOf({ retry: [0, '2000m'] })).toThrow(/at most 86400000 ms/)
    expect(() => settingsOf({ requests: 'drop' as never })).toThrow(/write 'refuse' or 'serve'/)
  })

  it('keeps a log that throws away from the restart', () => {
    const { log } = settingsOf({
      log: () => {
        throw new Error('disk full')
      },
    })
    expect(() => log('line')).not.toThrow()
  })
})
