import { expect, test } from 'vitest'
import { Screen } from '../../src/demo/screen.ts'

function screenOn(stdout: object, env: Record<string, string> = {}) {
  const written: string[] = []
  const stream = { write: (text: string) => written.push(text), ...stdout }
  return { screen: new Screen({ stdout: stream, stderr: stream, env }), written }
}

const terminal = { isTTY: true, columns: 80, rows: 24 }

test('a screen without a terminal shows nothing and prints plainly', () => {
  const { screen, written } = screenOn({})
  screen.show(['one'])
  screen.print('two\n')
  expect({ live: screen.live, written }).toEqual({ live: false, written: ['two\n'] })
})

test('a dumb terminal and one with few rows are not drawn on', () => {
  expect(screenOn(terminal, { TERM: 'dumb' }).screen.live).toBe(false)
  expect(screenOn({ ...terminal, rows: 10 }).screen.live).toBe(false)
  expect(screenOn(terminal, { TERM: 'xterm' }).screen.live).toBe(true)
})

test('lines are drawn over the last ones, and what is printed comes above them', () => {
  const { screen, written } = screenOn(terminal)
  screen.show(['a', 'b'])
  screen.show(['c', 'd'])
  screen.print('stays\n')
  screen.show([])
  expect(written).toEqual([
    'a\x1b[K\nb\x1b[K\n',
    '\r\x1b[2Ac\x1b[K\nd\x1b[K\n',
    '\r\x1b[2A\x1b[Jstays\nc\nd\n',
    '\r\x1b[2A\x1b[J',
  ])
})

test('a line is cut to the width of the terminal, its colours are not', () => {
  const { screen, written } = screenOn({ ...terminal, columns: 60 })
  screen.show([`\x1b[31m${'x'.repeat(100)}\x1b[39m!`])
  expect(written).toEqual([`\x1b[31m${'x'.repeat(59)}\x1b[39m\x1b[K\n`])
})

test('after its end a screen stays as it is', () => {
  const { screen, written } = screenOn(terminal)
  screen.show(['a'])
  screen.end()
  screen.show(['b'])
  screen.print('c')
  expect(written).toEqual(['a\x1b[K\n', '\r\x1b[1A\x1b[J'])
})
