import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { folderWith } from './run-tool.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('the report says what went wrong in a hook, in which suite', () => {
  const vitest = join(root, 'node_modules/vitest/dist/index.js')
  using folder = folderWith({
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
  const reporter = join(root, 'tools/json-reporter.mjs')
  const args = ['run', '--root', folder.path, `--reporter=${reporter}`, '--outputFile.json=report.json']
  spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args])
  const report = JSON.parse(readFileSync(join(folder.path, 'report.json'), 'utf8'))
  expect(report.testResults).toHaveLength(1)
  expect(report.testResults[0].message).toMatch(/^outer > inner\nError: no server\n/)
})
