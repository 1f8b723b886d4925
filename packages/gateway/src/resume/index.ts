export type { Over } from './control-message.ts'
export {
  allows,
  identityOf,
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
export { Session } from './session.ts'
export { type Entry, type Return, Sessions } from './sessions.ts'
