import { expect, test } from 'vitest'
import { AdmissionPace } from '../src/upstream/admission-pace.ts'

test('a rate of the configuration is the pace', () => {
  const pace = new AdmissionPace(() => 500)
  pace.took(10_000)
  expect(pace.interval).toBe(2)
})

test('without one it is 500 a second at first, and then what keeps eight handshakes under way', () => {
  const pace = new AdmissionPace(() => 'auto')
  expect(pace.interval).toBe(2)
  for (let n = 0; n < 50; n++) pace.took(200)
  expect(pace.interval).toBeCloseTo(25, 0)
  for (let n = 0; n < 50; n++) pace.took(0.5)
  expect(pace.interval).toBe(1)
  for (let n = 0; n < 50; n++) pace.took(60_000)
  expect(pace.interval).toBe(100)
})
