import { expect, test } from 'vitest'
import { folderWith, runTool } from './run-tool.ts'

const report = (passed: number, failed: number, skipped = 0, brokenFiles = 0) =>
  JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: skipped,
    numTodoTests: 0,
    testResults: Array(brokenFiles).fill({ status: 'failed', assertionResults: [] }),
  })

function sum(files: Record<string, string>, status: string) {
  using folder = folderWith(files)
  const { status: exit, lines } = runTool('sum-results.mjs', [folder.path, status])
  return [exit, lines.at(-1)]
}

test('sum-results adds up the runs on its last line', () => {
  expect(sum({ 'node.json': report(10, 0, 1), 'lts.json': report(9, 0, 2) }, '0')).toEqual([
    0,
    '19 passed, 0 failed, 3 skipped',
  ])
})

test('sum-results fails when a test failed, a file did not load, a step failed, or nothing ran', () => {
  expect(sum({ 'node.json': report(10, 2) }, '1')).toEqual([1, '10 passed, 2 failed, 0 skipped'])
  expect(sum({ 'node.json': report(10, 0, 0, 1) }, '1')).toEqual([1, '10 passed, 1 failed, 0 skipped'])
  expect(sum({ 'node.json': report(10, 0) }, '1')).toEqual([1, '10 passed, 1 failed, 0 skipped'])
  expect(sum({}, '0')).toEqual([1, '0 passed, 0 failed, 0 skipped'])
})
