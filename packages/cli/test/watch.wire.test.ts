import { existsSync } from 'node:fs'
import { Child, closedPort, runtime, startHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { holdfastMain } from '../../../testing/src/run-holdfast.ts'

const watching = ['status', '--watch', '--interval', '100ms', '--admin']

/** A running `holdfast status --watch`. */
const watch = (admin: string, ...more: string[]) =>
  new Child(runtime().path, [holdfastMain, ...watching, admin, ...more], { HOLDFAST_ADMIN_TOKEN: undefined })

const seen = (child: Child, what: string, find: (line: string) => boolean, from = 0) =>
  child.changes.until(what, () => child.stdout.slice(from).find(find), {
    detail: () => child.describe(),
  })

test('status --watch prints a page at every look, and Ctrl-C ends it with 0', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ args: ['--upstream', upstream.url] })
  await using child = watch(holdfast.admin!)
  await seen(child, 'a route without connections', (line) => /^default +0 +0 +0 +- /.test(line))
  await using client = wsClient(holdfast.url)
  await client.opened
  await seen(child, 'the connection', (line) => /^default +1 +0 +0 +\d/.test(line))
  child.signal('SIGINT')
  expect(await child.exited).toEqual({ code: 0, signal: null })
  expect(child.stderr).toEqual([])
  expect(child.stdout.filter((line) => /^\d{4}-\d\d-\d\dT.*Z$/.test(line)).length).toBeGreaterThan(1)
  expect(child.stdout.join('')).not.toContain('\x1b')
})

test('status --watch --json prints one document a line', async () => {
  await using holdfast = await startHoldfast({ args: ['--upstream', 'ws://127.0.0.1:1'] })
  await using child = watch(holdfast.admin!, '--json')
  await child.changes.until('two lines', () => child.stdout.length >= 2)
  child.signal('SIGTERM')
  expect(await child.exited).toEqual({ code: 0, signal: null })
  for (const line of child.stdout) expect(JSON.parse(line)).toMatchObject({ pid: holdfast.pid })
})

test('status --watch says once that the gateway is gone, and goes on when it is back', async () => {
  const admin = `127.0.0.1:${await closedPort()}`
  const args = ['--upstream', 'ws://127.0.0.1:1', '--admin', admin]
  await using first = await startHoldfast({ args })
  await using child = watch(admin)
  await seen(child, 'the first gateway', (line) => line.endsWith(`pid ${first.pid}`))
  await first[Symbol.asyncDispose]()
  // A look that was under way when it went has an answer that breaks off; any other finds nobody.
  const gone = (line: string) =>
    line.startsWith(`no gateway answers at http://${admin}`) || line.includes('broke off')
  await seen(child, 'that it is gone', (line) => gone(line) && line.endsWith('; trying again'))
  await using second = await startHoldfast({ args })
  await seen(child, 'the second gateway', (line) => line.endsWith(`pid ${second.pid}`))
  expect(child.stdout.filter(gone)).toHaveLength(1)
})

test('status --watch fails when there is no gateway at first', async () => {
  await using child = watch(`127.0.0.1:${await closedPort()}`)
  expect(await child.exited).toEqual({ code: 1, signal: null })
  expect(child.stderr).toEqual([expect.stringMatching(/^holdfast: no gateway answers at /)])
})

/** Runs a command on a terminal of 20 rows and 70 columns; its output, line ends and all, is the child's. */
const onTerminal = (command: string[], env: Record<string, string | undefined>) => {
  const quoted = command.map((word) => `'${word}'`).join(' ')
  return new Child('/usr/bin/script', ['-qfec', `stty rows 20 cols 70; exec ${quoted}`, '/dev/null'], env)
}

const noTerminal = process.platform !== 'linux' || !existsSync('/usr/bin/script')

test.skipIf(noTerminal).each(['q', '\x03'])('status --watch ends with %j on a terminal', async (key) => {
  await using holdfast = await startHoldfast({ args: ['--upstream', 'ws://127.0.0.1:1'] })
  // The shell after it shows that the terminal is as it was: it echoes, and has lines again.
  const command = [runtime().path, holdfastMain, ...watching, holdfast.admin].join(' ')
  await using child = onTerminal(['sh', '-c', `${command}; echo ended $?; stty -a`], {
    TERM: 'xterm',
    NO_COLOR: '1',
  })
  const text = () => child.stdout.join('\n')
  await child.changes.until('a page', () => text().includes('holdfast '), { detail: text })
  child.say(key)
  expect(await child.exited).toEqual({ code: 0, signal: null })
  expect(text()).toContain('ended 0')
  expect(text()).toMatch(/[^-]icanon/)
  expect(text()).toMatch(/[^-]echo\b/)
})

test.skipIf(noTerminal)(
  'status --watch draws in place on a terminal, and Ctrl-C gives the terminal back',
  async () => {
    await using upstream = await startUpstream()
    const routes = Array.from({ length: 20 }, (_, i) => ({
      name: `route-${i}`,
      match: { path: `/${i}` },
      upstreams: [upstream.url],
    }))
    const admin = `127.0.0.1:${await closedPort()}`
    await using holdfast = await startHoldfast({ config: { workers: 1, admin, routes } })
    const command = [runtime().path, holdfastMain, ...watching, admin]
    await using child = onTerminal(command, { TERM: 'xterm', NO_COLOR: '1' })
    const text = () => child.stdout.join('\n')
    const frames = () => text().split('\x1b[H').slice(1)
    await child.changes.until('three frames', () => frames().length > 3, { detail: text })
    const [first, second] = frames().map((frame) => frame.replaceAll('\x1b[K', '').split('\n'))
    expect(first![0]).toMatch(/^holdfast \d/)
    expect(second).toHaveLength(20)
    expect(second!.at(-1)).toMatch(/^… \d+ more lines/)
    // Neither colours nor anything else that moves or wraps.
    expect(second!.join('')).not.toMatch(/\x1b\[\d+m/)
    await holdfast[Symbol.asyncDispose]()
    await child.changes.until('that it is gone', () =>
      frames().some((frame) => frame.startsWith('no gateway')),
    )
    child.say('\x03')
    expect(await child.exited).toEqual({ code: 0, signal: null })
    expect(text().startsWith('\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H')).toBe(true)
    expect(text().replaceAll(/\r|\n/g, '')).toMatch(/\x1b\[\?7h\x1b\[\?25h\x1b\[\?1049l$/)
  },
)
