import { expect, test } from 'vitest'
import { columnsFor, headRow, sceneRow, together } from '../../src/demo/fault-table.ts'
import type { Seen } from '../../src/demo/observe.ts'

const plain = (_: string, text: string) => text
const seen = (more: Partial<Seen>): Seen[] => [{ reason: '', at: 0, ...more }]

const scene = {
  title: 'backend answers 503, Retry-After: 7',
  seen: {
    direct: seen({ code: 1006, status: 503 }),
    nginx: seen({ waited: 4000 }),
    holdfast: seen({ code: 1014, reason: 'bad gateway: upstream connection lost' }),
  },
}

test('a scene is one line where there is room', () => {
  const columns = columnsFor(120, true, plain)
  const row = sceneRow(scene, columns)
  expect(row.trimEnd().split(/ {2,}/)).toEqual([
    'backend answers 503, Retry-After: 7',
    '1006 (HTTP 503)',
    'nothing for 4 s',
    '1014 bad gateway: upstream connection lost',
  ])
  expect(headRow(columns).indexOf('through Holdfast')).toBe(row.indexOf('1014'))
})

test.each([60, 80, 100, 120])('no line of a table for %i columns is longer, and no word is lost', (width) => {
  for (const hasNginx of width < 80 ? [false] : [true, false]) {
    const columns = columnsFor(width, hasNginx, plain)
    const lines = (headRow(columns) + sceneRow(scene, columns)).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
    for (const word of ['Retry-After:', '(HTTP', 'upstream', 'lost']) expect(lines.join('\n')).toContain(word)
  }
})

test('without nginx its column is left out', () => {
  expect(sceneRow(scene, columnsFor(120, false, plain))).not.toContain('nothing for 4 s')
})

test('a way that is not there is a dash', () => {
  expect(sceneRow({ ...scene, seen: {} }, columnsFor(120, false, plain))).toMatch(/7 +- +-\n$/)
})

test('a close that somebody sent is green; silence and 1006 are red', () => {
  const row = sceneRow(
    scene,
    columnsFor(120, true, (colour, text) => `<${colour} ${text}>`),
  )
  expect(row).toContain('<red 1006 (HTTP 503)>')
  expect(row).toContain('<red nothing for 4 s>')
  expect(row).toContain('<green 1014 bad gateway: upstream connection lost>')
})

test('several clients that were told the same are one text with the range of their delays', () => {
  const told = [1100, 4200, 2300].map((retry, i) => ({
    code: 1012,
    reason: `service restart; retry=${retry}`,
    at: 1000 * i,
  }))
  expect(together(told)).toBe('1012 service restart; retry=1100 to 4200 (3 clients, over 2.0 s)')
})

test('several clients that were told different things are all there', () => {
  const told = [
    { code: 1012, reason: '', at: 0 },
    { code: 1006, reason: '', at: 10 },
  ]
  expect(together(told)).toBe('1012, 1006 (2 clients, at once)')
})
