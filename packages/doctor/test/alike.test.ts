import { expect, test } from 'vitest'
import { alike } from '../src/probe/alike.ts'
import type { HttpAnswer } from '../src/probe/answer.ts'

const answer = (status: number, body: string, type = 'text/html'): HttpAnswer => ({
  is: 'answer',
  status,
  headers: type === '' ? [] : [['Content-Type', type]],
  body,
})

const nginx = answer(404, '<html><head><title>404 Not Found</title></head><center>nginx</center></html>')

test.each([
  ['nothing at all', answer(426, '', ''), answer(426, '', '')],
  ['paths that differ', answer(404, 'Cannot GET /a/room-7'), answer(404, 'Cannot GET /holdfast-check-1b2c')],
  [
    'a type that was added on the way',
    answer(404, 'not here', ''),
    answer(404, 'not here', 'text/plain; charset=utf-8'),
  ],
])('answers are alike with %s', (_, a, b) => {
  expect(alike(a, b)).toBe(true)
})

test.each([
  ['status', answer(404, 'no'), answer(400, 'no')],
  ['type', answer(404, 'not found'), answer(404, 'not found', 'application/json')],
  ['words', nginx, answer(404, '<h1>This room does not exist</h1>')],
  ['kind', nginx, { is: 'silence' } as const],
])('answers are not alike when they differ in %s', (_, a, b) => {
  expect(alike(a, b)).toBe(false)
})
