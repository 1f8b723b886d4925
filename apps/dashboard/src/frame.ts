// What the gateway sends; the types are its own.
export type {
  CloseCount,
  Frame,
  News,
  RecentClose,
  RouteFrame,
} from '../../../packages/gateway/src/admin-frame.ts'
export type { WorkerInfo } from '../../../packages/gateway/src/operations.ts'
export type { DrainInfo, UpgradeInfo, UpstreamInfo } from '../../../packages/gateway/src/snapshot.ts'
