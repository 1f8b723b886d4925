import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plainCommand } from '../../src/restart/command-words.ts'

describe('plainCommand', () => {
  test('takes words, quotes and assignments apart', () => {
    expect(plainCommand('node server.mjs')).toEqual({ program: 'node', args: ['server.mjs'], env: {} })
    expect(plainCommand(`A=1 B='two words' "my node" -e 'x; y' a"b c"d`)).toEqual({
      program: 'my node',
      args: ['-e', 'x; y', 'ab cd'],
      env: { A: '1', B: 'two words' },
    })
  })

  test.each([
    'a; b',
    'a && b',
    'a | b',
    'echo $X',
    'ls *.js',
    'cat < f',
    '`a`',
    "a 'b",
    '(a)',
    'a &',
    'A=1',
    '',
    '~/run',
    'a\\ b',
  ])('leaves to a shell what only a shell can do: %s', (command) =>
    expect(plainCommand(command)).toBeUndefined(),
  )

  test('gives back any words that are put into single quotes', () => {
    const word = fc.string().filter((text) => !/['\0]/.test(text) && text !== '')
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        const command = ['x', ...words.map((one) => `'${one}'`)].join(' ')
        expect(plainCommand(command)?.args).toEqual(words)
      }),
    )
  })
})
