import { authority, gatewayOptions, selfSigned } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { certificateInfos } from '../src/process/certificate-infos.ts'

const day = 24 * 3_600_000
const start = Date.UTC(2026, 0)

/** Whether a certificate of so many days counts as one that ends soon, by the days that are left. */
function soonWith(lifeDays: number, leftDays: number): boolean {
  const issued = selfSigned({ names: ['a.test'], from: start, to: start + lifeDays * day })
  const options = gatewayOptions({ upstreams: ['ws://127.0.0.1:1'], listen: [{ tls: issued }] })
  return certificateInfos(options, start + (lifeDays - leftDays) * day)[0]!.expiresSoon
}

test.each([
  [90, 18.1, 17.9],
  [45, 9.1, 8.9],
  [6.5, 1.4, 1.2],
  [365, 30.1, 29.9],
  [90, 18.1, -1],
])('of %d days: not with %d days left, and with %d', (life, not, soon) => {
  expect(soonWith(life, not)).toBe(false)
  expect(soonWith(life, soon)).toBe(true)
})

test('every certificate of every listener is named with what is left of it; what cannot be read is left out', () => {
  const root = authority()
  const [a, b] = [5, 50].map((days) =>
    root.issue({ names: [`${days}.test`, 'x.test'], from: start, to: start + days * day }),
  )
  const options = gatewayOptions({
    upstreams: ['ws://127.0.0.1:1'],
    listen: [{}, { port: 8443, tls: [a!, { cert: 'x', key: 'x' }] }, { port: 8444, tls: b }],
  })
  const infos = certificateInfos(options, start)
  expect(infos).toEqual([
    {
      listener: '127.0.0.1:8443',
      names: ['5.test', 'x.test'],
      expiresAt: start + 5 * day,
      leftMs: 5 * day,
      expiresSoon: false,
    },
    {
      listener: '127.0.0.1:8444',
      names: ['50.test', 'x.test'],
      expiresAt: start + 50 * day,
      leftMs: 50 * day,
      expiresSoon: false,
    },
  ])
  expect(certificateInfos(options, start + 6 * day)[0]).toMatchObject({ leftMs: -day, expiresSoon: true })
})
