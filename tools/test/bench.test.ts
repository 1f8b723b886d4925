// The scenarios of the bench run, at a small part of their size; their figures are not looked at.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Child, waitLimitMs } from '@holdfast/testing'
import { expect, test } from 'vitest'

const root = new URL('../..', import.meta.url).pathname
const onPath = (name: string) =>
  ['/usr/sbin', '/usr/bin', '/bin'].some((place) => existsSync(`${place}/${name}`))
const scenarios = [
  'set-up',
  'set-up-cold',
  'tls-set-up',
  'tls-set-up-resumed',
  'h2',
  'idle-memory-20000',
  'churn-memory',
]

// It pins the processes to the first two cores, and reads what they use from /proc.
const pins = () => spawnSync('taskset', ['-c', '0,1', 'taskset', '-c', '1', 'true']).status === 0
const canRun = process.platform === 'linux' && onPath('openssl') && pins()

test.skipIf(!canRun)('the bench measures connections that begin, over TCP, TLS and HTTP/2', async () => {
  const only = ['holdfast', ...scenarios].join(',')
  const args = ['bench/bench.mjs', '--only', only, '--rounds', '1', '--size', '0.004']
  await using bench = new Child(
    process.execPath,
    args.map((arg) => (arg.endsWith('.mjs') ? root + arg : arg)),
  )
  await bench.changes.until('the end of the bench', () => bench.exit, {
    limit: 3 * waitLimitMs,
    detail: () => bench.describe(),
  })
  expect(bench.exit, bench.describe()).toEqual({ code: 0, signal: null })
  const rows = bench.stdout.filter((line) => /^ {2}holdfast +\d/.test(line))
  expect(rows, bench.describe()).toHaveLength(scenarios.length)
})
