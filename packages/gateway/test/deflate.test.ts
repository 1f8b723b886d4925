import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canGoOn, deflateRsv, rsvOf, withoutClientTakeover } from '../src/http/deflate.ts'

const bits = fc.option(fc.integer({ min: 8, max: 15 }), { nil: undefined })
const anyAgreement = fc.record({
  serverBits: bits,
  clientBits: bits,
  serverNoTakeover: fc.boolean(),
  clientNoTakeover: fc.boolean(),
})
type AnyAgreement = typeof anyAgreement extends fc.Arbitrary<infer T> ? T : never

/** An agreement in one of the ways in which it can be written. */
function written(
  agreement: AnyAgreement,
  how: { reversed: boolean; quoted: boolean; capitals: boolean },
): string {
  const value = (n: number) => (how.quoted ? `"${n}"` : `${n}`)
  const params = [
    ...(agreement.serverBits === undefined ? [] : [`server_max_window_bits=${value(agreement.serverBits)}`]),
    ...(agreement.clientBits === undefined ? [] : [`client_max_window_bits=${value(agreement.clientBits)}`]),
    ...(agreement.serverNoTakeover ? ['server_no_context_takeover'] : []),
    ...(agreement.clientNoTakeover ? ['client_no_context_takeover'] : []),
  ]
  if (how.reversed) params.reverse()
  const text = ['permessage-deflate', ...params].join(';')
  return how.capitals ? text.toUpperCase() : text
}
const anyWay = fc.record({ reversed: fc.boolean(), quoted: fc.boolean(), capitals: fc.boolean() })

describe('a client that was told about compression can go on with another server', () => {
  test('that agrees to the same, however both are written, and whoever says 15 and who says nothing', () => {
    fc.assert(
      fc.property(anyAgreement, anyWay, anyWay, fc.boolean(), (agreement, one, other, explicit) => {
        const said = explicit
          ? { ...agreement, serverBits: agreement.serverBits ?? 15, clientBits: agreement.clientBits ?? 15 }
          : agreement
        expect(canGoOn(written(agreement, one), written(said, other))).toBe(true)
      }),
    )
  })

  test('exactly when what each side compresses can be read by the other', () => {
    const plain = { reversed: false, quoted: false, capitals: false }
    fc.assert(
      fc.property(anyAgreement, anyAgreement, (told, said) => {
        const readable =
          (said.serverBits ?? 15) <= (told.serverBits ?? 15) &&
          (said.serverNoTakeover || !told.serverNoTakeover) &&
          (told.clientBits ?? 15) <= (said.clientBits ?? 15)
        expect(canGoOn(written(told, plain), written(said, plain))).toBe(readable)
      }),
    )
  })

  test.each([
    ['', '', true],
    ['permessage-deflate', '', false],
    ['', 'permessage-deflate', false],
    ['x-a; b=1; c=2', 'X-A; c=2; b=1', true],
    ['x-a; b=1', 'x-a; b=2', false],
    ['x-a, permessage-deflate', 'x-a, permessage-deflate; server_max_window_bits=9', true],
    ['x-a, permessage-deflate', 'permessage-deflate, x-a', false],
    ['permessage-deflate; odd', 'permessage-deflate; odd', true],
    ['permessage-deflate', 'permessage-deflate; odd', false],
    ['permessage-deflate', 'permessage-deflate; server_max_window_bits=7', false],
    ['permessage-deflate', 'permessage-deflate; server_max_window_bits=09', false],
    ['permessage-deflate', 'permessage-deflate; server_max_window_bits', false],
    ['permessage-deflate', 'permessage-deflate; server_no_context_takeover=1', false],
    ['permessage-deflate', 'permessage-deflate; server_max_window_bits=9; server_max_window_bits=9', false],
    ['permessage-deflate', 'permessage-deflate;', false],
  ])('after %j with one that says %j: %s', (told, said, can) => {
    expect(canGoOn(told, said)).toBe(can)
  })
})

test.each([
  [undefined, undefined],
  ['x-a; b="1,2"', 'x-a; b="1,2"'],
  ['permessage-deflate', 'permessage-deflate; client_no_context_takeover'],
  ['permessage-deflate;client_no_context_takeover', 'permessage-deflate;client_no_context_takeover'],
  ['x-a;b="1", permessage-deflate', 'x-a; b=1, permessage-deflate; client_no_context_takeover'],
])('of %j a client that may be held is told %j', (agreed, told) => {
  expect(withoutClientTakeover(agreed)).toBe(told)
})

test.each([
  [undefined, 0],
  ['', 0],
  ['Permessage-Deflate; client_max_window_bits="10"', deflateRsv],
  ['x-a', 0x70],
  ['permessage-deflate, x-a', 0x70],
])('%j uses the RSV bits %i', (agreed, rsv) => {
  expect(rsvOf(agreed)).toBe(rsv)
})
