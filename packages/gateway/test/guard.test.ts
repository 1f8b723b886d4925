import { expect, test } from 'vitest'
import { attempt, guarded } from '../src/core/guard.ts'

test('a guarded callback gets its arguments, and hands none of its faults on', async () => {
  const seen: unknown[] = []
  const callback = guarded(
    (what: string, many: number) => {
      seen.push(what, many)
      if (what === 'throws') throw new Error('a')
      if (what === 'rejects') return Promise.reject(new Error('b'))
      return undefined
    },
    (error, what, many) => seen.push([(error as Error).message, what, many]),
  )
  callback('works', 1)
  callback('throws', 2)
  callback('rejects', 3)
  await Promise.resolve()
  await Promise.resolve()
  expect(seen).toEqual(['works', 1, 'throws', 2, ['a', 'throws', 2], 'rejects', 3, ['b', 'rejects', 3]])
})

test('a fault while a fault is handled goes no further either', () => {
  const fails = () => {
    throw new Error('again')
  }
  expect(() => attempt(fails, fails)).not.toThrow()
})
