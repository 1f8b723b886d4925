import { privateCodes } from '@holdfast/close-codes/private-codes'
import { expect, test } from 'vitest'
import { countedCode } from '../src/core/counted-code.ts'

const all = Array.from({ length: 5000 }, (_, code) => code)

test('registered codes, those of known ecosystems and those of the route keep their own count', () => {
  expect(countedCode(1012, [])).toBe('1012')
  expect(countedCode(3000, [])).toBe('3000')
  for (const { codes } of privateCodes) {
    for (const { code } of codes) expect(countedCode(code, [])).toBe(String(code))
  }
  expect(countedCode(4987, [4987])).toBe('4987')
})

test('all others are counted together, by their thousand', () => {
  expect(countedCode(4987, [])).toBe('4xxx')
  expect(countedCode(3999, [4987])).toBe('3xxx')
  expect(countedCode(2999, [])).toBe('2xxx')
  expect(new Set(all.map((code) => countedCode(code, []))).size).toBeLessThan(250)
})
