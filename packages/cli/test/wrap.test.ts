import { languageTags, loadLanguage } from '@holdfast/close-codes/languages'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textWidth } from '../src/text-width.ts'
import { wrap } from '../src/wrap.ts'

const noSpaces = (text: string) => text.replaceAll(' ', '')

/** Texts of words, code and punctuation as they come in the reference. */
const texts = fc
  .array(
    fc.constantFrom(
      ...[
        'close',
        'a',
        '1012',
        'reconnecting-websocket',
        '`retry=`',
        '`curl -i HOST`',
        '5-30 s',
        'été\u00a0:',
        '«\u00a0oui\u00a0»',
      ],
      ...[
        '再接続します。',
        '「はい」',
        '、',
        '1〜5秒',
        '随机等待 5–30 秒',
        '（如 1012）',
        '`close()`を',
        '，',
        '。',
        '网关',
      ],
    ),
    { maxLength: 40 },
  )
  .chain((words) =>
    fc.array(fc.constantFrom('', ' '), { minLength: words.length, maxLength: words.length }).map((gaps) =>
      words
        .map((word, i) => word + gaps[i])
        .join('')
        .trim()
        .replace(/ +/g, ' '),
    ),
  )

describe('wrap', () => {
  it('breaks at spaces', () => {
    expect(wrap('the server goes away on purpose', 12)).toEqual(['the server', 'goes away on', 'purpose'])
    expect(wrap('short', 80)).toEqual(['short'])
    expect(wrap('', 80)).toEqual([''])
  })

  it('breaks Chinese and Japanese between characters, two cells each', () => {
    expect(wrap('再接続します', 8)).toEqual(['再接続し', 'ます'])
    expect(wrap('服务正在重启', 4)).toEqual(['服务', '正在', '重启'])
  })

  it('begins no line with what closes and ends none with what opens', () => {
    expect(wrap('再接続します。', 12)).toEqual(['再接続しま', 'す。'])
    expect(wrap('あいう「えお」', 8)).toEqual(['あいう', '「えお」'])
    expect(wrap('网关（如图）', 6)).toEqual(['网关', '（如', '图）'])
  })

  it('keeps code, and a number with what it counts, in one piece', () => {
    expect(wrap('wait `no answer in 5 s` long', 18)).toEqual(['wait', '`no answer in 5 s`', 'long'])
    expect(wrap('it waits up to 30 s', 17)).toEqual(['it waits up to', '30 s'])
    expect(wrap('最大30秒です', 6)).toEqual(['最大', '30秒で', 'す'])
    expect(wrap('最大30秒です', 5)).toEqual(['最大', '30秒', 'です'])
    expect(wrap('`close()`を呼ぶ', 10)).toEqual(['`close()`', 'を呼ぶ'])
  })

  it('keeps no-break spaces', () => {
    expect(wrap('voici\u00a0: un mot', 8)).toEqual(['voici\u00a0:', 'un mot'])
  })

  it('leaves a word that is longer than a line uncut, on a line of its own', () => {
    expect(wrap('see https://example.com/path now', 10)).toEqual(['see', 'https://example.com/path', 'now'])
    expect(wrap('`a very long piece of code`', 10)).toEqual(['`a very', 'long piece', 'of code`'])
  })

  it('loses and adds nothing but spaces, at any width', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 100 }), (text, width) => {
        expect(noSpaces(wrap(text, width).join(''))).toBe(noSpaces(text))
      }),
    )
  })

  it('keeps each line within the width, unless it is one piece that cannot be broken', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 100 }), (text, width) => {
        for (const line of wrap(text, width)) {
          if (textWidth(line) > width) expect(wrap(line, width)).toEqual([line])
        }
      }),
    )
  })

  it('is stable: a line that fits is not broken again', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 24, max: 100 }), (text, width) => {
        for (const line of wrap(text, width)) expect(wrap(line, width)).toEqual([line])
      }),
    )
  })

  it('pads no line', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 100 }), (text, width) => {
        for (const line of wrap(text, width)) expect(line).toBe(line.replace(/^ | $/g, ''))
      }),
    )
  })

  it('fits every paragraph of the reference in every language into 40 cells', async () => {
    for (const tag of languageTags) {
      const { codes } = await loadLanguage(tag)
      for (const { description, whenSeen, howToFix, retry } of Object.values(codes)) {
        for (const text of [description, whenSeen, ...howToFix, ...Object.values(retry)]) {
          for (const line of wrap(text, 40)) {
            expect(textWidth(line), line).toBeLessThanOrEqual(40)
            expect(line).not.toMatch(/^[、。，．：；？！）」”]/)
          }
        }
      }
    }
  })
})
