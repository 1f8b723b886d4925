import { expect, test } from 'vitest'
import { formatBytes, formatDuration, type Io, painter, table } from '../src/output.ts'

function io(isTTY: boolean, env: Io['env'] = {}): Io {
  const stream = { write: () => {}, isTTY }
  return { stdout: stream, stderr: stream, env }
}

const plain = painter(io(false))

test('a table aligns text to the left and numbers to the right', () => {
  const text = table(
    plain,
    ['NAME', 'COUNT', 'NOTE'],
    [
      ['a', 5, 'x'],
      ['long name', 12345, 'yy'],
    ],
  )
  expect(text).toBe('NAME       COUNT  NOTE\na              5  x\nlong name  12345  yy\n')
})

test('a table takes the power to steer the terminal from its text', () => {
  expect(table(plain, ['A'], [['\x1b[2Jx\ny']])).toBe('A      \n\ufffd[2Jx\ufffdy\n'.replace('A      ', 'A'))
})

test('colours are for terminals without NO_COLOR only', () => {
  expect(painter(io(true))('red', 'x')).toBe('\x1b[31mx\x1b[39m')
  expect(painter(io(true, { NO_COLOR: '' }))('red', 'x')).toBe('\x1b[31mx\x1b[39m')
  expect(painter(io(true, { NO_COLOR: '1' }))('red', 'x')).toBe('x')
  expect(painter(io(false))('red', 'x')).toBe('x')
})

test('colours do not change the alignment', () => {
  const rows = [
    [{ text: 'ok', colour: 'green' as const }, 'x'],
    [{ text: 'broken', colour: 'red' as const }, 'y'],
  ]
  const bare = table(painter(io(true)), ['S', 'T'], rows).replace(/\x1b\[\d+m/g, '')
  expect(bare).toBe(table(plain, ['S', 'T'], rows))
})

test.each([
  [0, '0s'],
  [999, '0s'],
  [8000, '8s'],
  [60_000, '1m 0s'],
  [750_000, '12m 30s'],
  [7_500_000, '2h 5m'],
  [273_600_000, '3d 4h'],
])('formatDuration(%i) is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [12_897_485, '12.3 MiB'],
  [2 ** 50, '1024.0 TiB'],
])('formatBytes(%i) is %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})
