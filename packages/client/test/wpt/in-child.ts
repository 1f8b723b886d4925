// The program of a child process on another runtime: servers in, results out.
import type { Servers } from './point.ts'
import { runPoints } from './points.ts'

const servers = JSON.parse(process.argv[2] ?? '{}') as Servers
const { WebSocket: Native } = globalThis as never as { WebSocket: never }
console.log(JSON.stringify(await runPoints({ ...servers, Native, base: undefined })))
process.exit(0)
