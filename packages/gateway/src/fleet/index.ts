export { Fleet } from './fleet.ts'
export {
  beginRebalancing,
  type Load,
  nextRebalancing,
  type RebalanceOptions,
  type Rebalancing,
  shareOf,
} from './rebalancing.ts'
export { Seal } from './seal.ts'
export type { AnnouncedSession, Claimed, FoundSession, SessionHolder } from './session-records.ts'
