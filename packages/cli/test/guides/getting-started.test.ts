// Runs docs/getting-started.md as a reader does: its files, its commands and its terminals, on other ports.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Child, closedPort, holdfastMain } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { type Block, blocksOf, folderWith } from './guide.ts'

const guide = 'getting-started'

test.skipIf(spawnSync('openssl', ['version']).error)(
  'docs/getting-started.md leads from nothing to a held restart behind TLS (skipped without openssl)',
  async () => {
    const [server, listener, admin] = [await closedPort(), await closedPort(), await closedPort()]
    const here = (text: string) => text.replaceAll('3000', `${server}`).replaceAll('8443', `${listener}`)
    const blocks = blocksOf(guide)
    const files = blocks.filter(({ language }) => language === 'js' || language === 'yaml')
    using folder = folderWith(Object.fromEntries(files.map(({ name, text }) => [name, here(text)])))
    const env = environment(folder.path, `http://127.0.0.1:${admin}`)

    /** Runs a block to its end. */
    const run = async ({ text }: Block) => {
      await using shell = new Child('bash', ['-e', '-c', `cd ${folder.path}\n${here(text)}`], env)
      expect(await shell.exited, shell.describe()).toMatchObject({ code: 0 })
      return shell.stdout.join('\n')
    }
    /** Starts the block of a terminal; its program takes the place of the shell. */
    const open = (name: string) => {
      const { text } = blocks.find((block) => block.language === 'sh' && block.name === name)!
      const more = name === 'gateway' ? ` --admin 127.0.0.1:${admin}` : ''
      const command = here(text)
        .trim()
        .replace(/(?=(?:node|holdfast) )/, 'exec ')
      return new Child('bash', ['-c', `cd ${folder.path}\n${command}${more}`], env)
    }
    const [certificates, validate, look, stop] = blocks.filter(
      ({ language, name }) => language === 'sh' && !name,
    )

    await run(certificates!)
    expect(await run(validate!)).toContain('holdfast.yaml')
    await using first = open('server')
    await using gateway = open('gateway')
    await gateway.line('the gateway to listen', (line) => line.startsWith('holdfast listening') || undefined)
    await using client = open('client')
    const answerOf = ({ pid }: Child) =>
      client.line(
        `an answer of process ${pid}`,
        (line) => (line.startsWith('Ada said') && line.endsWith(` ${pid}`)) || undefined,
      )
    await answerOf(first)
    const seen = await run(look!)
    expect(seen).toMatch(/chat .*\b1\b/)

    first.signal('SIGINT')
    await first.exited
    await using second = open('server')
    await answerOf(second)
    expect(client.stdout.filter((line) => !line.startsWith('Ada said'))).toEqual([])

    await run(stop!)
    await client.line(
      '1012',
      (line) => /^closed with 1012 service restart; retry=\d+$/.test(line) || undefined,
    )
    expect(await gateway.exited).toEqual({ code: 0, signal: null })
  },
)

/** `holdfast` on the path is that of the build. */
function environment(folder: string, admin: string): Record<string, string> {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'holdfast'), `#!/bin/sh\nexec ${process.execPath} ${holdfastMain} "$@"\n`)
  chmodSync(join(bin, 'holdfast'), 0o755)
  return { PATH: `${bin}:${process.env.PATH}`, HOLDFAST_ADMIN: admin }
}
