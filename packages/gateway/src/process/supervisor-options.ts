// What a supervisor is made with.
import type { ChildProcess } from 'node:child_process'
import type { Clock, GatewayOptions, LogOptions, UpgradeOptions } from '../core/index.ts'
import type { Predecessor } from './predecessor.ts'
import type { LoadResult } from './reload.ts'

/** What a `Supervisor` needs. */
export interface SupervisorOptions {
  /** The configuration to start with, from `loadConfigFile` or `optionsFromFlags`. */
  options: GatewayOptions
  /** Reads the configuration again, for a reload. */
  load: () => LoadResult | Promise<LoadResult>
  /** How it and its workers log. */
  logging: LogOptions
  /** Shown to operators. */
  version: string
  /**
   * Time and timers, for tests that turn the clock by hand.
   *
   * @default {@link systemClock}
   */
  clock?: Clock
  /**
   * A number in [0, 1); it spreads the delays that clients are told.
   *
   * @default Math.random
   */
  random?: () => number
  /**
   * Where the code of a worker is: asked at every start of one, because a new version may lie in another folder.
   *
   * @default beside this file
   */
  workerProgram?: () => URL | undefined
  /**
   * Whether one worker serves in this process, in place of workers in theirs; always so where the runtime cannot hand
   * sockets to other processes.
   *
   * @default false
   */
  oneProcess?: boolean
  /**
   * Starts the process of a new supervisor, from the code now on disk, with a channel to this one and these descriptors of this process
   * as its own from 4 on, in this order. It must call `Supervisor.succeed`.
   *
   * @default none: the supervisor cannot be replaced
   */
  startSuccessor?: (descriptors: readonly number[]) => ChildProcess
  /**
   * The supervisor whose place this one takes, with its options.
   *
   * @default none: it is started by `Supervisor.start`
   */
  predecessor?: Predecessor
}

const defaultUpgrade: UpgradeOptions = {
  canary: 0.01,
  settle: 3000,
  carry: 24 * 3_600_000,
  carriers: 3,
  memory: 1024 ** 3,
}

/** `upgrade` of the configuration; what it does not say is as without it. */
export function upgradeOf({ upgrade }: Pick<GatewayOptions, 'upgrade'>): UpgradeOptions {
  return { ...defaultUpgrade, ...upgrade }
}
