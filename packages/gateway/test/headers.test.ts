import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Fields, type HeaderList, values } from '../src/http/headers.ts'

const names = fc.constantFrom('Cookie', 'cookie', 'COOKIE', 'Upgrade', 'upgrade', 'constructor', '__proto__')
const lists: fc.Arbitrary<HeaderList> = fc.array(fc.tuple(names, fc.string()))

test('what came is found by name, without regard to case, in the order of its lines', () => {
  fc.assert(
    fc.property(lists, names, (list, name) => {
      const fields = new Fields(list)
      const all = values(list, name.toLowerCase())
      expect(fields.list).toBe(list)
      expect(fields.values(name.toLowerCase())).toEqual(all)
      expect(fields.first(name.toLowerCase())).toBe(all[0])
      expect(fields.has(name.toLowerCase())).toBe(all.length > 0)
    }),
  )
})

test('lists are taken apart over their lines, without empty members', () => {
  const fields = new Fields([
    ['Connection', 'keep-alive, Upgrade'],
    ['connection', ', close'],
  ])
  expect(fields.members('connection')).toEqual(['keep-alive', 'Upgrade', 'close'])
  expect(fields.tokens('connection')).toEqual(['keep-alive', 'upgrade', 'close'])
})

test('pseudo-header fields of HTTP/2 are not among the fields', () => {
  expect(Fields.of({ rawHeaders: [':path', '/', 'accept', '*/*'] }).list).toEqual([['accept', '*/*']])
})
