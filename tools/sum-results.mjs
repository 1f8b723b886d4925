// Adds up the JSON reports of vitest in a folder. Each test that failed is named at the
// end, where whoever sees only the last lines finds it; the last line is 'N passed, N failed, N skipped'.
//   node tools/sum-results.mjs FOLDER [STEP...]      STEP: a command of the run that did not end with 0
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const [folder, ...steps] = process.argv.slice(2)
const total = { passed: 0, failed: 0, skipped: 0 }
const failures = []

for (const name of readdirSync(folder).sort()) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'))
  const skipped = report.numPendingTests + report.numTodoTests
  // A file that does not load, or fails in a hook, has no test that failed, but has failed.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  )
  const unhandled = report.unhandledErrors ?? []
  const failed = report.numFailedTests + broken.length + unhandled.length
  console.log(
    `${name.replace('.json', '')}: ${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`,
  )
  failures.push(...report.testResults.flatMap((file) => failuresOf(name.replace('.json', ''), file)))
  failures.push(
    ...unhandled.map(
      (words) => `FAILED on ${name.replace('.json', '')}: outside of every test\n${firstLines(words)}`,
    ),
  )
  total.passed += report.numPassedTests
  total.failed += failed
  total.skipped += skipped
}

failures.push(...steps.map((step) => `FAILED: ${step}`))
for (const line of failures) console.log(line)

// Something failed that no report tells of: the install, the build, a check.
if (total.failed === 0 && steps.length > 0) total.failed = 1
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0

/**
 * A line for each test in it that failed, with the first lines of what it said; where none did, for the file, which did not
 * load, or failed before or behind its tests.
 */
function failuresOf(runtime, file) {
  const path = relative(process.cwd(), file.name)
  const line = (what, words) => `FAILED on ${runtime}: ${path}${what}\n${firstLines(words)}`
  const failed = file.assertionResults.filter((test) => test.status === 'failed')
  if (failed.length > 0) {
    return failed.map((test) => line(` > ${test.fullName}`, test.failureMessages.join('\n')))
  }
  if (file.status !== 'failed') return []
  return [line(file.assertionResults.length === 0 ? ' did not load' : ' outside of its tests', file.message)]
}

function firstLines(text = '') {
  const lines = stripVTControlCharacters(text).split('\n')
  return lines
    .slice(0, 12)
    .map((line) => `    ${line.slice(0, 300)}`)
    .join('\n')
}
