// What a restart is checked with, what comes of it, and why it cannot be checked.

import type { Finding } from '../findings.ts'
import type { Lookup } from '../probe/lookup.ts'
import type { HeaderList } from '../probe/request.ts'
import type { Outcome } from './managers.ts'
import type { Member } from './process-tree.ts'
import type { Watched } from './stop.ts'

/** How a restart is checked. */
export interface RestartOptions {
  /**
   * Where the server lets WebSockets in.
   *
   * @default ws://127.0.0.1/ with the port on which the command listens (Linux only)
   */
  url?: string
  /**
   * Subprotocols to offer, in order. Source: RFC 6455 4.1.
   *
   * @default []
   */
  protocols?: readonly string[]
  /**
   * Headers to send with the handshake, such as Cookie, Authorization or Origin.
   *
   * @default []
   */
  headers?: HeaderList
  /**
   * How many clients are connected: one talks, one never answers a Close, the others are idle. At least 3.
   *
   * @default 10
   */
  clients?: number
  /**
   * What the talking client sends, as text. Where the server ends the connection for it, it sends Pings.
   *
   * @default 'holdfast check'
   */
  message?: string
  /**
   * Milliseconds from SIGTERM to SIGKILL, for all managers alike. A stop is watched for 30 s at most without it.
   *
   * @default Docker 10 s, Kubernetes 30 s, systemd 90 s
   */
  grace?: number
  /**
   * Milliseconds until the server must let a client in.
   *
   * @default 30000
   */
  start?: number
  /**
   * Finds the addresses of a name.
   *
   * @default as the system does: hosts file and DNS
   */
  lookup?: Lookup
  /**
   * Ends the check, and all that it has started.
   *
   * @default none: each step has a limit
   */
  signal?: AbortSignal
  /** Called with what happens, in English, for those who wait. */
  onStep?(words: string): void
}

/** What came of a restart. */
export interface RestartResult {
  /** The command, as it was given. */
  command: string
  /** Where clients were connected. */
  url: string
  /** The processes of the command while it served, the first one first. */
  processes: Member[]
  /** What was watched: once, or twice where the first process is not alone. */
  watched: Watched[]
  /** What each manager makes of it. */
  outcomes: Outcome[]
  /** What is wrong, and what is right. */
  findings: Finding[]
  /** Whether there is no error among the findings. */
  healthy: boolean
}

/** Why a restart could not be checked. */
export type RestartTrouble =
  | 'command_not_found'
  | 'bad_url'
  | 'port_taken'
  | 'exited'
  | 'never_listened'
  | 'refused'
  | 'clients_lost'
  | 'stopped'

/** A restart could not be checked; its message says what to do. */
export class RestartError extends Error {
  /** Which trouble it is. */
  readonly code: RestartTrouble

  /** `message` says what to do. */
  constructor(code: RestartTrouble, message: string) {
    super(message)
    this.name = 'RestartError'
    this.code = code
  }
}

/** Milliseconds that a stop is watched where no grace is given: as long as Kubernetes waits. */
export const watchMs = 30_000
