import { expect, test } from 'vitest'
import { formatBytes, formatDuration, type Io, painter } from '../src/output.ts'

function io(isTTY: boolean, env: Io['env'] = {}): Io {
  const stream = { write: () => {}, isTTY }
  return { stdout: stream, stderr: stream, env }
}

test('colours are for terminals without NO_COLOR only', () => {
  expect(painter(io(true))('red', 'x')).toBe('\x1b[31mx\x1b[39m')
  expect(painter(io(true, { NO_COLOR: '' }))('red', 'x')).toBe('\x1b[31mx\x1b[39m')
  expect(painter(io(true, { NO_COLOR: '1' }))('red', 'x')).toBe('x')
  expect(painter(io(false))('red', 'x')).toBe('x')
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
