import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readYaml } from '../src/config/yaml.ts'
import { anyText } from './config-text.ts'

const faults = (text: string) =>
  readYaml(text).faults.map(
    ({ place, message, fix }) => `${place.line}:${place.column} ${message}${fix ? ` | ${fix}` : ''}`,
  )

describe('readYaml', () => {
  test('reads YAML 1.2 and JSON, tabs and all', () => {
    expect(readYaml('a: [1, off, "x", null, 1.5, true]\nb: {c: }\n').value).toEqual({
      a: [1, 'off', 'x', null, 1.5, true],
      b: { c: null },
    })
    expect(readYaml('{\n\t"a": [\n\t\t1,\n\t\t"\\u00e9\\/"\n\t]\n}\n').value).toEqual({ a: [1, 'é/'] })
    expect(readYaml('%YAML 1.1\n---\na: off\nb: 1:30\n').value).toEqual({ a: 'off', b: '1:30' })
    expect(readYaml('').value).toBeNull()
  })

  test('keeps keys that JavaScript treats in a special way', () => {
    const { value } = readYaml('__proto__: {a: 1}\nconstructor: 2\n1: one\nnull: two\ntrue: three\n')
    expect(Object.keys(value as object)).toEqual(['1', '__proto__', 'constructor', 'null', 'true'])
    expect(({} as { a?: number }).a).toBeUndefined()
  })

  test('follows aliases', () => {
    expect(readYaml('a: &x {b: [1]}\nc: *x\nd: [*x, *x]\n').value).toEqual({
      a: { b: [1] },
      c: { b: [1] },
      d: [{ b: [1] }, { b: [1] }],
    })
  })

  test.each([
    ['a:\n\t- b', ['2:1 tabs are not allowed as indentation | indent with spaces']],
    [
      'a: 1\na: 2\nb: {c: 1, c: 2}',
      ["2:1 duplicate key 'a' | first on line 1", "3:11 duplicate key 'c' in b | first on line 3"],
    ],
    [
      'a: *b\nc: *d',
      [
        "1:4 no anchor for the alias '*b' | quote it if it is a text: '*b'",
        "2:4 no anchor for the alias '*d' | quote it if it is a text: '*d'",
      ],
    ],
    [
      'host: *.example.com',
      ["1:7 no anchor for the alias '*.example.com' | quote it if it is a text: '*.example.com'"],
    ],
    ['a: &a [*a]', ["1:8 the alias '*a' refers to itself"]],
    ['? [a]\n: 1', ['1:3 a key must be plain text']],
    ['a: !secret x', ['1:4 unresolved tag: !secret']],
    ['a: !!binary aGk=', ['1:4 unresolved tag: tag:yaml.org,2002:binary']],
    [
      'listen: [::1]:8080',
      ["1:14 unexpected scalar at node end | put an address in brackets in quotes: '[::1]:8080'"],
    ],
    ['a: 1\n---\nb: 2', ['2:1 a second document begins here | remove the ---']],
    ["a: 'b\nc: d", ["2:5 missing closing 'quote"]],
  ])('finds what is wrong with %j', (text, expected) => {
    expect(faults(text)).toEqual(expected)
  })

  test.each([
    ['flow lists', '['.repeat(20_000), '1:65'],
    ['closed flow lists', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, '1:65'],
    ['flow mappings', '{a: '.repeat(20_000), undefined],
    ['block lists', '- '.repeat(20_000), '1:129'],
    ['mappings on one line', 'a: '.repeat(20_000), undefined],
    ['complex keys', '? '.repeat(20_000), undefined],
  ])('refuses %s nested without end, which would abort the process', (_, text, place) => {
    const [fault, ...others] = faults(text)
    expect(fault).toMatch(/^1:\d+ nested deeper than 64 levels$/)
    if (place) expect(fault).toContain(`${place} `)
    expect(others).toEqual([])
  })

  test('takes 60 levels', () => {
    expect(faults(`${'['.repeat(60)}${']'.repeat(60)}`)).toEqual([])
  })

  test('refuses aliases that grow without end', () => {
    const rows = Array.from(
      { length: 12 },
      (_, i) =>
        `a${i}: &a${i} [${Array(10)
          .fill(i ? `*a${i - 1}` : 'x')
          .join(', ')}]`,
    )
    const [first] = faults(rows.join('\n'))
    expect(first).toMatch(/^\d+:\d+ more than 100000 values, with aliases written out$/)
    expect(readYaml(rows.join('\n')).value).toBeUndefined()
  })

  test('finds duplicates among 40000 keys', () => {
    const text = Array.from({ length: 40_000 }, (_, i) => `k${i}:`).join('\n')
    expect(faults(`${text}\nk7:`)).toEqual(["40001:1 duplicate key 'k7' | first on line 8"])
  })

  test('never throws', () => {
    const piece = fc.constantFrom(
      ...'abc:-?[]{},&*!|>\'"%@`#\\',
      ...[
        '\n',
        '  ',
        '\t',
        ': ',
        '- ',
        '? ',
        '&a ',
        '*a',
        '<<: ',
        '---\n',
        '...\n',
        '%YAML 1.1\n',
        '!!set ',
        '\u0000',
        '\ufeff',
        '"\\u',
      ],
    )
    const text = fc.oneof(anyText(200), fc.string({ unit: piece, maxLength: 60 }))
    fc.assert(
      fc.property(text, (given) => {
        const { faults: found, placeOf } = readYaml(given)
        for (const { place, message } of found) {
          expect(place.line).toBeGreaterThan(0)
          expect(place.column).toBeGreaterThan(0)
          expect(message).not.toMatch(/[\p{Cc}\p{Zl}]/u)
        }
        placeOf(['a', 0, 'b'], 'value')
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('placeOf', () => {
  const text = 'a:\n  - b: 1\n    c: &x { d: 2 }\n  - *x\ne:\n'
  const { placeOf } = readYaml(text)
  test.each([
    [['a'], 'key', '1:1'],
    [['a'], 'value', '2:3'],
    [['a', 0], 'value', '2:5'],
    [['a', 0, 'b'], 'key', '2:5'],
    [['a', 0, 'b'], 'value', '2:8'],
    [['a', 0, 'c', 'd'], 'value', '3:16'],
    [['a', 1, 'd'], 'value', '3:16'],
    [['e'], 'value', '5:1'],
  ] as const)('finds the place of %j (%s)', (path, part, expected) => {
    const { line, column } = placeOf(path, part)
    expect(`${line}:${column}`).toBe(expected)
  })

  test.each([
    [['missing'], '1:1'],
    [['a', 0, 'missing'], '2:5'],
    [['a', 7], '2:3'],
    [['a', 0, 'b', 'deeper'], '2:8'],
    [['e', 'f'], '5:1'],
  ] as const)('finds for the missing %j what is around it', (path, expected) => {
    const { line, column } = placeOf(path, 'value')
    expect(`${line}:${column}`).toBe(expected)
  })
})
