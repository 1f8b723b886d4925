import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Extension, extensionProblem, parseExtensions } from '../src/extensions.ts'

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

const never = 'permessage-deflate parameters never offered'
test.each([
  ['', 'permessage-deflate', undefined],
  ['permessage-deflate', 'permessage-deflate', undefined],
  ['x-webkit-frame; a=1', 'other, x-webkit-frame', undefined],
  ['permessage-deflate', '', 'extension never offered'],
  ['Permessage-Deflate', 'permessage-deflate', 'extension never offered'],
  ['a, b', 'a', 'extension never offered'],
  ['a, a', 'a, a', 'extension agreed to twice'],
  ['a;', 'a', 'wrong Sec-WebSocket-Extensions'],
  ['permessage-deflate; client_no_context_takeover', 'permessage-deflate', undefined],
  ['permessage-deflate; server_no_context_takeover', 'permessage-deflate', undefined],
  ['permessage-deflate; server_max_window_bits=10', 'permessage-deflate', undefined],
  ['permessage-deflate; client_max_window_bits=10', 'permessage-deflate; client_max_window_bits', undefined],
  [
    'permessage-deflate; client_max_window_bits=10',
    'permessage-deflate; client_max_window_bits=12',
    undefined,
  ],
  ['permessage-deflate; client_max_window_bits=13', 'permessage-deflate; client_max_window_bits=12', never],
  ['permessage-deflate; client_max_window_bits=10', 'permessage-deflate', never],
  ['permessage-deflate; client_max_window_bits', 'permessage-deflate; client_max_window_bits', never],
  ['permessage-deflate; server_max_window_bits=7', 'permessage-deflate', never],
  ['permessage-deflate; server_max_window_bits=16', 'permessage-deflate', never],
  ['permessage-deflate; server_max_window_bits=010', 'permessage-deflate', never],
  ['permessage-deflate; server_max_window_bits=12', 'permessage-deflate; server_max_window_bits=10', never],
  ['permessage-deflate', 'permessage-deflate; server_max_window_bits=10', never],
  ['permessage-deflate', 'permessage-deflate; server_no_context_takeover', never],
  ['permessage-deflate', 'permessage-deflate; server_no_context_takeover, permessage-deflate', undefined],
  ['permessage-deflate; server_no_context_takeover=1', 'permessage-deflate', never],
  ['permessage-deflate; unknown', 'permessage-deflate', never],
  ['permessage-deflate; server_no_context_takeover; server_no_context_takeover', 'permessage-deflate', never],
])('a server that answers %j to %j has done wrong: %j', (agreed, offered, problem) => {
  expect(extensionProblem(agreed, offered)).toBe(problem)
})
