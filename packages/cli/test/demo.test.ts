import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child, childrenOf, gone, runHoldfast } from '@holdfast/testing'
import { expect, test } from 'vitest'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const small = ['--connections', '20', '--seconds', '8']

/** Milliseconds for a whole demo, and for one that ends early, on a machine with other things to do; the tests have a little more. */
const whole = 150_000
const early = 18_000

/** The demo, and the processes that were ever seen below it. */
class Demo extends Child {
  readonly family = new Set<number>()

  constructor(args: string[], env?: Record<string, string>) {
    super(process.execPath, [main, 'demo', ...args], env)
  }

  async end(limit: number) {
    return this.#until('the end of the demo', () => this.exit, limit)
  }

  async says(words: RegExp, limit: number) {
    await this.#until(String(words), () => this.stdout.some((line) => words.test(line)), limit)
  }

  #until<T>(what: string, find: () => T, limit: number) {
    const look = () => {
      this.#meet(this.pid)
      return find()
    }
    return this.changes.until(what, look, { limit, detail: () => this.describe() })
  }

  #meet(pid: number): void {
    for (const child of childrenOf(pid)) {
      this.family.add(child)
      this.#meet(child)
    }
  }
}

/** The rows of the first part: what happened, and what a client saw in each way. */
function rowsOf(lines: string[]): Record<string, string>[] {
  const from = lines.findIndex((line) => line.startsWith('What happens'))
  const names = lines[from]!.split(/ {2,}/)
  const starts = names.map((name) => lines[from]!.indexOf(name))
  return lines
    .slice(from + 1, lines.indexOf('', from))
    .map((line) =>
      Object.fromEntries(names.map((name, i) => [name, line.slice(starts[i], starts[i + 1]).trim()])),
    )
}

/** The rows of the summary: a cell for each story. */
function factsOf(lines: string[]): Record<string, string[]> {
  const rows = lines.slice(lines.indexOf('In short') + 2).map((line) => line.trim().split(/ {2,}/))
  return Object.fromEntries(rows.map(([name, ...cells]) => [name, cells]))
}

test('the demo shows what clients see of each fault, restarts everything without and with hold, and leaves nothing behind', async () => {
  await using demo = new Demo(small)
  const { code } = await demo.end(whole)
  const text = demo.stdout.join('\n')
  expect({ code, stderr: demo.stderr }, text).toEqual({ code: 0, stderr: [] })

  const rows = rowsOf(demo.stdout)
  expect(rows.map((row) => [row.directly, row['through Holdfast']])).toEqual([
    ['1012', expect.stringMatching(/^1012 service restart; retry=\d+$/)],
    ['1006', 'HTTP 502: 1014 bad gateway: connection refused'],
    ['1006', '1014 bad gateway: upstream connection lost'],
    ['nothing for 4 s', 'HTTP 504: 1014 bad gateway: no answer in 2 s'],
    ['1006', 'HTTP 502: 1014 bad gateway: not HTTP'],
    ['1006 (HTTP 503)', 'HTTP 503: 1013 try again later'],
    ['-', expect.stringMatching(/^1012 service restart; retry=\d+ to \d+ \(8 clients, over \d\.\d s\)$/)],
  ])
  const [, least, most] = /retry=(\d+) to (\d+)/.exec(rows.at(-1)!['through Holdfast']!)!.map(Number)
  expect(most! - least!).toBeGreaterThan(1000)

  const facts = factsOf(demo.stdout)
  expect(facts).toMatchObject({
    restarted: ['backends 1, 2, 3', 'backends 1, 2, 3, gateway'],
    upgraded: ['gateway, 20 moved', 'none'],
    disconnects: ['none', expect.stringMatching(/^\d+ with 1012, none with 1006$/)],
    'came back': ['nobody had to', 'all 20'],
    lost: ['0', expect.stringMatching(/^\d+$/)],
    doubled: ['0', '0'],
    reordered: ['0', '0'],
    'longest pause': [expect.stringMatching(/ m?s$/), expect.stringMatching(/ m?s$/)],
  })
  expect(facts).toMatchObject({
    'network cut': ['2 times for 20 clients with resume'],
    closes: ['none'],
    messages: [expect.stringMatching(/^[\d,]+ sent, 0 lost, 0 doubled, 0 reordered$/)],
  })
  for (const sent of facts['messages sent']!) expect(Number(sent.replace(',', ''))).toBeGreaterThan(200)

  expect(text.replace(/\s+/g, ' ')).toMatch(/Next: `holdfast init .* `holdfast serve` starts the gateway/)

  // Five backends and their restarts, two gateways and their workers at the least.
  expect(demo.family.size).toBeGreaterThan(10)
  await gone([...demo.family])
})

test('Ctrl-C in the middle of a restart ends every process and prints the summary so far', async () => {
  await using demo = new Demo(small)
  await demo.says(/backend 1: SIGTERM/, whole)
  demo.signal('SIGINT')
  const { code } = await demo.end(whole)
  expect(code, demo.describe()).toBe(130)
  const text = demo.stdout.slice(demo.stdout.indexOf('Stopped. So far')).join('\n')
  expect(text).toMatch(/restarted +none/)
  expect(text).toMatch(/messages sent +[\d,]+/)
  // The note about lost messages speaks of hold, too.
  expect(text).not.toMatch(/with hold, and live upgrade/)
  await gone([...demo.family])
})

test('Ctrl-C among the faults ends every process, the stopped one too', async () => {
  await using demo = new Demo([])
  await demo.says(/backend is killed/, early)
  demo.signal('SIGINT')
  const { code } = await demo.end(early)
  expect(code, demo.describe()).toBe(130)
  expect(demo.stdout.at(-1)).toBe('Stopped before everything had been shown.')
  expect(demo.family.size).toBeGreaterThan(3)
  await gone([...demo.family])
})

test('a child of the demo that does not start is told in one line, and the demo exits 1', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  const nginx = join(folder, 'nginx')
  writeFileSync(
    nginx,
    '#!/bin/sh\n[ "$1" = -v ] && exit 0\necho "nginx: [emerg] no such thing" >&2\nexit 1\n',
  )
  chmodSync(nginx, 0o755)
  await using demo = new Demo([], { PATH: `${folder}${delimiter}${process.env.PATH}` })
  const { code } = await demo.end(early)
  rmSync(folder, { recursive: true })
  expect({ code, stderr: demo.stderr }).toEqual({
    code: 1,
    stderr: ['holdfast: nginx did not start: nginx: [emerg] no such thing'],
  })
  await gone([...demo.family])
})

test.each([
  ['--seconds', '3', /--seconds .*from 8 to 300/],
  ['--seconds', 'soon', /--seconds .*from 8 to 300/],
  ['--connections', '0', /--connections .*from 3 to 2000/],
  ['--connection', '5', /did you mean --connections\?/],
])('demo %s %s is told in one line and exits 2', async (flag, value, words) => {
  const { code, stdout, stderr } = await runHoldfast(['demo', flag, value])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(words)
  expect(stderr).not.toContain('\n')
})
