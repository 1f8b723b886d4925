import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isWide, padEnd, textWidth } from '../src/text-width.ts'

test('text takes one cell a character, East Asian text two, combining marks none', () => {
  const widths: [string, number][] = [
    ['', 0],
    ['1012 Service Restart', 20],
    ['déjà', 4],
    ['de\u0301ja\u0300', 4],
    ['« oui »', 7],
    ['再接続', 6],
    ['「はい」。', 10],
    ['ｆｕｌｌ', 8],
    ['ﾊﾝｶｸ', 4],
    ['网关 1014', 9],
    ['한글', 4],
    ['0〜5秒', 6],
    ['5–30 秒', 7],
    ['“好”', 4],
    ['a\u200bb', 2],
    ['👍', 2],
    ['👩‍💻', 2],
  ]
  for (const [text, cells] of widths) expect(textWidth(text), text).toBe(cells)
})

test('the width of two texts side by side is the sum of theirs', () => {
  const words = fc.array(fc.constantFrom('a', 'é', ' ', '再', '。', '「', 'ー', '5', '`', '…'))
  fc.assert(
    fc.property(words, words, (a, b) => {
      const [one, other] = [a.join(''), b.join('')]
      expect(textWidth(one + other)).toBe(textWidth(one) + textWidth(other))
    }),
  )
})

test('padding fills up to the cells asked for and never cuts', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, cells) => {
      const padded = padEnd(text, cells)
      expect(padded.startsWith(text)).toBe(true)
      expect(textWidth(padded)).toBe(Math.max(cells, textWidth(text)))
    }),
  )
})

test('kana, Han, Hangul and full-width punctuation are wide; Latin and half-width forms are not', () => {
  for (const char of 'あア漢글、。（）～') expect(isWide(char), char).toBe(true)
  for (const char of 'aé1 «»“”–…ｱ') expect(isWide(char), char).toBe(false)
})
