export type { Over } from './control-message.ts'
export type {
  AbandonedSession,
  GivenAway,
  ListedSession,
  Listing,
  Reservation,
  SessionDirectory,
  SessionGiver,
} from './directory.ts'
export { type Authorisation, type Entry, entryWith, type Return, type SessionOwner } from './entry.ts'
export { identityOf } from './identity.ts'
export {
  allows,
  isDeflated,
  type Offer,
  readOffer,
  resumes,
  resumesNot,
  startsAfresh,
  withExtensions,
  withFreshDeflate,
  withoutOffer,
} from './offer.ts'
export { Session, type SessionHost } from './session.ts'
export type { PackedSession, SessionOptions } from './session-options.ts'
export type { SessionEnd } from './session-state.ts'
export { Sessions } from './sessions.ts'
export { hashOf, readHint, readSeriesToken, SessionTokens, TokenSeries } from './token.ts'
