import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { folderWith } from './run-tool.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What the reporter wrote of a run of these files. */
function reportOf(files: Record<string, string>) {
  using folder = folderWith(files)
  const reporter = join(root, 'tools/json-reporter.mjs')
  const args = ['run', '--root', folder.path, `--reporter=${reporter}`, '--outputFile.json=report.json']
  spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args])
  return JSON.parse(readFileSync(join(folder.path, 'report.json'), 'utf8'))
}

const vitest = join(root, 'node_modules/vitest/dist/index.js')

test('the report says what went wrong in a hook, in which suite', () => {
  const report = reportOf({
    'a.test.mjs': `
      import { beforeAll, describe, it } from '${vitest}'
      describe('outer', () => {
        describe('inner', () => {
          beforeAll(() => { throw new Error('no server') })
          it('never begins', () => {})
        })
      })
    `,
  })
  expect(report.testResults).toHaveLength(1)
  expect(report.testResults[0].message).toMatch(/^outer > inner\nError: no server\n/)
  expect(report.unhandledErrors).toEqual([])
})

test('the report says what nobody caught, for which a run ends with 1 though each test passed', () => {
  const report = reportOf({
    'a.test.mjs': `
      import { it } from '${vitest}'
      it('leaves a promise', async () => {
        Promise.reject(new Error('late'))
        await new Promise(setImmediate)
      })
    `,
  })
  expect(report.numPassedTests).toBe(1)
  expect(report.unhandledErrors).toEqual([expect.stringMatching(/a\.test\.mjs.*\nError: late\n/)])
})
