export { Predecessor } from './predecessor.ts'
export type { LoadResult } from './reload.ts'
export { Supervisor } from './supervisor.ts'
export type { SupervisorOptions } from './supervisor-options.ts'
