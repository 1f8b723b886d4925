export {
  type ConfigFlags,
  type ConfigProblem,
  type ConfigResult,
  formatProblem,
  loadConfigFile,
  optionsFromFlags,
} from './config/index.ts'
export {
  type Clock,
  createLogger,
  type DrainCounts,
  type DrainScope,
  GatewayError,
  type LogLevel,
  type LogOptions,
  logLevels,
  logOptionsFor,
  type PlannedDrain,
  type PlannedFronts,
  type PlannedKind,
  type Side,
  systemClock,
  type UpgradeInfo,
  type UpgradePlan,
} from './core/index.ts'
export type * from './core/options.ts'
export type * from './core/snapshot.ts'
export { Gateway, type GatewayDeps, type Scope, type UnansweredUpstream } from './gateway.ts'
export {
  loadReplay,
  type Replay,
  type ReplayMessage,
  type ReplayModule,
  replayLimits,
  replayProtocols,
} from './hold/replay/index.ts'
export {
  type DrainPlan,
  type GatewayState,
  type HoldProposal,
  isOut,
  type Opening,
  type OpeningMessage,
  proposeHold,
  type RecordOptions,
  type ReloadResult,
  type RouteAlarm,
  recordOpening,
  routeAlarm,
  type SiteAnswer,
  siteAnswer,
  type UpgradeResult,
  upstreamState,
  type WatchedRoute,
  type WorkerInfo,
  withoutUpstream,
} from './operate/index.ts'
export { type LoadResult, Predecessor, Supervisor, type SupervisorOptions } from './process/index.ts'
export { type DrainSlot, drainSlots } from './session/index.ts'
export type { Message } from './wire/index.ts'
