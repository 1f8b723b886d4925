import { expect, test } from 'vitest'
import { AdmissionPace } from '../src/upstream/admission-pace.ts'

test('a rate of the configuration is the pace', () => {
  const pace = new AdmissionPace(() => 500)
  pace.took(10_000)
  expect(pace.interval(20_000)).toBe(2)
})

test('without one it is 200 a second, and less where that would have more than eight handshakes under way', () => {
  const pace = new AdmissionPace(() => 'auto')
  expect(pace.interval(10)).toBe(5)
  for (let n = 0; n < 50; n++) pace.took(200)
  expect(pace.interval(10)).toBeCloseTo(25, 0)
  for (let n = 0; n < 50; n++) pace.took(0.5)
  expect(pace.interval(10)).toBe(5)
  for (let n = 0; n < 50; n++) pace.took(60_000)
  expect(pace.interval(10)).toBe(100)
})

test('of a great many, all are let in within 4 s when the upstream is as fast', () => {
  const pace = new AdmissionPace(() => 'auto')
  for (let n = 0; n < 50; n++) pace.took(0.5)
  expect(pace.interval(800)).toBe(5)
  expect(pace.interval(20_000) * 20_000).toBe(4_000)
  for (let n = 0; n < 50; n++) pace.took(200)
  expect(pace.interval(20_000)).toBeCloseTo(25, 0)
})
