import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { commandLine } from './command-line.ts'

const page = readFileSync(new URL('../../../docs/examples-of-output.md', import.meta.url), 'utf8')

/** The fenced block that begins with a command line, without that line. */
function shown(line: string): string | undefined {
  const blocks = page.matchAll(/^(```+)[^\n`]*\n(.*?)^\1$/gms)
  for (const [, , block = ''] of blocks) {
    if (block.startsWith(`$ ${line}\n`)) return block.slice(line.length + 3)
  }
  return undefined
}

test.each(['explain 1012', 'compare 1012 1014'])(
  'docs/examples-of-output.md shows what holdfast %s prints at 80 columns',
  async (line) => {
    const { status, stdout } = await commandLine(line)
    expect(status).toBe(0)
    expect(shown(`holdfast ${line}`), `a block that begins with "$ holdfast ${line}"`).toBe(stdout)
  },
)

test('the README of the package names every command, with flags that it has', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const [, block = ''] = /^```\n(holdfast init.*?)^```/ms.exec(readme) ?? []
  const shownLines = [...block.matchAll(/^holdfast ([a-z]+)(.*(?:\n {10,}.*)*)/gm)]
  const { stdout } = await commandLine('--help')
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) .* {2,}\S/gm)].map(([, name]) => name)
  expect(shownLines.map(([, name]) => name)).toEqual(commands.filter((name) => name !== 'help'))
  for (const [, name, flags = ''] of shownLines) {
    const help = (await commandLine(`${name} --help`)).stdout
    for (const [flag] of flags.matchAll(/(?<= |\[)--?[a-z][a-z-]*/g))
      expect(`${name}: ${help}`).toContain(flag)
  }
})
