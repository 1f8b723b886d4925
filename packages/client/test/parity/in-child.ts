// The program of a child process on another runtime: jobs in, what was seen out.
import { type Job, runAll } from './run.ts'

const jobs = JSON.parse(process.argv[2] ?? '[]') as Job[]
const seen = await runAll(jobs, (globalThis as never as { WebSocket: never }).WebSocket)
console.log(JSON.stringify(seen))
process.exit(0)
