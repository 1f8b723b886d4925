import { watchFaults } from './last-line.ts'
import { run } from './run.ts'

// A reader that has had enough (`holdfast status | head -1`) is no fault. A gateway serves on, whoever reads what it says.
const serves = process.argv[2] === 'serve'
process.stdout.on('error', () => {
  if (!serves) process.exit(0)
})
process.stderr.on('error', () => {})
watchFaults()

process.exit(await run(process.argv.slice(2), process))
