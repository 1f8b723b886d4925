export { type Clock, systemClock } from './clock.ts'
export { type ConfigProblem, formatProblem } from './config-errors.ts'
export { type ConfigResult, loadConfigFile } from './config-file.ts'
export { type ConfigFlags, optionsFromFlags } from './config-flags.ts'
export { type DrainSlot, drainSlots } from './drain.ts'
export { GatewayError, type Side } from './errors.ts'
export { Gateway, type GatewayDeps, type Scope } from './gateway.ts'
export { createLogger, type LogLevel, type LogOptions, logLevels, logOptionsFor } from './log.ts'
export type { GatewayState, ReloadResult, UpgradeInfo, UpgradeResult, WorkerInfo } from './operations.ts'
export type * from './options.ts'
export type { LoadResult } from './reload.ts'
export {
  loadReplay,
  type Message,
  type Replay,
  type ReplayModule,
  replayLimits,
  replayProtocols,
} from './replay.ts'
export { type SiteAnswer, siteAnswer } from './site-files.ts'
export type * from './snapshot.ts'
export { Supervisor, type SupervisorOptions } from './supervisor.ts'
export type { DrainCounts, DrainScope } from './worker-messages.ts'
