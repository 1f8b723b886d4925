import { describe, expect, it } from 'vitest'
import { privateCodes, withoutPrivateCodes } from '../src/private-codes.ts'

const find = (id: string, code: number) =>
  privateCodes.find((row) => row.id === id)?.codes.find((row) => row.code === code)

describe('privateCodes', () => {
  it('has 21 ecosystems, each once, each with a link', () => {
    expect(privateCodes).toHaveLength(21)
    expect(new Set(privateCodes.map((row) => row.id)).size).toBe(21)
    for (const row of privateCodes) {
      expect(row.id).toMatch(/^[a-z-]+$/)
      expect(row.sources.length).toBeGreaterThan(0)
      for (const url of row.sources) expect(new URL(url).protocol).toBe('https:')
    }
  })

  it('has in each ecosystem at least one code, none twice, all named', () => {
    for (const row of privateCodes) {
      const numbers = row.codes.map((it) => it.code)
      expect(numbers.length, row.id).toBeGreaterThan(0)
      expect(new Set(numbers).size, row.id).toBe(numbers.length)
      for (const it of row.codes) {
        expect(it.name).not.toBe('')
        expect(it.code).toBeGreaterThanOrEqual(1000)
        expect(it.code).toBeLessThan(5000)
      }
    }
  })

  it('keeps the meanings of one number apart', () => {
    expect(find('graphql-ws', 4500)?.retry).toBe('stop')
    expect(find('spring', 4500)?.retry).toBe('reconnect')
    expect(find('discord', 4004)?.retry).toBe('stop')
    expect(find('pusher', 4200)?.retry).toBe('at-once')
  })

  it('knows ecosystems without codes, each once', () => {
    expect(new Set(withoutPrivateCodes.map((row) => row.id)).size).toBe(withoutPrivateCodes.length)
  })
})
