export { Fleet } from './fleet.ts'
export { Seal } from './seal.ts'
export type { AnnouncedSession, Claimed, FoundSession, SessionHolder } from './session-records.ts'
