// What a pool of workers is given, and whom it tells.
import type { Logger } from 'pino'
import type { Clock, GatewayEvent, GatewayOptions, Handle, LogOptions } from '../core/index.ts'
import type { Channel, FromWorker, SessionAnswer, SessionAsk } from '../worker/index.ts'
import type { AdmissionLedger } from './admissions.ts'
import type { RemovedRoutes } from './removed-routes.ts'
import type { WorkerLink } from './worker-link.ts'

export interface WorkerPoolDeps {
  size: number
  /** The number of the first one. */
  firstId?: number
  startWorker: () => Channel
  /** The options to serve with now. */
  options: () => GatewayOptions
  logging: LogOptions
  /** The keys of TLS session tickets of now. */
  ticketKeys: () => string
  /** Id of this gateway in its fleet. */
  node?: string | undefined
  ledger: AdmissionLedger
  /** What the fleet knows of sessions. */
  askAboutSessions?: (about: SessionAsk) => Promise<SessionAnswer>
  log: Logger
  clock: Clock
  /** The worker can be given sockets from now on. One for which this fails is killed. */
  onReady: (worker: WorkerLink) => Promise<void>
  /** The worker has ended. */
  onGone: (worker: WorkerLink) => void
  /** The worker drains: it gets no more sockets. */
  onFaulty: (worker: WorkerLink) => void
  /** Whether one of the code now on disk takes the place of a worker that has ended, or has a fault. */
  replaces: (worker: WorkerLink) => boolean
  /** Routes that are not in the configuration any more, and whose counters are still shown. */
  removed: Pick<RemovedRoutes, 'names' | 'has'>
  onSocketTaken: (worker: WorkerLink, id: number) => void
  onSocketsLeft: (worker: WorkerLink, count: number) => void
  onEvents: (worker: WorkerLink, events: GatewayEvent[], dropped: number) => void
  /** What a worker says about connections that go from one to another. */
  onMove: (worker: WorkerLink, message: MoveMessage, handle?: Handle) => void
  /** A front has a socket for a worker. */
  onSecured?: (worker: WorkerLink, message: Extract<FromWorker, { type: 'secured' }>, handle?: Handle) => void
}

/** What workers say while connections go from one to another. */
export type MoveMessage = Extract<
  FromWorker,
  { type: 'move' | 'move-upstream' | 'adopted' | 'not-adopted' | 'leaving' }
>
