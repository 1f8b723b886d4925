import { run } from './run.ts'

// A reader that has had enough (`holdfast status | head -1`) is no fault.
process.stdout.on('error', () => process.exit(0))
process.on('uncaughtException', (error) => {
  process.stderr.write(`holdfast: internal error: ${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
})

process.exit(await run(process.argv.slice(2), process))
