export type { Member } from './answer-check.ts'
export { authorityOf, changeAuthority, changeFields, changesPath, changeTarget } from './change-request.ts'
export { tlsOptions } from './connect.ts'
export { type DialFailure, type DialResult, type DialTarget, dial } from './dial.ts'
export { answerFailure, connectFailure } from './dial-failure.ts'
export {
  dialRoute,
  failureWords,
  isOutage,
  isUnwell,
  mayTryOne,
  pause,
  type RouteDialResult,
} from './dial-route.ts'
export { dialWatched } from './dial-watched.ts'
export { keepAliveAgents } from './http-agents.ts'
export { retryAfter } from './upstream-answer.ts'
export { addressOf, Upstream } from './upstream-group.ts'
export { UpstreamSearch } from './upstream-search.ts'
export type { Visit } from './upstream-watch.ts'
export { UpstreamPool } from './upstreams.ts'
export { wait } from './wait.ts'
export { WaitingPlaces } from './waiting-places.ts'
export { type Dialled, type Place, WaitingRoom } from './waiting-room.ts'
