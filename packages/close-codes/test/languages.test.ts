import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fill } from '../src/fill.ts'
import { languageTags, loadLanguage } from '../src/languages.ts'
import { anyOf, inARow, labelled, listOf, secondsIn, spanIn } from '../src/phrases.ts'
import { en } from '../src/text/en.ts'
import { languages } from './all-languages.ts'

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

describe('languages', () => {
  it('are the seven, English first', () => {
    expect(languageTags).toEqual(['en', 'fr', 'de', 'es', 'pt', 'ja', 'zh'])
  })

  it('each have an entry of the package, and each entry is a language', () => {
    const entries = Object.keys(manifest.exports).filter((entry) => entry.startsWith('./text/'))
    expect(entries).toEqual(languageTags.map((tag) => `./text/${tag}`))
  })

  it('load under their own tag, with a name of their own', async () => {
    for (const tag of languageTags) expect((await loadLanguage(tag)).tag).toBe(tag)
    expect(await loadLanguage('en')).toBe(en)
    expect(new Set(languages.map(({ name }) => name)).size).toBe(7)
  })
})

describe('phrases', () => {
  const say = <T>(phrase: (language: (typeof languages)[number]) => T) =>
    Object.fromEntries(languages.map((language) => [language.tag, phrase(language)]))

  it('write a stretch of seconds as each language does', () => {
    expect(say((language) => spanIn({ least: 500, most: 20_000 }, language))).toEqual({
      en: '0.5-20 s',
      fr: '0,5 à 20 s',
      de: '0,5–20 s',
      es: '0,5-20 s',
      pt: '0,5-20 s',
      ja: '0.5〜20秒',
      zh: '0.5–20 秒',
    })
    expect(secondsIn(30_000, en)).toBe('30 s')
  })

  it('offer a choice of numbers', () => {
    expect(say((language) => anyOf([403, 401, 400], language))).toEqual({
      en: '403, 401 or 400',
      fr: '403, 401 ou 400',
      de: '403, 401 oder 400',
      es: '403, 401 o 400',
      pt: '403, 401 ou 400',
      ja: '403、401または400',
      zh: '403、401 或 400',
    })
    expect(anyOf([502], en)).toBe('502')
    expect(anyOf([], en)).toBe('')
  })

  it('join words, labels and sentences', () => {
    expect(say((language) => listOf(['a', 'b', 'c'], language))).toMatchObject({
      en: 'a, b, c',
      ja: 'a、b、c',
    })
    expect(say((language) => labelled('A', 'b', language))).toMatchObject({ fr: 'A\u00a0: b', zh: 'A：b' })
    expect(say((language) => inARow('A.', 'B.', language))).toMatchObject({ de: 'A. B.', ja: 'A.B.' })
    expect(listOf([], en)).toBe('')
  })
})

describe('fill', () => {
  it('fills in each place once, and leaves what it has no value for', () => {
    expect(fill('{a} and {b}, {a}', { a: 1, b: '{a}' })).toBe('1 and {a}, 1')
    expect(fill('{unknown}', {})).toBe('{unknown}')
  })
})
