import { expect, test } from 'vitest'
import { listeningLine } from '../src/start-holdfast.ts'

test('the listening line gives every address and the admin API', () => {
  expect(
    listeningLine('holdfast listening on ws://127.0.0.1:8080 (admin http://127.0.0.1:10120) (pid 7)'),
  ).toEqual({
    urls: ['ws://127.0.0.1:8080'],
    admin: 'http://127.0.0.1:10120',
  })
  expect(listeningLine('holdfast listening on ws://[::1]:80, wss://0.0.0.0:443 (pid 7)')).toEqual({
    urls: ['ws://[::1]:80', 'wss://0.0.0.0:443'],
    admin: undefined,
  })
  expect(listeningLine('something else')).toBeUndefined()
})
