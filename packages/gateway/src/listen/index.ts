export {
  backlog,
  bindHandle,
  cannotListen,
  canShareHandles,
  descriptorOf,
  formatHostPort,
  inheritHandle,
  listen,
  listenOn,
} from './bound-handles.ts'
export type { HttpExchange } from './http-handlers.ts'
export { Listeners } from './listen.ts'
export { defaultPending } from './pending.ts'
export type { PlainRequest } from './plain-request.ts'
export type { Secured } from './secured.ts'
export {
  certificateNames,
  certificatesOf,
  chooseCertificate,
  describeCertificate,
  nameCovers,
} from './server-names.ts'
export { applyRights, leaveName, removeName } from './unix-listener.ts'
