// What `npm run pack` makes is installed by somebody who has Node and that one file: no registry, no checkout.
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Child, startUpstream, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const run = promisify(execFile)

test('the tarball installs into an empty prefix without a registry, and serves, upgrades and stops', async () => {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-packed-'))
  try {
    await run(process.execPath, ['tools/pack.mjs', home], { cwd: root })
    const made = readdirSync(home)
    expect(made.filter((name) => /^holdfast-\d/.test(name))).toHaveLength(1)
    for (const name of ['client', 'close-codes', 'doctor', 'gateway', 'restart'])
      expect(
        made.some((file) => file.startsWith(`holdfast-${name}-`) && file.endsWith('.tgz')),
        name,
      ).toBe(true)
    const tarball = join(home, made.find((name) => /^holdfast-\d/.test(name))!)
    const nowhere = ['--registry', 'http://127.0.0.1:1/', '--cache', join(home, 'cache')]
    const quiet = ['--no-audit', '--no-fund', '--fetch-retries', '0']
    const { stdout } = await run('npm', ['install', '-g', '--prefix', home, ...nowhere, ...quiet, tarball], {
      cwd: home,
    })
    expect(stdout).toMatch(/added 1 package/)

    const command = join(home, 'bin/holdfast')
    await using upstream = await startUpstream()
    const flags = [
      '--listen',
      '127.0.0.1:0',
      '--admin',
      '127.0.0.1:0',
      '--workers',
      '1',
      '--upstream',
      upstream.url,
    ]
    await using gateway = new Child(command, ['serve', ...flags])
    const said = await gateway.line(
      'the start',
      (line) => /on (ws:\S+) \(admin (\S+)\)/.exec(line) ?? undefined,
      60_000,
    )
    await using client = wsClient(said[1]!)
    await client.opened
    const admin = ['--admin', said[2]!]
    expect((await run(command, ['upgrade', ...admin])).stdout).toMatch(/^moved 1 connection to version/)
    client.send('packed')
    expect(await client.message()).toBe('packed')
    expect((await run(command, ['stop', ...admin])).stdout).toMatch(/^stopped pid/)
    expect(await client.closed).toMatchObject({ code: 1012 })
    expect(await gateway.exited).toEqual({ code: 0, signal: null })
  } finally {
    rmSync(home, { recursive: true })
  }
}, 900_000)

test('no page tells anybody to install a name that is not published', async () => {
  const { stdout } = await run('git', ['ls-files', '*.md', 'deploy', 'examples', 'apps/site/src'], {
    cwd: root,
  })
  const names =
    /\b(?:npm (?:install|i|add)|npm exec|pnpm add|yarn add|bun add)\b[^\n`]*? @?holdfast(?:\/[a-z-]+)?(?:@\S+)?(?=[\s`]|$)/
  const wrong = stdout.split('\n').filter((file) => {
    if (!/\.(md|ts|mjs|yaml|yml|service)$|Dockerfile$/.test(file)) return false
    const text = readFileSync(join(root, file), 'utf8')
    return names.test(text) || /unpkg\.com\/@?holdfast|jsdelivr\.net\/npm\/@?holdfast/.test(text)
  })
  expect(wrong).toEqual([])
  expect(names.test('npm install @holdfast/client')).toBe(true)
  expect(names.test('RUN npm install holdfast')).toBe(true)
  expect(names.test('npm install -g ./packed/holdfast-*.tgz')).toBe(false)
})
