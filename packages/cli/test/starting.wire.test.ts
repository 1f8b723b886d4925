// How somebody starts a gateway who has just met it: without a file, with one that lies here, with a variable.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Child,
  holdfastMain,
  runHoldfast,
  runtime,
  startHoldfast,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { expect, test } from 'vitest'
import { configurationFor } from '../src/commands/init.ts'

/** A working directory, and the command run in it. */
class Here implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-here-'))

  path(name: string): string {
    return join(this.folder, name)
  }

  start(...args: string[]): Child {
    return new Child('sh', ['-c', 'cd "$0" && exec "$@"', this.folder, runtime().path, holdfastMain, ...args])
  }

  async run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    await using child = this.start(...args)
    const { code } = await child.exited
    return { code, stdout: child.stdout.join('\n'), stderr: child.stderr.join('\n') }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true })
  }
}

const listening = (child: Child) =>
  child.line('the start line', (line) => /^holdfast listening on (ws:\S+)/.exec(line)?.[1])

const served = (upstream: string, more: object = {}) =>
  JSON.stringify({
    listen: '127.0.0.1:0',
    admin: 'off',
    workers: 1,
    routes: [{ name: 'here', upstreams: [upstream] }],
    ...more,
  })

test('serve and validate find the configuration in the working directory by themselves, and say so', async () => {
  await using upstream = await startUpstream()
  using here = new Here()
  for (const name of ['holdfast.json', 'holdfast.yml', 'holdfast.yaml']) {
    writeFileSync(here.path(name), served(upstream.url))
    expect(await here.run('validate')).toMatchObject({ code: 0, stdout: `./${name} is valid` })
  }
  await using gateway = here.start('serve')
  await using client = wsClient(await listening(gateway))
  await client.opened
  expect(gateway.stderr.join('\n')).toContain('the configuration is ./holdfast.yaml')
  gateway.signal('SIGTERM')
  expect(await gateway.exited).toMatchObject({ code: 0 })
})

test('a file that is named, and an upstream that is named, win over the file in the working directory', async () => {
  await using upstream = await startUpstream()
  using here = new Here()
  writeFileSync(here.path('holdfast.yaml'), 'nothing that can be served')
  writeFileSync(here.path('other.json'), served(upstream.url))
  for (const args of [
    ['-c', 'other.json'],
    ['--upstream', upstream.url, '--listen', '127.0.0.1:0', '--admin', 'off'],
  ]) {
    await using gateway = here.start('serve', ...args)
    await using client = wsClient(await listening(gateway))
    await client.opened
  }
  expect(await here.run('validate', 'other.json')).toMatchObject({ code: 0, stdout: 'other.json is valid' })
  expect(await here.run('validate', 'other.json', '-c', 'other.json')).toMatchObject({ code: 2 })
})

test('without a file serve and validate name what to write, and init writes what both take', async () => {
  using here = new Here()
  for (const command of ['serve', 'validate']) {
    const { code, stderr } = await here.run(command)
    expect({ command, code }).toEqual({ command, code: 2 })
    expect(stderr).toMatch(/^holdfast: [^\n]*`holdfast init`[^\n]*$/)
  }
  const wrote = await here.run('init', '--upstream', 'ws://localhost:9/it%27s')
  expect(wrote).toMatchObject({ code: 0, stdout: 'wrote holdfast.yaml; next: holdfast serve' })
  expect(await here.run('validate')).toMatchObject({
    code: 0,
    stdout: './holdfast.yaml is valid',
    stderr: '',
  })
  const again = await here.run('init')
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('holdfast.yaml is there already') })
  expect(readFileSync(here.path('holdfast.yaml'), 'utf8')).toContain('ws://localhost:9/it%27s')
  expect(await here.run('init', '-c', 'b.yaml', '--upstream', 'localhost:9')).toMatchObject({ code: 2 })
  expect(existsSync(here.path('b.yaml'))).toBe(false)
})

test('what init writes is valid with each line that it has as a comment', async () => {
  using here = new Here()
  const text = configurationFor('ws://localhost:3000')
  const options = [...text.matchAll(/^( *)#([a-z]\w*: .*)$/gm)]
  expect(options.length).toBeGreaterThan(3)
  for (const [line, indent, key] of options) {
    writeFileSync(here.path('holdfast.yaml'), text.replace(line, `${indent}${key}`))
    const { code, stderr } = await here.run('validate')
    expect({ line, code, wrong: code === 0 ? '' : stderr }).toEqual({ line, code: 0, wrong: '' })
  }
})

test('HOLDFAST_ADMIN names the admin port of every command; --admin wins over it', async () => {
  await using holdfast = await startHoldfast({ args: ['--upstream', 'ws://127.0.0.1:1'] })
  const env = { HOLDFAST_ADMIN: holdfast.admin }
  expect((await runHoldfast(['status'], { env })).stdout).toContain(holdfast.url)
  expect((await runHoldfast(['connections'], { env })).stdout).toBe('no connections')
  const other = await runHoldfast(['status', '--admin', '127.0.0.1:1'], { env })
  expect(other.stderr).toContain('no gateway answers at http://127.0.0.1:1')
  const wrong = await runHoldfast(['status'], { env: { HOLDFAST_ADMIN: 'http://' } })
  expect(wrong).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("HOLDFAST_ADMIN 'http://' is not a URL"),
  })
})

test('a token that is missing and one that is wrong are told apart, in the words of the command line', async () => {
  const config = {
    admin: { address: '127.0.0.1:0', token: 'right' },
    routes: [{ name: 'a', upstreams: ['ws://127.0.0.1:1'] }],
  }
  await using holdfast = await startHoldfast({ config })
  const status = async (token: string | undefined, ...args: string[]) => {
    const env = { HOLDFAST_ADMIN_TOKEN: token }
    return (await runHoldfast(['status', '--admin', holdfast.admin!, ...args], { env })).stderr
  }
  expect(await status(undefined)).toMatch(/wants a token: give --token, or set HOLDFAST_ADMIN_TOKEN$/)
  expect(await status('wrong')).toMatch(/does not take the token of the variable HOLDFAST_ADMIN_TOKEN$/)
  expect(await status('right', '--token', 'wrong')).toMatch(/does not take the token of --token$/)
  expect(await status('right')).toBe('')
})
