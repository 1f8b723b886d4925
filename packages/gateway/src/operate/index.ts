export { AdminServer } from './admin.ts'
export { EventFeed } from './events.ts'
export type {
  GatewayState,
  Measured,
  Operations,
  Phase,
  ReloadResult,
  UpgradeResult,
  WorkerInfo,
} from './operations.ts'
export { type SiteAnswer, siteAnswer } from './site-files.ts'
