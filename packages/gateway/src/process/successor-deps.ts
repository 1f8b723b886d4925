import type { ChildProcess } from 'node:child_process'
import type { Logger } from 'pino'
import type { Clock, UpgradeInfo } from '../core/index.ts'
import type { Handover, Succession } from './succession.ts'
import type { SuccessorUndoDeps } from './successor-undo.ts'
import type { WorkerLink } from './worker-link.ts'

export interface SuccessorDeps extends SuccessorUndoDeps {
  /** Its process, with the listening sockets among its descriptors. */
  child: ChildProcess
  state: Succession
  /** The workers that it goes on with, now. */
  workers: () => readonly WorkerLink[]
  /** How far it is, while it moves connections. */
  onUpgrade: (upgrade: UpgradeInfo) => void
  /** Stops all that would act here by itself; the result is what the new one needs. */
  handOver: () => Handover
  /** It has not taken over after all. */
  takeBack: () => void
  /** Stops accepting. Resolves when what was accepted is in a worker. */
  release: () => Promise<void>
  log: Logger
  clock: Clock
}
