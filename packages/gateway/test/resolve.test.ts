import { fakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { type Lookup, resolveAgain, systemLookup } from '../src/upstream/resolve.ts'

/** Lookups that end when the test says so. */
function resolving() {
  const clock = fakeClock()
  const waiting: { resolve: (addresses: string[]) => void; reject: (error: unknown) => void }[] = []
  const names: string[] = []
  const seen: (string[] | string)[] = []
  const lookup: Lookup = (name) => {
    names.push(name)
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
  }
  const stop = resolveAgain({
    name: 'chat.internal',
    every: 10_000,
    lookup,
    clock,
    onAddresses: (addresses) => seen.push(addresses),
    onFailure: (words) => seen.push(words),
  })
  return { clock, waiting, names, seen, stop }
}

test('a name is looked up at once and again an interval after each answer', async () => {
  const { clock, waiting, names, seen } = resolving()
  expect(names).toEqual(['chat.internal'])
  waiting[0]!.resolve(['10.0.0.1', '10.0.0.2', '10.0.0.1'])
  await clock.advance(9_999)
  expect(names).toHaveLength(1)
  await clock.advance(1)
  expect(names).toHaveLength(2)
  expect(seen).toEqual([['10.0.0.1', '10.0.0.2']])
})

test.each([
  [Object.assign(new Error('getaddrinfo ENOTFOUND chat.internal'), { code: 'ENOTFOUND' }), 'name not found'],
  [
    Object.assign(new Error('getaddrinfo EAI_AGAIN chat.internal'), { code: 'EAI_AGAIN' }),
    'name lookup failed',
  ],
  [undefined, 'name lookup failed'],
])('a lookup that fails with %j is reported in words, and tried again', async (error, words) => {
  const { clock, waiting, names, seen } = resolving()
  waiting[0]!.reject(error)
  await clock.advance(10_000)
  expect(seen).toEqual([words])
  expect(names).toHaveLength(2)
})

test('an empty answer counts as a failure', async () => {
  const { clock, waiting, seen } = resolving()
  waiting[0]!.resolve([])
  await clock.advance(0)
  expect(seen).toEqual(['name not found'])
})

test('a lookup that hangs counts as failed after 5 s, keeps others away, and may still answer', async () => {
  const { clock, waiting, names, seen } = resolving()
  await clock.advance(60_000)
  expect(seen).toEqual(['name lookup took too long'])
  expect(names).toHaveLength(1)
  waiting[0]!.resolve(['10.0.0.1'])
  await clock.advance(10_000)
  expect(seen).toEqual(['name lookup took too long', ['10.0.0.1']])
  expect(names).toHaveLength(2)
})

test('a stopped resolver reports nothing and leaves no timer', async () => {
  const { clock, waiting, names, seen, stop } = resolving()
  stop()
  waiting[0]!.resolve(['10.0.0.1'])
  await clock.advance(60_000)
  expect({ seen, names: names.length, timers: clock.pending }).toEqual({ seen: [], names: 1, timers: 0 })
})

test('the system knows localhost', async () => {
  expect(await systemLookup('localhost')).toContain('127.0.0.1')
})
