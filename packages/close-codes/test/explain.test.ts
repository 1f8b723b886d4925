import { describe, expect, it } from 'vitest'
import { codesOf, explain, factsOf, usesOf } from '../src/explain.ts'
import { adviceFor, closeCode, closeCodes, mayTravel, rangeOf } from '../src/index.ts'
import { privateCodes } from '../src/private-codes.ts'
import { en } from '../src/text/en.ts'
import { languages, strings } from './all-languages.ts'

describe.each(languages)('explain in $tag', (language) => {
  it('gives the facts, the words and the sources of every registered code', () => {
    for (const row of closeCodes) {
      const explanation = explain(row.code, language)
      expect(explanation).toMatchObject({ ...row, registered: true, language: language.tag })
      expect(explanation?.text).toMatchObject(language.codes[row.id])
    }
  })

  it('says of every other number which range it is in and what that means', () => {
    for (let n = 0; n <= 4999; n++) {
      if (closeCode(n)) continue
      const explanation = explain(n, language)
      const range = rangeOf(n)!
      expect(explanation).toMatchObject({ code: n, registered: false, range, travels: mayTravel(n) })
      expect(explanation?.text.meaning).toContain(`${range.from}-${range.to}`)
      expect(explanation?.text.meaning).toContain(language.ranges[range.id])
      expect(explanation?.advice).toEqual(adviceFor(n))
    }
  })

  it('puts every fact into words', () => {
    for (const row of closeCodes) {
      const facts = factsOf(row, language)
      expect(new Set(facts.map(({ label }) => label)).size).toBe(facts.length)
      for (const [, text] of strings(facts)) expect(text).not.toMatch(/^$|[{}]|undefined/)
    }
  })
})

describe('explain', () => {
  it('knows nothing outside the ranges', () => {
    for (const n of [-1, 5000, 99_999, 1000.5, Number.NaN]) expect(explain(n, en), `${n}`).toBeUndefined()
  })

  it('names those who use a private number, and those who use others of its range', () => {
    const explanation = explain(4001, en)!
    expect(explanation.ecosystems.map(({ id }) => id)).toContain('discord')
    expect(explanation.ecosystems.find(({ id }) => id === 'pandascore')).toMatchObject({
      name: 'Unauthorized',
      meaning: 'no token',
      retry: 'stop',
    })
    const others = explanation.registered ? [] : explanation.sameRange.map(({ id }) => id)
    expect(others).toContain('graphql-ws')
    expect(others).not.toContain('discord')
  })

  it('does not name those who only use registered numbers of a range', () => {
    const explanation = explain(2500, en)!
    expect(explanation.registered ? [] : explanation.sameRange.map(({ id }) => id)).toEqual(['sockjs'])
  })

  it('names those who use a registered number in their own sense', () => {
    expect(explain(3000, en)?.ecosystems.map(({ id }) => id)).toEqual([
      'centrifuge',
      'sockjs',
      'websocketpp',
      'openai',
    ])
  })
})

describe('codesOf and usesOf', () => {
  it('agree with each other and with the data', () => {
    for (const row of privateCodes) {
      const codes = codesOf(row, en)
      expect(codes.map(({ code, name, retry }) => ({ code, name, retry }))).toEqual(row.codes)
      for (const use of codes) expect(usesOf(use.code, en)).toContainEqual(use)
    }
  })
})

describe('factsOf', () => {
  const about = (n: number) => Object.fromEntries(factsOf(closeCode(n)!, en).map((it) => [it.label, it.text]))

  it('says of 1012 that it is planned, by whom, and who refuses it', () => {
    expect(about(1012)).toMatchObject({
      'Sent by': 'server, gateway',
      Occasion: 'planned',
      'On receipt': 'refused by 7 of 36 implementations',
      'HTTP equivalent': '503',
      'gRPC equivalent': 'UNAVAILABLE (14)',
    })
  })

  it('says of 1006 that nobody sends it, and nothing of its receipt', () => {
    expect(about(1006)['Sent by']).toMatch(/^nobody/)
    expect(about(1006)).not.toHaveProperty('On receipt')
    expect(about(1006)).not.toHaveProperty('From a script')
  })
})
