// Says how much of the source the tests of this run have covered, and where that is less than what was recorded.
//   node tools/say-coverage.mjs            after vitest --coverage
//   node tools/say-coverage.mjs --record   writes down what it is now
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: {
    record: { type: 'boolean' },
    summary: { type: 'string', default: join(root, 'node_modules/.cache/coverage/coverage-summary.json') },
    recorded: { type: 'string', default: join(root, 'tools/coverage.json') },
  },
})
/** Points that two runs of the same tests differ by: timing, and which other software the machine has. */
const noise = 0.5

if (!existsSync(values.summary)) {
  console.log('coverage: not measured in this run')
  process.exit(0)
}
const { total } = JSON.parse(readFileSync(values.summary, 'utf8'))
const now = Object.fromEntries(['lines', 'branches', 'functions'].map((kind) => [kind, total[kind].pct]))
if (values.record) writeFileSync(values.recorded, `${JSON.stringify(now, undefined, 2)}\n`)
const before = JSON.parse(readFileSync(values.recorded, 'utf8'))
for (const [kind, percent] of Object.entries(now)) {
  const fell =
    percent < before[kind] - noise ? ': it fell; cover what is new, or record it with a reason' : ''
  console.log(`coverage of ${kind}: ${percent} % (recorded ${before[kind]} %)${fell}`)
}
