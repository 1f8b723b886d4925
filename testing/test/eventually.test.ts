import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { Changes } from '../src/changes.ts'
import { awaitedLater, eventually, within } from '../src/eventually.ts'
import { once } from '../src/once.ts'

test('eventually resolves with the value as soon as a change brings it', async () => {
  const changes = new Changes()
  let value = ''
  const found = changes.until('a value', () => value)
  changes.notify()
  value = 'here'
  changes.notify()
  expect(await found).toBe('here')
})

test('eventually fails past its limit and says what it saw', async () => {
  const state = { open: 3 }
  const wait = eventually('5 open connections', () => state.open === 5, { limit: 30, detail: () => state })
  await expect(wait).rejects.toThrow('not within 30 ms: 5 open connections; seen: {"open":3}')
})

test('eventually does not miss a change that comes during an asynchronous look', async () => {
  const changes = new Changes()
  let ready = false
  const found = changes.until('ready', async () => {
    const seen = ready
    if (!seen) {
      ready = true
      changes.notify()
    }
    await Promise.resolve()
    return seen
  })
  expect(await found).toBe(true)
})

test('once fails at once on an error, and leaves no listener behind', async () => {
  const emitter = new EventEmitter()
  const wait = once(emitter, 'ready')
  emitter.emit('error', new Error('broken'))
  await expect(wait).rejects.toThrow('broken')
  expect(emitter.eventNames()).toEqual([])
})

test('within fails when a promise takes too long', async () => {
  await expect(within(10, 'a promise', new Promise(() => {}))).rejects.toThrow('not within 10 ms: a promise')
})

test('what is awaited later fails for who awaits it, and for nobody else', async () => {
  const unhandled: unknown[] = []
  const listener = (reason: unknown) => unhandled.push(reason)
  process.prependListener('unhandledRejection', listener)
  const failing = awaitedLater(Promise.reject(new Error('as it must')))
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', listener)
  expect(unhandled).toEqual([])
  await expect(failing).rejects.toThrow('as it must')
})
