/** Which side of the gateway an error comes from. */
export type Side = 'client' | 'upstream' | 'gateway'

/** An error that knows its side and says what to do; match on `code`. */
export class GatewayError extends Error {
  /**
   * What went wrong, for programs: 'cannot_listen', 'not_found', 'draining', 'worker_failed', 'replay_file' and
   * others. It does not change between versions; the message may.
   */
  readonly code: string
  /** On whose side the fault is. */
  readonly side: Side

  /** `options.cause` keeps the error below, for the log; nothing of it reaches a client. */
  constructor(code: string, side: Side, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'GatewayError'
    this.code = code
    this.side = side
  }
}

/** What is thrown need not be an error. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
