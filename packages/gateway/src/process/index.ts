export type { LoadResult } from './reload.ts'
export { Supervisor, type SupervisorOptions } from './supervisor.ts'
