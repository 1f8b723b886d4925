import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { AcmeShared, Clock, GatewayOptions, LogOptions, UpgradeOptions } from '../core/index.ts'
import type { Secured } from '../listen/index.ts'
import type { Channel } from '../worker/index.ts'
import type { FrontKind } from './front-on-disk.ts'
import type { WorkerLink } from './worker-link.ts'
import type { WorkerPool } from './worker-pool.ts'

export interface FrontsDeps {
  /** How many there are. */
  size: number
  start: () => Channel
  /** What those of the code now on disk would do. */
  onDisk: () => Promise<FrontKind | undefined>
  options: () => GatewayOptions
  logging: LogOptions
  ticketKeys: () => string
  /** Of listeners that obtain theirs by themselves; undefined where none does. */
  certificates: () => AcmeShared | undefined
  /** For a worker: what this client says comes out of that socket. */
  onSecured: (listener: string, socket: Socket, secured: Secured) => void
  /** One can be given sockets from now on. */
  onReady: (front: WorkerLink) => void
  /** For those that others have replaced. */
  limits: () => Pick<UpgradeOptions, 'carry' | 'carriers' | 'memory'>
  /** The workers, which tell clients of a front that they shall come back. */
  workers: () => Pick<WorkerPool, 'askAtRest' | 'newDrain'>
  /** Milliseconds that a drain may take. */
  drainWithinMs: () => number
  log: Logger
  clock: Clock
}
