import { describe, expect, test } from 'vitest'
import { otherWord } from '../src/other-words.ts'
import { commandLine } from './command-line.ts'

describe('a command or flag as other programs call it', () => {
  test.each([
    ['start', 'serve'],
    ['run', 'serve'],
    ['shutdown', 'stop'],
    ['test', 'validate'],
    ['ps', 'connections'],
    ['doctor', 'check'],
    ['restart', 'upgrade'],
    ['kick', 'close'],
  ])('%s is told to be %s, which there is', async (word, here) => {
    expect(await commandLine(word)).toMatchObject({
      status: 2,
      stderr: `holdfast: unknown command '${word}'; did you mean ${here}?\n`,
    })
    expect((await commandLine('--help')).stdout).toMatch(new RegExp(`^ {2}${here} `, 'm'))
  })

  test.each([
    ['--port', '--listen HOST:PORT'],
    ['--backend', '--upstream URL'],
    ['-f', '-c FILE'],
    ['--verbose', '--log-level debug'],
    ['-w', '--workers N'],
    ['--pidfile', '--pid-file FILE'],
  ])('serve %s is told to be %s, which there is', async (word, here) => {
    const { status, stderr } = await commandLine(`serve ${word} 80`)
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `holdfast: unknown option '${word}'; did you mean ${here}?\n`,
    })
    expect((await commandLine('serve --help')).stdout).toContain(here.split(' ')[0])
  })

  test('a word that nobody knows, or a slip of the pen, is answered as before', async () => {
    expect(otherWord('constructor')).toBeUndefined()
    expect((await commandLine('sevre')).stderr).toBe(
      "holdfast: unknown command 'sevre'; did you mean serve?\n",
    )
  })
})
