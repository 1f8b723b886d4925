export { socketName } from './carrier.ts'
export type { Channel } from './channel.ts'
export { Front } from './front.ts'
export { frontsFrom } from './front-revision.ts'
export { rehearsalMs } from './rehearsal.ts'
export { applyChanges } from './since-report.ts'
export { addUnrouted, emptyCounters, mergeSnapshots, noneUnrouted, retire, type Totals } from './totals.ts'
export { Worker } from './worker.ts'
export {
  type AdmissionAnswer,
  type FromWorker,
  listenerKeys,
  type MoveOutcome,
  protocol,
  type Requests,
  type RequestType,
  type RouteChanges,
  relayListener,
  type SessionAnswer,
  type SessionAsk,
  type ToWorker,
  type WorkerReport,
} from './worker-messages.ts'
