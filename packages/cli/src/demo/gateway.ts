// `holdfast serve` as a child of the demo: says its line in a message, and ends when the demo has ended.
import { run } from '../run.ts'

process.on('disconnect', () => process.exit())
const stdout = { write: (line: string) => process.send?.(line) }
process.exit(await run(process.argv.slice(2), { stdout, stderr: process.stderr, env: process.env }))
