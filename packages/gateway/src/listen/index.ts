export {
  backlog,
  bindHandle,
  cannotListen,
  canShareHandles,
  formatHostPort,
  listen,
} from './bound-handles.ts'
export type { HttpExchange } from './http-handlers.ts'
export { Listeners } from './listen.ts'
export { defaultPending } from './pending.ts'
export {
  certificateNames,
  certificatesOf,
  chooseCertificate,
  describeCertificate,
  nameCovers,
} from './server-names.ts'
export { applyRights } from './unix-listener.ts'
