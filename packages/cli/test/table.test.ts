import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Io, painter } from '../src/output.ts'
import { formatRate, layoutOf, shorten, table } from '../src/table.ts'
import { textWidth } from '../src/text-width.ts'

function io(isTTY: boolean, env: Io['env'] = {}, columns?: number): Io {
  const stream = { write: () => {}, isTTY, columns }
  return { stdout: stream, stderr: stream, env }
}

const plain = layoutOf(io(false))
const narrow = (width: number) => ({ ...plain, width })

test('a table aligns its columns, wide characters included', () => {
  const text = table(
    [{ title: 'NAME' }, { title: 'COUNT', right: true }, { title: 'NOTE' }],
    [
      ['a', 5, 'x'],
      ['長い名', 12345, 'yy'],
    ],
    plain,
  )
  expect(text).toBe('NAME     COUNT  NOTE\na            5  x\n長い名  12,345  yy\n')
})

test('a table takes the power to steer the terminal from its text', () => {
  expect(table([{ title: 'A' }], [['\x1b[2Jx\ny']], plain)).toBe('A\n\\x1b[2Jx\\x0ay\n')
})

test('colours do not change the alignment', () => {
  const columns = [{ title: 'S' }, { title: 'T' }]
  const rows = [
    [{ text: 'ok', colour: 'green' as const }, 'x'],
    [{ text: 'broken', colour: 'red' as const }, 'y'],
  ]
  const coloured = table(columns, rows, { paint: painter(io(true)), width: 80 })
  expect(coloured).toContain('\x1b[31mbroken\x1b[39m')
  expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(table(columns, rows, plain))
})

test('where there is no room the widest column is shortened, then spare columns go', () => {
  const columns = [
    { title: 'URL', cut: 'middle' as const },
    { title: 'ERROR', cut: 'end' as const },
    { title: 'N', right: true, spare: true },
  ]
  const rows = [['ws://a-long-name.example.com:3000', 'refused', 7]]
  const line = (width: number) => table(columns, rows, narrow(width)).split('\n')[1]
  expect(line(46)).toBe('ws://a-long-name.example.com:3000  refused  7')
  expect(line(32)).toBe('ws://a-lon….com:3000  refused  7')
  expect(line(18)).toBe('ws:/…3000  refused')
})

test('a table is never wider than its room, as long as its least columns fit', () => {
  const cell = fc.string({ unit: 'grapheme', maxLength: 40 })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, fc.nat())),
      fc.integer({ min: 20, max: 120 }),
      (rows, width) => {
        const columns = [
          { title: 'A', cut: 'end' as const },
          { title: 'B', cut: 'middle' as const },
          { title: 'C', right: true, spare: true },
        ]
        const lines = table(columns, rows, narrow(width)).trimEnd().split('\n')
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width)
      },
    ),
  )
})

test.each([
  ['ws://10.0.0.1:3000', 18, 'middle', 'ws://10.0.0.1:3000'],
  ['ws://10.0.0.1:3000', 11, 'middle', 'ws://…:3000'],
  ['connection refused', 10, 'end', 'connectio…'],
  ['日本語の名前', 7, 'end', '日本語…'],
  ['日本語の名前', 6, 'end', '日本…'],
] as const)('shorten(%j, %i, %s) is %j', (text, width, where, short) => {
  expect(shorten(text, width, where)).toBe(short)
})

test.each([
  [0, '0'],
  [0.04, '<0.1'],
  [9.94, '9.9'],
  [9.96, '10'],
  [12_345.6, '12,346'],
])('formatRate(%f) is %s', (rate, text) => {
  expect(formatRate(rate)).toBe(text)
})

test('a terminal gives the room its width; elsewhere nothing is cut', () => {
  expect(layoutOf(io(true, {}, 72)).width).toBe(72)
  expect(layoutOf(io(true, { COLUMNS: '50' })).width).toBe(50)
  expect(layoutOf(io(true)).width).toBe(80)
  expect(layoutOf(io(false, { COLUMNS: '50' })).width).toBe(Number.POSITIVE_INFINITY)
})
