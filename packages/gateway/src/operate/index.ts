export { AdminServer } from './admin.ts'
export { EventFeed } from './events.ts'
export { type HoldProposal, proposeHold } from './hold-proposal.ts'
export type {
  GatewayState,
  Measured,
  Operations,
  Phase,
  ReloadResult,
  UpgradeResult,
  WorkerInfo,
} from './operations.ts'
export { type Opening, type OpeningMessage, type RecordOptions, recordOpening } from './record-opening.ts'
export { type SiteAnswer, siteAnswer } from './site-files.ts'
