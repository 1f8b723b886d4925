import { describe, expect, it } from 'vitest'
import { type Comparison, compare } from '../src/compare.ts'
import { type CloseCode, closeCode, closeCodes } from '../src/index.ts'
import { pairOf } from '../src/pair.ts'
import { refusals } from '../src/receive-support.ts'
import { en } from '../src/text/en.ts'
import { languages, strings } from './all-languages.ts'
import { pairs } from './all-pairs.ts'

const has = (text: string, n: number) => new RegExp(`(?<!\\d)${n}(?!\\d)`).test(text)

const numbersIn = (text: string) => (text.match(/\d+/g) ?? []).map(Number)

const written = ({ title, says, differences, common, uses, notes }: Comparison) =>
  [title, ...[...says, ...differences, ...uses].map(({ text }) => text), ...common, ...notes].join('\n')

/** Runs of six words, or of sixteen characters where words have no spaces between. */
function runs(text: string, tag: string): string[] {
  const parts = tag === 'ja' || tag === 'zh' ? [...text] : text.toLowerCase().split(/\s+/)
  const length = tag === 'ja' || tag === 'zh' ? 16 : 6
  return parts.slice(length - 1).map((_, i) => parts.slice(i, i + length).join(' '))
}

describe.each(languages)('compare in $tag', (language) => {
  const all = pairs.map(([a, b]) => ({ a, b, comparison: compare(a, b, language) }))

  it('is the same for both orders', () => {
    for (const { a, b, comparison } of all) expect(compare(b, a, language)).toEqual(comparison)
  })

  it('names both codes in the title, with their registered names, and in every difference', () => {
    for (const { a, b, comparison } of all) {
      for (const { code, name } of [a, b]) {
        expect(comparison.title).toContain(`${code} ${name}`)
        for (const { text } of comparison.differences) expect(has(text, code), text).toBe(true)
      }
      expect(comparison.says.map(({ code }) => code)).toEqual([a.code, b.code])
      expect(comparison.uses.map(({ code }) => code)).toEqual([a.code, b.code])
    }
  })

  it('has a sentence for each fact that differs, under a label of its own', () => {
    for (const { a, b, comparison } of all) {
      const { differs } = pairOf(a, b)
      expect(comparison.differences.map(({ aspect }) => aspect)).toEqual(differs)
      expect(new Set(comparison.differences.map(({ label }) => label)).size).toBe(differs.length)
      for (const { label, text } of comparison.differences) {
        expect(label).not.toBe('')
        expect(text).toMatch(/[.。]$/)
      }
    }
  })

  it('leaves no place unfilled', () => {
    for (const { comparison } of all) expect(written(comparison)).not.toMatch(/[{}]|undefined|NaN|\[object/)
  })

  it('says of no two pairs the same', () => {
    const seen = all.map(({ comparison }) => JSON.stringify(comparison.differences))
    expect(new Set(seen).size).toBe(pairs.length)
  })

  it('repeats neither the descriptions nor the meanings', () => {
    for (const { a, b, comparison } of all) {
      const known = [a, b].flatMap(({ id }) => {
        const { meaning, description } = language.codes[id]
        return [...runs(meaning, language.tag), ...runs(description, language.tag)]
      })
      const own = [
        ...comparison.differences.map(({ text }) => text),
        ...comparison.common,
        ...comparison.notes,
      ]
      const repeated = own.flatMap((text) => runs(text, language.tag)).filter((run) => known.includes(run))
      expect(repeated, `${a.code} ${b.code}`).toEqual([])
    }
  })

  it('has the numbers of the table and of English, and no others', () => {
    for (const { a, b, comparison } of all) {
      const english = compare(a, b, en)
      comparison.differences.forEach(({ text }, i) => {
        const sorted = (numbers: number[]) => numbers.sort((x, y) => x - y)
        expect(sorted(numbersIn(text)), text).toEqual(sorted(numbersIn(english.differences[i]?.text ?? '')))
      })
    }
  })

  it('speaks of what both share, and of nothing that differs', () => {
    const none = [language.comparison.both.http.none, language.comparison.both.sender.nobody]
    for (const { a, b, comparison } of all) {
      if (a.http.join() !== b.http.join()) expect(comparison.common).not.toContain(none[0])
      if (a.travels || b.travels) expect(comparison.common).not.toContain(none[1])
      expect(new Set(comparison.common).size).toBe(comparison.common.length)
    }
  })

  it('uses every string that it has', () => {
    const everything = all.map(({ comparison }) => written(comparison)).join('\n')
    for (const [path, template] of strings(language.comparison)) {
      if (['differences', 'common', 'choice'].includes(path)) continue
      // The first letter may have become a capital, and two clauses stand in one sentence.
      const parts = template.split(/\{\w+\}/).map((part) => part.trim().slice(1))
      const longest = parts.sort((a, b) => b.length - a.length)[0] ?? ''
      expect(everything.includes(longest), `${path}: ${template}`).toBe(true)
    }
  })
})

describe('compare and the table', () => {
  const difference = (a: CloseCode, b: CloseCode, aspect: string) =>
    compare(a, b, en).differences.find((it) => it.aspect === aspect)?.text

  /** The part of a sentence that is about a code. */
  const about = (text: string | undefined, n: number) =>
    text?.split(/[;:]/).find((part) => has(part, n)) ?? ''

  it('gives the delays that the advice has', () => {
    for (const [a, b] of pairs) {
      const text = difference(a, b, 'comeBack')
      if (text === undefined) continue
      for (const { code, advice } of [a, b]) {
        if (advice.action === 'stop') expect(about(text, code)).toContain('does not reconnect')
        else {
          const { least, most, cap } = advice.delay
          expect(text).toContain(`${least / 1000}-${most / 1000} s`)
          expect(text).toContain(`${cap / 1000} s`)
        }
      }
    }
  })

  it('gives the HTTP statuses of each code', () => {
    for (const [a, b] of pairs) {
      const text = difference(a, b, 'http')
      if (text === undefined) continue
      for (const row of [a, b]) for (const status of row.http) expect(has(text, status), text).toBe(true)
      const statuses = numbersIn(text).filter((n) => n < 600)
      expect(
        statuses.every((n) => [...a.http, ...b.http].includes(n)),
        text,
      ).toBe(true)
    }
  })

  it('gives how many implementations refuse each code', () => {
    for (const [a, b] of pairs) {
      const text = difference(a, b, 'support')
      if (text === undefined) continue
      for (const { code } of [a, b]) {
        const { refusing } = refusals(code)
        if (refusing > 0) expect(has(text, refusing), text).toBe(true)
      }
    }
  })

  it('gives the senders of each code', () => {
    for (const [a, b] of pairs) {
      const text = difference(a, b, 'sender')
      if (text === undefined) continue
      for (const { code, sentBy } of [a, b]) {
        const words = about(text, code)
        if (sentBy.length === 0) expect(words).toMatch(/nobody/i)
        if (sentBy.includes('gateway')) expect(words).toContain('gateway')
        if (sentBy.length === 1) expect(words).toContain('only')
      }
    }
  })

  it('says planned of what is planned, and of nothing else', () => {
    for (const [a, b] of pairs) {
      const text = difference(a, b, 'occasion')
      if (text === undefined) continue
      for (const { code, occasion } of [a, b]) {
        expect(about(text, code).includes('planned'), text).toBe(occasion === 'planned')
      }
    }
  })
})

describe('the pairs that are read most', () => {
  const read = (a: number, b: number) => written(compare(closeCode(a)!, closeCode(b)!, en))

  it('tell 1012 from 1014: a plan of the server, or a fault behind the gateway', () => {
    const text = read(1012, 1014)
    for (const part of [
      '1012 is planned; 1014 reports a fault',
      'behind the gateway',
      '5-30 s',
      '1-5 s',
      '502',
    ]) {
      expect(text).toContain(part)
    }
    expect(text).toContain('7 of 36')
    expect(text).toContain('1014 by 15')
  })

  it('tell 1001 from 1012: leaving, or restarting', () => {
    expect(read(1001, 1012)).toContain('1012 says more than 1001')
  })

  it('tell 1006 from 1014: what a page sees, and what a gateway can say', () => {
    expect(read(1006, 1014)).toContain('HTTP 502, and a page sees only 1006')
  })

  it('tell 1000 from 1001: final, or not', () => {
    expect(read(1000, 1001)).toContain('leaves its clients disconnected')
  })

  it('cover each code of the table in some note', () => {
    const noted = new Set(
      pairs.flatMap(([a, b]) => (compare(a, b, en).notes.length > 0 ? [a.code, b.code] : [])),
    )
    expect(closeCodes.map(({ code }) => code).filter((n) => !noted.has(n))).toEqual([1004])
  })
})
