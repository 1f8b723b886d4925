import { describe, expect, it } from 'vitest'
import { adviceFor, closeCode, closeCodes, code, maxReasonBytes, maxRetry, ranges } from '../src/index.ts'
import { adviceSentence, adviceShort } from '../src/phrases.ts'
import { sources } from '../src/sources.ts'
import { en } from '../src/text/en.ts'
import { languages, strings } from './all-languages.ts'

const paths = (value: unknown) => strings(value).map(([path]) => path)
const texts = (value: unknown) => strings(value).map(([, text]) => text)

/** The places that a text keeps for values, sorted: {n}. */
const places = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()

describe.each(languages)('text in $tag', (language) => {
  it('has words for exactly the registered codes', () => {
    expect(Object.keys(language.codes).sort()).toEqual(Object.keys(code).sort())
  })

  it('has words for every range and for a number outside', () => {
    expect(Object.keys(language.ranges).sort()).toEqual(
      [...ranges.map((range) => range.id), 'outside'].sort(),
    )
  })

  it('has no string that is empty, padded or doubled inside a code', () => {
    for (const words of texts(language)) {
      expect(words).not.toBe('')
      expect(words).toBe(words.trim())
      expect(words).not.toMatch(/ {2}|\n/)
    }
    for (const row of closeCodes) {
      const { retry, ...text } = language.codes[row.id]
      const all = texts(text)
      expect(new Set(all).size, `${row.code}`).toBe(all.length)
      for (const lines of [text.howToFix, text.causes, text.pitfalls]) expect(lines.length).toBeGreaterThan(0)
      expect(texts(retry)).toHaveLength(3)
    }
  })

  it('closes every backtick', () => {
    for (const words of texts(language)) expect(words.split('`').length % 2, words).toBe(1)
  })

  it('has the strings that English has, list by list', () => {
    expect(paths(language).sort()).toEqual(paths(en).sort())
  })

  it('keeps the same places for values in every string', () => {
    const english = new Map(strings(en))
    for (const [path, text] of strings(language)) {
      expect(places(text), path).toEqual(places(english.get(path) ?? ''))
    }
  })

  it('states advice as sentences with the numbers of the table', () => {
    expect(adviceSentence(adviceFor(1013), language)).toMatch(/`retry=`.*5.*30.*120/)
    expect(adviceShort(adviceFor(1013), language)).toMatch(/5.*30.*120/)
    expect(adviceSentence(adviceFor(1000), language)).toBe(language.labels.stop)
  })

  it('states the limits of a reason as the code has them', () => {
    const words = language.page.reasonsText.join(' ')
    expect(words).toContain(`${maxReasonBytes}`)
    expect(words).toContain(`${maxRetry}`)
  })

  it('gives both delays of 1012, each with where it comes from', () => {
    const { registered, practice, holdfast } = language.codes.serviceRestart.retry
    expect(registered).toMatch(/(?<!\d)5\D{1,3}30\D.*RFC 6455/)
    expect(practice).toMatch(/(?<!\d)1\D{1,3}5\D.*Socket\.IO.*reconnecting-websocket/)
    expect(holdfast).toContain('`retry=`')
  })
})

describe('text in en', () => {
  it('ends every sentence of a code with a full stop', () => {
    for (const words of texts(en.codes)) expect(words, words).toMatch(/[.:]$/)
  })

  it('mends 1014 by reason, health, port and upgrade routing', () => {
    const steps = en.codes.badGateway.howToFix.join('\n')
    for (const word of ['reason', 'health', 'port', 'upgrades', 'Upgrade', '101'])
      expect(steps).toContain(word)
  })
})

describe('sources', () => {
  it('has, for every code, its definition among distinct https links', () => {
    expect(Object.keys(sources)).toEqual(closeCodes.map(({ id }) => id))
    for (const row of closeCodes) {
      const urls = sources[row.id].map((source) => source.url)
      expect(urls, `${row.code}`).toContain(row.reference.url)
      expect(new Set(urls).size).toBe(urls.length)
      for (const { title, url } of sources[row.id]) {
        expect(title).not.toBe('')
        expect(new URL(url).protocol).toBe('https:')
      }
    }
  })

  it('gives the post that the registry cites for 1012 and 1013', () => {
    expect(closeCode(1012)?.reference).toBe(closeCode(1013)?.reference)
  })
})
