import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Extension, extensionProblem, parseExtensions, writeExtensions } from '../src/http/extensions.ts'

const tokenChars = "!#$%&'*+-.^_`|~0123456789ABCXYZabcxyz"
const token = fc.string({ unit: fc.constantFrom(...tokenChars), minLength: 1, maxLength: 8 })
const extension: fc.Arbitrary<Extension> = fc.record({
  name: token,
  params: fc.array(fc.tuple(token, fc.oneof(token, fc.constant(true as const))), { maxLength: 4 }),
})

test('the parser reads back what was written, with any optional whitespace, and quoted values', () => {
  const ows = fc.constantFrom('', ' ', '\t', '  ')
  fc.assert(
    fc.property(fc.array(extension, { maxLength: 4 }), ows, fc.boolean(), (list, space, quote) => {
      const write = (value: string | true) => (value === true ? '' : quote ? `="${value}"` : `=${value}`)
      const member = ({ name, params }: Extension) =>
        [name, ...params.map(([param, value]) => param + write(value))].join(`${space};${space}`)
      expect(parseExtensions(list.map(member).join(`${space},${space}`))).toEqual(list)
      expect(parseExtensions(writeExtensions(list))).toEqual(list)
    }),
  )
})

test('the parser never throws and never reads a name that is no token', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
      for (const { name } of parseExtensions(text) ?? []) expect(name).toMatch(/^[!#-'*+.^_`|~\w-]+$/)
    }),
  )
})

test.each(['a;', 'a b', 'a;b=', 'a;=1', 'a;b="x y"', 'a;b="', 'a=1', ';', '"a"', 'a;b=""', 'a;;b'])(
  'the parser refuses %j',
  (text) => expect(parseExtensions(text)).toBeUndefined(),
)

test('the parser skips empty members and unescapes quoted values', () => {
  expect(parseExtensions(' ,, a ;b="c\\d", ')).toEqual([{ name: 'a', params: [['b', 'cd']] }])
  expect(parseExtensions('')).toEqual([])
})

test.each([
  ['', 'permessage-deflate', undefined],
  ['permessage-deflate', 'permessage-deflate', undefined],
  ['x-webkit-frame; a=1', 'other, x-webkit-frame', undefined],
  ['Permessage-Deflate', 'permessage-deflate', undefined],
  ['permessage-deflate', '', 'extension never offered'],
  ['a, b', 'a', 'extension never offered'],
  ['a, a', 'a, a', 'extension agreed to twice'],
  ['a, A', 'a', 'extension agreed to twice'],
  ['a;', 'a', 'wrong Sec-WebSocket-Extensions'],
  // The parameters are the client's to judge.
  ['permessage-deflate', 'permessage-deflate; server_max_window_bits=15', undefined],
  ['permessage-deflate', 'permessage-deflate; server_max_window_bits=10', undefined],
  ['permessage-deflate', 'permessage-deflate; server_no_context_takeover', undefined],
  ['permessage-deflate; client_max_window_bits=9', 'permessage-deflate', undefined],
  ['permessage-deflate; unknown=1', 'permessage-deflate', undefined],
])('a server that answers %j to %j has done wrong: %j', (agreed, offered, problem) => {
  expect(extensionProblem(agreed, offered)).toBe(problem)
})
