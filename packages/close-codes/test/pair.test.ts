import { describe, expect, it } from 'vitest'
import { closeCode, closeCodes, code } from '../src/index.ts'
import { aspects, menderOf, pairOf } from '../src/pair.ts'
import { pairNotes } from '../src/pair-notes.ts'
import { refusals } from '../src/receive-support.ts'
import { pairs } from './all-pairs.ts'

const notesOf = (a: number, b: number) => pairOf(closeCode(a)!, closeCode(b)!).notes.map(({ id }) => id)

describe('pairOf', () => {
  it('gives the same for both orders, the lower code first, for all 171 pairs', () => {
    expect(pairs).toHaveLength(171)
    for (const [a, b] of pairs) {
      expect(pairOf(b, a)).toEqual(pairOf(a, b))
      expect(pairOf(a, b).codes.map(({ code }) => code)).toEqual([a.code, b.code])
    }
  })

  it('puts no aspect into both lists, and finds a difference, and two things to say, for each pair', () => {
    for (const [a, b] of pairs) {
      const { differs, shares, notes } = pairOf(a, b)
      const all = [...differs, ...shares]
      expect(new Set(all).size, `${a.code} ${b.code}`).toBe(all.length)
      expect(aspects).toEqual(expect.arrayContaining(all))
      expect(differs.length, `${a.code} ${b.code}`).toBeGreaterThanOrEqual(1)
      expect(differs.length + notes.length, `${a.code} ${b.code}`).toBeGreaterThanOrEqual(2)
    }
  })

  it('agrees with the table in each column that it names', () => {
    for (const [a, b] of pairs) {
      const { differs } = pairOf(a, b)
      const differ = (aspect: (typeof aspects)[number]) => differs.includes(aspect)
      const what = `${a.code} ${b.code}`
      expect(differ('sender'), what).toBe(a.sentBy.join() !== b.sentBy.join())
      expect(differ('wire'), what).toBe(a.wire !== b.wire)
      expect(differ('comeBack'), what).toBe(JSON.stringify(a.advice) !== JSON.stringify(b.advice))
      expect(differ('http'), what).toBe(a.http.join() !== b.http.join())
      if (a.occasion && b.occasion) expect(differ('occasion'), what).toBe(a.occasion !== b.occasion)
      if (differ('mend')) expect(menderOf(a), what).not.toBe(menderOf(b))
    }
  })
})

describe('pairNotes', () => {
  it('says of two codes what they are to each other', () => {
    expect(notesOf(1001, 1012)).toEqual(['narrowerButRefused'])
    expect(notesOf(1008, 1009)).toEqual(['narrower'])
    expect(notesOf(1012, 1014)).toEqual(['oneEvent'])
    expect(notesOf(1000, 1001)).toEqual(['strands'])
    expect(notesOf(1012, 1013)).toEqual(['earlyReturn'])
    expect(notesOf(1002, 1014)).toEqual(['bothSides', 'refusedAs'])
    expect(notesOf(1006, 1014)).toEqual(['hiddenStatus', 'refusedAs'])
    expect(notesOf(1006, 1012)).toEqual(['unsaid', 'refusedAs'])
    expect(notesOf(1006, 1011)).toEqual(['diedFirst'])
    expect(notesOf(1005, 1008)).toEqual(['noNumber'])
    expect(notesOf(1006, 1015)).toEqual(['hiddenTls'])
    expect(notesOf(1003, 1007)).toEqual([])
  })

  it('fills in only codes of the pair, HTTP statuses of the table and counts of the support table', () => {
    for (const [a, b] of pairs) {
      for (const { args } of pairNotes(a, b)) {
        expect([args.x, args.y].sort()).toEqual([a.code, b.code].sort())
        if (args.http)
          expect([...a.http, ...b.http]).toEqual(expect.arrayContaining([...(args.http as number[])]))
        if (args.refusing)
          expect(refusals(args.y as number)).toEqual({ refusing: args.refusing, of: args.of })
      }
    }
  })
})

describe('the columns that comparisons read', () => {
  it('names a broader code that exists, is in RFC 6455, and has no broader one itself', () => {
    for (const row of closeCodes) {
      if (!row.broader) continue
      const broader = closeCode(code[row.broader])!
      expect(broader.code).toBeLessThan(1012)
      expect(broader.broader).toBeUndefined()
      expect(broader.occasion).toBe(row.occasion)
    }
  })

  it('says that a code travels exactly where it may', () => {
    for (const row of closeCodes) expect(row.wire === 'code', `${row.code}`).toBe(row.travels)
  })

  it('has an occasion for every code but 1004', () => {
    expect(closeCodes.filter((row) => row.occasion === undefined).map((row) => row.code)).toEqual([1004])
  })

  it('finds nothing to fix where an end was planned, and something everywhere else', () => {
    for (const row of closeCodes) {
      expect(row.mend === 'nothing', `${row.code}`).toBe(row.occasion === 'planned')
    }
  })

  it('has the registered delay of 1012, the one of the RFC for 1006, and the other address of 1013', () => {
    expect(closeCode(1012)?.asked).toEqual({ least: 5000, most: 30_000 })
    expect(closeCode(1006)?.asked).toEqual({ least: 0, most: 5000 })
    expect(closeCode(1013)?.asked).toBe('elsewhere')
    expect(closeCodes.filter((row) => row.asked !== 'nothing')).toHaveLength(3)
  })
})
