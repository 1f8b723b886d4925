// What the gateway sends; the types are its own.

export type {
  DrainInfo,
  UpgradeInfo,
  UpstreamInfo,
  UpstreamState,
} from '../../../packages/gateway/src/core/snapshot.ts'
export type {
  CloseCount,
  DashboardFrame,
  DashboardRoute,
  NotableEvent,
  RecentClose,
} from '../../../packages/gateway/src/operate/dashboard-frame.ts'
export type { WorkerInfo } from '../../../packages/gateway/src/operate/operations.ts'
