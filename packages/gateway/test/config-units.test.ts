import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Wrong } from '../src/config/errors.ts'
import {
  balancePattern,
  durationPattern,
  durationText,
  readBalance,
  readDuration,
  readProtocol,
  readSize,
  sizePattern,
} from '../src/config/units.ts'
import { anyText } from './config-text.ts'

describe('readDuration', () => {
  test.each([
    ['0s', 0],
    ['250ms', 250],
    ['5s', 5_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['24h', 86_400_000],
  ])('reads %s as %i ms', (text, expected) => {
    expect(readDuration(text)).toBe(expected)
  })

  test.each([
    ['5', 'write 5s or 5ms'],
    ['5 s', 'write 5s'],
    ['5sec', 'write 5s'],
    ['1.5s', 'write 1500ms'],
    ['0.5m', 'write 30s'],
    ['3 minutes', 'write 3m'],
    ['2H', 'write 2h'],
    ['0.0005s', undefined],
    ['five', undefined],
    ['-5s', undefined],
    ['5d', undefined],
    ['5s\n', undefined],
    ['', undefined],
  ])('refuses %j and proposes: %s', (text, fix) => {
    const wrong = readDuration(text)
    expect(wrong).toBeInstanceOf(Wrong)
    expect((wrong as Wrong).fix).toBe(fix)
  })

  test('refuses more than a day, which a timer of Node might run at once', () => {
    expect(readDuration('25h')).toEqual(new Wrong("must be at most 24h, not '25h'"))
    expect(readDuration('999999999999h')).toBeInstanceOf(Wrong)
  })

  test('reads back what durationText writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 86_400_000 }), (value) => {
        expect(readDuration(durationText(value))).toBe(value)
        expect(durationText(value)).toMatch(new RegExp(durationPattern))
      }),
    )
  })

  test('every duration it proposes is one that it reads', () => {
    const text = fc.tuple(
      fc.double({ min: 0, max: 1000, noNaN: true }),
      fc.constantFrom('s', 'sec', ' ms', 'M'),
    )
    fc.assert(
      fc.property(text, ([number, unit]) => {
        const wrong = readDuration(`${number.toFixed(2)}${unit}`)
        const proposed = wrong instanceof Wrong ? /^write (\S+)$/.exec(wrong.fix ?? '')?.[1] : undefined
        if (proposed) expect(readDuration(proposed)).not.toBeInstanceOf(Wrong)
      }),
    )
  })
})

describe('readSize', () => {
  test.each([
    ['512B', 512],
    ['64KiB', 65_536],
    ['1MiB', 1_048_576],
    ['2GiB', 2_147_483_648],
    ['1000', 1_000],
  ])('reads %s as %i bytes', (text, expected) => {
    expect(readSize(text)).toBe(expected)
    expect(text).toMatch(new RegExp(`${sizePattern}|^\\d+$`))
  })

  test.each([
    ['64KB', 'write 64KiB'],
    ['64k', 'write 64KiB'],
    ['1 MiB', 'write 1MiB'],
    ['5b', 'write 5B'],
    ['big', undefined],
    ['1.5MiB', undefined],
    ['999999999999999GiB', undefined],
  ])('refuses %s and proposes: %s', (text, fix) => {
    const wrong = readSize(text)
    expect(wrong).toBeInstanceOf(Wrong)
    expect((wrong as Wrong).fix).toBe(fix)
  })
})

describe('readBalance', () => {
  test.each([
    ['round-robin', { by: 'round-robin' }],
    ['least-connections', { by: 'least-connections' }],
    ['random-two', { by: 'random-two' }],
    ['hash(address)', { by: 'hash', key: { from: 'address' } }],
    ['hash(cookie:sid)', { by: 'hash', key: { from: 'cookie', name: 'sid' } }],
    ['hash(header:X-Room)', { by: 'hash', key: { from: 'header', name: 'x-room' } }],
    ['hash(query:room id)', { by: 'hash', key: { from: 'query', name: 'room id' } }],
  ])('reads %s', (text, expected) => {
    expect(readBalance(text)).toEqual(expected)
    expect(text).toMatch(new RegExp(balancePattern))
  })

  test.each([
    ['round-robbin', "did you mean 'round-robin'?"],
    ['hash(cokie:sid)', "did you mean 'hash(cookie:sid)'?"],
    ['hash(adress)', "did you mean 'hash(address)'?"],
    ['hash(zebra:x)', 'use hash(address), hash(cookie:NAME), hash(header:NAME) or hash(query:NAME)'],
    ['hash(cookie:)', undefined],
    ['hash(header:a b)', undefined],
  ])('refuses %s and proposes: %s', (text, fix) => {
    const wrong = readBalance(text)
    expect(wrong).toBeInstanceOf(Wrong)
    expect((wrong as Wrong).fix).toBe(fix)
  })
})

test('readProtocol takes one token', () => {
  expect(readProtocol('chat.v2')).toBe('chat.v2')
  for (const text of ['', 'a b', 'a,b', 'é']) expect(readProtocol(text)).toBeInstanceOf(Wrong)
})

test('no reader throws on any text', () => {
  fc.assert(
    fc.property(anyText(), (text) => {
      for (const read of [readDuration, readSize, readBalance, readProtocol]) read(text)
    }),
  )
})
