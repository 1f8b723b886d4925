import { X509Certificate } from 'node:crypto'
import { selfSigned } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  certificateNames,
  chooseCertificate,
  describeCertificate,
  nameCovers,
} from '../src/listen/server-names.ts'

describe('certificateNames', () => {
  test('gives names and addresses in lower case', () => {
    const { cert } = selfSigned({ names: ['Chat.Example.com', '*.example.com', '127.0.0.1'] })
    expect(certificateNames(new X509Certificate(cert))).toEqual([
      'chat.example.com',
      '*.example.com',
      '127.0.0.1',
    ])
  })

  test('gives none for a certificate with a subject alone, and for what cannot be read', () => {
    const { cert } = selfSigned({ subject: [['CN', 'chat.example.com']] })
    expect(describeCertificate({ cert, key: '' })).toEqual({ names: [], keyType: 'ec' })
    expect(describeCertificate({ cert: 'x', key: '' })).toEqual({ names: [], keyType: '' })
  })

  test('takes no name out of the inside of another', () => {
    const { cert } = selfSigned({ names: ['a.test, DNS:evil.test', 'b.test'] })
    expect(certificateNames(new X509Certificate(cert))).toEqual(['b.test'])
  })
})

test.each([
  ['a.test', 'a.test', true],
  ['a.test', 'b.test', false],
  ['*.a.test', 'x.a.test', true],
  ['*.a.test', 'x.y.a.test', false],
  ['*.a.test', 'a.test', false],
  ['*.a.test', '.a.test', false],
  ['*', 'test', false],
  ['x*.a.test', 'xy.a.test', false],
])('the name %s stands for %s: %s', (name, host, expected) => {
  expect(nameCovers(name, host)).toBe(expected)
})

describe('chooseCertificate', () => {
  const ec = (...names: string[]) => ({ names, keyType: 'ec' })
  const rsa = (...names: string[]) => ({ names, keyType: 'rsa' })
  const { choose } = chooseCertificate([
    ec('main.test'),
    ec('*.a.test'),
    ec('x.a.test', 'y.a.test'),
    rsa('main.test', 'x.a.test'),
    ec('x.a.test'),
  ])

  test.each([
    [undefined, [0, 3]],
    ['elsewhere.test', [0, 3]],
    ['main.test', [0, 3]],
    ['MAIN.test.', [0, 3]],
    ['z.a.test', [1]],
    ['x.a.test', [2, 3]],
    ['y.a.test', [2]],
    ['q.x.a.test', [0, 3]],
    ['a.test', [0, 3]],
    ['', [0, 3]],
    ['*.a.test', [1]],
  ])('for %s: %j', (name, expected) => {
    expect(choose(name)).toEqual(expected)
  })

  test('takes the first of several without a name', () => {
    expect(chooseCertificate([ec(), rsa()]).results).toEqual([[0]])
  })

  test('never chooses what is not in the list, nor two of one kind of key', () => {
    const name = fc.constantFrom('a.test', '*.a.test', 'b.a.test', 'c.test', '*.test')
    const certificate = fc.record({
      names: fc.array(name, { maxLength: 3 }),
      keyType: fc.constantFrom('ec', 'rsa'),
    })
    const check = (list: { names: string[]; keyType: string }[], asked: string | undefined) => {
      const { choose, results } = chooseCertificate(list)
      const chosen = choose(asked)
      expect(chosen.length).toBeGreaterThan(0)
      expect(results.map(String)).toContain(String(chosen))
      expect(new Set(chosen.map((index) => list[index]!.keyType)).size).toBe(chosen.length)
      const covers = (index: number) => list[index]!.names.some((own) => nameCovers(own, asked ?? ''))
      if (list.some((_, index) => covers(index))) expect(chosen.every(covers)).toBe(true)
    }
    fc.assert(
      fc.property(
        fc.array(certificate, { minLength: 1, maxLength: 5 }),
        fc.option(fc.constantFrom('a.test', 'b.a.test', 'c.test', 'd.test', 'x.y.test'), { nil: undefined }),
        check,
      ),
    )
  })
})
