// Adds up the JSON reports of vitest in a folder; the last line is 'N passed, N failed, N skipped'.
//   node tools/sum-results.mjs FOLDER [STATUS]      STATUS: the worst exit status of the runs
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder, status = '0'] = process.argv.slice(2)
const total = { passed: 0, failed: 0, skipped: 0 }

for (const name of readdirSync(folder).sort()) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'))
  const skipped = report.numPendingTests + report.numTodoTests
  // A file that does not load has no tests, but has failed.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  )
  const failed = report.numFailedTests + broken.length
  console.log(
    `${name.replace('.json', '')}: ${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`,
  )
  total.passed += report.numPassedTests
  total.failed += failed
  total.skipped += skipped
}

// Something failed that no report tells of: the install, the build, a check.
if (total.failed === 0 && status !== '0') total.failed = 1
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
