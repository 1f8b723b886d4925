// A server that npm or a script starts through a shell: SIGTERM stays in the shell, and the server says so when it starts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child, wsClient } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { behindShell, type ProcessInfo, waitsForCommand } from '../src/behind-shell.ts'

const cache = fileURLToPath(new URL('../../../node_modules/.cache/', import.meta.url))
const sigterm = 1n << 14n

const server = (options: string) => `
import { gracefulRestart } from '@holdfast/restart'
import { WebSocketServer } from 'ws'
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
gracefulRestart(server${options})
server.on('listening', () => console.log('port', server.address().port, process.pid))
`

/** A package whose server is started by these words. */
class Package implements Disposable {
  readonly folder = mkdtempSync(join(cache, 'restart-shell-'))

  constructor(start: string, options = ', { spread: 0, log: (line) => console.log(line) }') {
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify({ scripts: { start } }))
    writeFileSync(join(this.folder, 'server.mjs'), server(options))
    writeFileSync(join(this.folder, 'run.sh'), `cd '${this.folder}'\n${start}\necho ended\n`)
  }

  npmStart(): Child {
    return new Child('npm', ['start', '--silent', '--prefix', this.folder], { NODE_NO_WARNINGS: undefined })
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true })
  }
}

async function listening(child: Child): Promise<{ url: string; pid: number }> {
  const words = await child.line('the port', (line) => /^port (\d+) (\d+)/.exec(line) ?? undefined, 30_000)
  return { url: `ws://127.0.0.1:${words[1]}/`, pid: Number(words[2]) }
}

const warning = (child: Child) =>
  [...child.stdout, ...child.stderr].find((line) => line.includes('SIGTERM sent to'))
const linux = process.platform === 'linux'

describe.skipIf(!linux)(`behind a shell${linux ? '' : ': skipped, since only Linux shows it'}`, () => {
  it('with npm start it says what is in between and what to write, and SIGTERM to npm does not reach it', async () => {
    using home = new Package('node server.mjs; true')
    await using npm = home.npmStart()
    const { url, pid } = await listening(npm)
    expect(warning(npm)).toMatch(
      /^restart: SIGTERM sent to npm will not reach this process: sh -c node server\.mjs; true \(pid \d+\)/,
    )
    await using client = wsClient(url)
    await client.opened
    npm.signal('SIGTERM')
    await npm.exited
    await using newcomer = wsClient(url)
    await newcomer.opened
    process.kill(pid, 'SIGTERM')
    expect((await client.closed).code).toBe(1012)
  })

  it('with exec it says nothing, and SIGTERM to npm restarts it', async () => {
    using home = new Package('exec node server.mjs')
    await using npm = home.npmStart()
    const { url } = await listening(npm)
    await using client = wsClient(url)
    await client.opened
    expect(warning(npm)).toBeUndefined()
    npm.signal('SIGTERM')
    expect((await client.closed).code).toBe(1012)
    await npm.exited
  })

  it('without a log it is a process warning with a code', async () => {
    using home = new Package('node server.mjs; true', ', { spread: 0 }')
    await using npm = home.npmStart()
    const { pid } = await listening(npm)
    await npm.changes.until('the warning', () => warning(npm))
    expect(warning(npm)).toMatch(/\[HOLDFAST_SIGNAL_SHELL\] Warning: SIGTERM sent to npm/)
    process.kill(pid, 'SIGTERM')
    await npm.exited
  })

  it('a script counts as well, unless it handles SIGTERM; and only SIGTERM is meant', async () => {
    using home = new Package('node server.mjs')
    const run = (args: string[]) => new Child('sh', args)
    await using plain = run([join(home.folder, 'run.sh')])
    const { pid } = await listening(plain)
    expect(warning(plain)).toMatch(/SIGTERM sent to what started it .* sh \S+run\.sh/)
    process.kill(pid, 'SIGTERM')
    await plain.exited

    const path = join(home.folder, 'server.mjs')
    await using trapping = run(['-c', `trap 'kill $!' TERM; node '${path}' & wait`])
    await listening(trapping)
    expect(warning(trapping)).toBeUndefined()
    trapping.signal('SIGTERM')
    await trapping.exited

    using other = new Package('node server.mjs', ", { signals: ['SIGUSR2'], spread: 0, log: console.log }")
    await using usr2 = run([join(other.folder, 'run.sh')])
    const { pid: second } = await listening(usr2)
    expect(warning(usr2)).toBeUndefined()
    process.kill(second, 'SIGUSR2')
    await usr2.exited
  })
})

describe('which process above is such a shell', () => {
  const above = (argv: string[], caught = 0n): ProcessInfo => ({ pid: 7, argv, caught, parent: 1 })
  const says = (shell: ProcessInfo | undefined) => behindShell(7, (pid) => (pid === 7 ? shell : undefined))

  it.each([
    ['sh', '-c', 'node a.mjs'],
    ['/bin/bash', '-ec', 'node a.mjs'],
    ['/bin/busybox', 'sh', '-c', 'node a.mjs'],
    ['dash', '/srv/run.sh'],
    ['/usr/bin/zsh', '/srv/run.sh', '--flag'],
  ])('%s %s', (...argv) => {
    expect(says(above(argv))).toContain(argv.join(' '))
    expect(says(above(argv, sigterm))).toBeUndefined()
  })

  it.each([['bash'], ['-bash'], ['zsh', '-i'], ['node', 'a.mjs'], ['npm start'], ['/sbin/init', 'splash']])(
    'not %s %s',
    (...argv) => {
      expect(says(above(argv))).toBeUndefined()
    },
  )

  it('not one that cannot be seen', () => {
    expect(says(undefined)).toBeUndefined()
  })

  it('only the one bit of SIGTERM decides, of any mask', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (mask) => {
        const said = says(above(['sh', '-c', 'node a.mjs'], mask))
        expect(said === undefined).toBe((mask & sigterm) !== 0n)
      }),
    )
  })
})

describe('whether such a shell waits for its command', () => {
  it.each([
    [true, ['sh', '-c', 'node a.mjs']],
    [true, ['sh', '-c', '--', 'cd x && node a.mjs 2>&1; true']],
    [true, ['bash', '-ec', 'node a.mjs &>log']],
    [false, ['sh', '-c', 'node a.mjs &']],
    [false, ['sh', '-c', 'node a.mjs & echo $! >pid']],
    [false, ['sh', '-c', '(node a.mjs&)']],
    [false, ['sh', '/srv/run.sh']],
    [false, ['bash']],
    [false, []],
  ])('%s: %j', (waits, argv) => {
    expect(waitsForCommand(argv)).toBe(waits)
  })
})
