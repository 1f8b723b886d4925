import { expect, test } from 'vitest'
import { listenerKeys } from '../src/worker/worker-messages.ts'

test('listeners are named by their address, several of one address by their order', () => {
  const port = (host: string, port: number) => ({ host, port })
  const listeners = [port('127.0.0.1', 0), port('::1', 0), port('127.0.0.1', 0), port('127.0.0.1', 80)]
  expect(listenerKeys(listeners)).toEqual(['127.0.0.1:0', '[::1]:0', '127.0.0.1:0#2', '127.0.0.1:80'])
})
