import { expect, test } from 'vitest'
import { folderWith, runTool } from './run-tool.ts'

const summary = (lines: number, branches: number) =>
  JSON.stringify({ total: { lines: { pct: lines }, branches: { pct: branches }, functions: { pct: 90 } } })
const recorded = JSON.stringify({ lines: 88, branches: 85, functions: 90 })

function say(files: Record<string, string>) {
  using folder = folderWith(files)
  const flags = ['--summary', `${folder.path}/summary.json`, '--recorded', `${folder.path}/recorded.json`]
  return runTool('say-coverage.mjs', flags)
}

test('say-coverage names what fell by more than two runs differ by, and nothing else', () => {
  const { status, lines } = say({ 'summary.json': summary(86, 84.8), 'recorded.json': recorded })
  expect(status).toBe(0)
  expect(lines).toEqual([
    'coverage of lines: 86 % (recorded 88 %): it fell; cover what is new, or record it with a reason',
    'coverage of branches: 84.8 % (recorded 85 %)',
    'coverage of functions: 90 % (recorded 90 %)',
  ])
})

test('say-coverage says that nothing was measured', () => {
  expect(say({ 'recorded.json': recorded }).lines).toEqual(['coverage: not measured in this run'])
})
