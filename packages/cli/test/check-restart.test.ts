import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { eventually } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import type { Io } from '../src/output.ts'
import { run } from '../src/run.ts'

const server = fileURLToPath(new URL('../../doctor/test/restart/server.mjs', import.meta.url))
const holdfast = fileURLToPath(new URL('../bin/holdfast.js', import.meta.url))
const node = (how: string) => `${process.execPath} ${server} ${how}`

async function check(...args: string[]) {
  const [stdout, stderr]: [string[], string[]] = [[], []]
  const io: Io = {
    stdout: { write: (text) => stdout.push(text) },
    stderr: { write: (text) => stderr.push(text) },
    env: {},
  }
  const status = await run(['check', ...args], io)
  return { status, stdout: stdout.join(''), stderr: stderr.join('') }
}

// Ports and processes are looked up where Linux shows them.
describe.skipIf(process.platform !== 'linux')('check --restart', () => {
  test('says what clients see of each manager, and the lines to write, and ends with 1', async () => {
    const { status, stdout, stderr } = await check(
      '--restart',
      node('restart'),
      '--grace',
      '2s',
      '--clients',
      '4',
    )
    expect(status).toBe(1)
    expect(stdout).toMatch(/What clients see\n {2}Docker +3 clients: Close 1012 "restart", after \d/)
    expect(stdout).toMatch(/ended after 2\.0 s by SIGKILL\n/)
    expect(stdout).toMatch(/one client that never answers a Close holds the exit/)
    expect(stdout).toContain("import { gracefulRestart } from '@holdfast/restart'")
    expect(stdout).toMatch(/\n1 fault\n$/)
    expect(stderr).toMatch(/^starting: .*\n4 clients on ws:.*SIGTERM to the first process\n$/)
  })

  test('ends with 0 when nothing is to be fixed; with --json one document', async () => {
    const { status, stdout, stderr } = await check('--restart', node('helper'), '--grace', '8s', '--json')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ healthy: true, processes: [{ main: true }] })
    expect(result.outcomes.map(({ manager }: { manager: string }) => manager)).toEqual([
      'docker',
      'kubernetes',
      'systemd',
    ])
    expect(result.findings[0]).toMatchObject({
      code: 'restart-announced',
      title: expect.stringContaining('1012'),
    })
  })

  test('answers wrong use with one line that says what to do, and status 2', async () => {
    const lines: [args: string[], message: RegExp][] = [
      [['--restart', ''], /wants the command that starts your server/],
      [['--restart', 'holdfast-no-such-program'], /there is no program 'holdfast-no-such-program'/],
      [['--restart', node('none'), 'ftp://x'], /not a WebSocket URL/],
      [['--restart', node('none'), '--clients', '2'], /not a number from 3 to/],
      [['--restart', node('none'), '--grace', 'soon'], /--grace/],
      [['--restart', node('none'), '--upstream', 'ws://x'], /without --proxy-config and --upstream/],
      [['--restart', `${process.execPath} -e 0`], /ended with status 0 before it let a client in/],
    ]
    for (const [args, message] of lines) {
      const { status, stdout, stderr } = await check(...args)
      expect({ status, stdout }, args.join(' ')).toEqual({ status: 2, stdout: '' })
      expect(stderr.split('\n').filter((line) => line.startsWith('holdfast: '))).toHaveLength(1)
      expect(stderr).toMatch(message)
      const json = await check(...args, '--json')
      expect(JSON.parse(json.stdout).error.message).toMatch(message)
    }
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'leaves nothing behind when it gets %s',
    async (signal) => {
      const child = spawn(
        process.execPath,
        [holdfast, 'check', '--restart', `sh -c '${node('hang')}; true'`],
        {
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      )
      let said = ''
      child.stderr.on('data', (bytes) => {
        said += bytes
      })
      const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
      await eventually('clients are connected', () => said.includes('SIGTERM to'))
      const started = await eventually('the command runs', () => childrenOf(child.pid!))
      child.kill(signal)
      child.kill(signal)
      expect(await exited).toBe(1)
      for (const pid of started) await eventually(`${pid} is gone`, () => !existsSync(`/proc/${pid}`))
      expect(said).toContain('holdfast: stopped before the end\n')
    },
  )
})

/** The processes that come from one, as `/proc` has them; undefined while there are fewer than two. */
function childrenOf(pid: number): number[] | undefined {
  const found = children(pid)
  return found.length >= 2 ? found : undefined
}

function children(pid: number): number[] {
  const own = readChildren(pid)
  return own.flatMap((one) => [one, ...children(one)])
}

function readChildren(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}
