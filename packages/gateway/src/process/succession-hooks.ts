import type { UpgradeInfo } from '../core/index.ts'
import type { WorkerLink } from './worker-link.ts'

/** Where a supervisor that takes another's place, or gives up its own, has a part in what happens. */
export interface SuccessionHooks {
  /** New workers are ready, and tried from now on. */
  onReady(): void
  /** They have passed: called before the first of them gets connections. */
  onTried(): Promise<void>
  /** How far the connections are. */
  onUpgrade(upgrade: UpgradeInfo): void
  /** Whether no other supervisor serves in this one's place. */
  isInCharge(): boolean
  /** A worker has got the listeners. */
  onAttached(worker: WorkerLink): void
  /** A front can be given sockets. */
  onFront(front: WorkerLink): void
  /**
   * Where the sockets to what old workers carry are to be.
   *
   * @throws {Error} There can be none.
   */
  carryDirectory(): string
}
