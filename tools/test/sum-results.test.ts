import { expect, test } from 'vitest'
import { folderWith, runTool } from './run-tool.ts'

const report = (passed: number, failed: number, skipped = 0, brokenFiles = 0) =>
  JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: skipped,
    numTodoTests: 0,
    testResults: Array(brokenFiles).fill({ name: 'broken.test.ts', status: 'failed', assertionResults: [] }),
  })

function sum(files: Record<string, string>, ...steps: string[]) {
  using folder = folderWith(files)
  const { status: exit, lines } = runTool('sum-results.mjs', [folder.path, ...steps])
  return [exit, lines.at(-1)]
}

test('sum-results adds up the runs on its last line', () => {
  expect(sum({ 'node.json': report(10, 0, 1), 'lts.json': report(9, 0, 2) })).toEqual([
    0,
    '19 passed, 0 failed, 3 skipped',
  ])
})

test('sum-results fails when a test failed, a file did not load, a step failed, or nothing ran', () => {
  expect(sum({ 'node.json': report(10, 2) }, 'npm test')).toEqual([1, '10 passed, 2 failed, 0 skipped'])
  expect(sum({ 'node.json': report(10, 0, 0, 1) }, 'npm test')).toEqual([1, '10 passed, 1 failed, 0 skipped'])
  expect(sum({ 'node.json': report(10, 0) }, 'npm run check')).toEqual([1, '10 passed, 1 failed, 0 skipped'])
  expect(sum({})).toEqual([1, '0 passed, 0 failed, 0 skipped'])
})

test('sum-results names each test that failed behind everything else, with what it said', () => {
  const failed = {
    numPassedTests: 1,
    numFailedTests: 1,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [
      {
        name: `${process.cwd()}/a.test.ts`,
        status: 'failed',
        assertionResults: [
          { status: 'passed', fullName: 'adds', failureMessages: [] },
          {
            status: 'failed',
            fullName: 'takes away',
            failureMessages: ['\u001b[31mexpected 1\u001b[39m\n  at a.test.ts:3'],
          },
        ],
      },
      {
        name: `${process.cwd()}/b.test.ts`,
        status: 'failed',
        assertionResults: [],
        message: 'cannot find x',
      },
      {
        name: `${process.cwd()}/c.test.ts`,
        status: 'failed',
        assertionResults: [{ status: 'skipped', fullName: 'never begins', failureMessages: [] }],
        message: 'no server',
      },
    ],
  }
  using folder = folderWith({ 'lts.json': JSON.stringify(failed) })
  const { lines } = runTool('sum-results.mjs', [folder.path, 'npm test'])
  expect(lines.slice(1, -1)).toEqual([
    expect.stringContaining('FAILED on lts: '),
    '    expected 1',
    '      at a.test.ts:3',
    expect.stringMatching(/FAILED on lts: .*b\.test\.ts did not load/),
    '    cannot find x',
    expect.stringMatching(/FAILED on lts: .*c\.test\.ts outside of its tests/),
    '    no server',
    'FAILED: npm test',
  ])
  expect(lines[1]).toContain('a.test.ts > takes away')
})

test('sum-results fails for what was thrown outside of every test, and says it', () => {
  const thrown = { ...JSON.parse(report(3, 0)), unhandledErrors: ['a.test.ts > adds\nError: late'] }
  using folder = folderWith({ 'lts.json': JSON.stringify(thrown) })
  const { status, lines } = runTool('sum-results.mjs', [folder.path, 'npm test'])
  expect(status).toBe(1)
  expect(lines.slice(1)).toEqual([
    'FAILED on lts: outside of every test',
    '    a.test.ts > adds',
    '    Error: late',
    'FAILED: npm test',
    '3 passed, 1 failed, 0 skipped',
  ])
})
