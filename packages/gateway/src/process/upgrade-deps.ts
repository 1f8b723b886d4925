// What a live upgrade is given, and whom it tells.
import type { Logger } from 'pino'
import type { Clock, UpgradeInfo } from '../core/index.ts'
import type { SocketBalancer } from './socket-balancer.ts'
import type { WorkerLink } from './worker-link.ts'
import type { WorkerPool } from './worker-pool.ts'

export interface UpgradesDeps {
  pool: WorkerPool
  balancer: SocketBalancer
  /** The new workers are ready, and tried from now on. */
  onReady?: () => void
  /** The new workers have passed: called before the first of them gets connections. */
  onTried?: () => Promise<void>
  /** The worker gets connections from now on. */
  attach: (worker: WorkerLink) => Promise<void>
  /** Which part of the connections moves first, from 0 to 1. */
  canary: () => number
  /** Milliseconds for which old workers stay that have nothing left, to have their place again. */
  settle: () => number
  /** One after the other with reloads. */
  exclusively: (change: () => Promise<void>) => Promise<void>
  /**
   * Where the sockets to what old workers carry are to be.
   *
   * @throws {Error} There can be none.
   */
  carryDirectory: () => string
  /** An old worker carries from now on. */
  onCarrying: () => void
  /** Milliseconds in which connections are moved; after that, those that could not be moved are drained. */
  deadline: () => number
  publish: (upgrade: UpgradeInfo) => void
  log: Logger
  clock: Clock
}
