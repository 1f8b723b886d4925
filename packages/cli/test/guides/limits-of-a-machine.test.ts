// Runs what docs/limits-of-a-machine.md shows, where there is a Linux, and holds its figures to the source.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { blocksOf, pageOf, root } from './guide.ts'

const shells = blocksOf('limits-of-a-machine').filter(({ language }) => language === 'sh')

test.skipIf(process.platform !== 'linux')(
  'each way to read a limit works (skipped where there is no Linux)',
  () => {
    expect(shells.length).toBeGreaterThan(3)
    for (const { text } of shells) {
      const { status, stdout, stderr } = spawnSync('bash', ['-e', '-c', text], { encoding: 'utf8' })
      expect({ text, status, stderr }).toEqual({ text, status: 0, stderr: '' })
      expect(stdout).toMatch(/\d|unlimited/)
    }
  },
)

test('the figures are those of the source', () => {
  const page = pageOf('limits-of-a-machine')
  const source = (path: string) => readFileSync(join(root, 'packages/gateway/src', path), 'utf8')
  const [, backlog] = /backlog = (\d+)/.exec(source('listen/bound-handles.ts'))!
  expect(page).toContain(`asks for a queue of ${Number(backlog).toLocaleString('en')};`)
  const usual = 60_999 - 32_768 + 1
  expect(page).toContain(`${usual.toLocaleString('en')} with the usual one`)
})
