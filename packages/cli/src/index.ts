export type { ExitStatus, Io } from './output.ts'
export { run } from './run.ts'
