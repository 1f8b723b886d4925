export { AdminServer } from './admin.ts'
export { EventFeed, type NumberedEvent } from './events.ts'
export { type HoldProposal, proposeHold } from './hold-proposal.ts'
export type {
  DrainPlan,
  GatewayState,
  Measured,
  Operations,
  Phase,
  RebalanceHow,
  ReloadResult,
  UpgradeHow,
  UpgradePreview,
  UpgradeResult,
  WorkerInfo,
} from './operations.ts'
export { type Opening, type OpeningMessage, type RecordOptions, recordOpening } from './record-opening.ts'
export {
  isOut,
  type RouteAlarm,
  routeAlarm,
  upstreamState,
  type WatchedRoute,
  withoutUpstream,
} from './route-alarm.ts'
export { type SiteAnswer, siteAnswer } from './site-files.ts'
