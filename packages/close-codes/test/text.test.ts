import { describe, expect, it } from 'vitest'
import { adviceFor, closeCode, closeCodes, code, maxReasonBytes, maxRetry, ranges } from '../src/index.ts'
import { sources } from '../src/sources.ts'
import { en } from '../src/text/en.ts'
import type { Language } from '../src/text/language.ts'

const languages: Language[] = [en]

/** The shape of a language: every path to a string, with the length of each list. */
function paths(value: unknown, path = ''): string[] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) => paths(inner, `${path}.${key}`))
  }
  return [path]
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : []
}

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
    for (const words of strings(language)) {
      expect(words).not.toBe('')
      expect(words).toBe(words.trim())
      expect(words).not.toMatch(/ {2}|\n/)
    }
    for (const row of closeCodes) {
      const { retry, ...text } = language.codes[row.id]
      const all = strings(text)
      expect(new Set(all).size, `${row.code}`).toBe(all.length)
      for (const lines of [text.howToFix, text.causes, text.pitfalls]) expect(lines.length).toBeGreaterThan(0)
      expect(strings(retry)).toHaveLength(3)
    }
  })

  it('closes every backtick', () => {
    for (const words of strings(language)) expect(words.split('`').length % 2, words).toBe(1)
  })

  it('has the strings that English has, list by list', () => {
    expect(paths(language)).toEqual(paths(en))
  })

  it('states advice as sentences with the numbers of the table', () => {
    const after = adviceFor(1013)
    expect(after.action === 'reconnect' && language.labels.reconnect(after.delay)).toMatch(/5.*30.*120/)
    expect(after.action === 'reconnect' && language.labels.reconnectShort(after.delay)).toMatch(/5.*30.*120/)
  })

  it('states the limits of a reason as the code has them', () => {
    const words = language.page.reasonsText.join(' ')
    expect(words).toContain(`${maxReasonBytes}`)
    expect(words).toContain(`${maxRetry}`)
  })

  it('gives both delays of 1012', () => {
    expect(language.codes.serviceRestart.retry.registered).toContain('5-30')
    expect(language.codes.serviceRestart.retry.practice).toContain('1-5')
  })
})

describe('text in en', () => {
  it('ends every sentence of a code with a full stop', () => {
    for (const words of strings(en.codes)) expect(words, words).toMatch(/[.:]$/)
  })

  it('mends 1014 by reason, health, port and upgrade routing', () => {
    const steps = en.codes.badGateway.howToFix.join('\n')
    for (const word of ['reason', 'health', 'port', 'upgrades', 'Upgrade', '101'])
      expect(steps).toContain(word)
  })
})

describe('sources', () => {
  it('has, for every code, its definition among distinct https links', () => {
    expect(Object.keys(sources)).toEqual(Object.keys(code))
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
