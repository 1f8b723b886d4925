/**
 * Why there is no certificate. `unreachable`: the authority does not answer, or is out of order. `rate-limited`: it wants to be
 * asked later. `challenge`: it could not see that the name is this gateway's. `refused`: it does not want to. `storage`: what it gave
 * could not be kept, or would not be.
 */
export type AcmeFailure = 'unreachable' | 'rate-limited' | 'challenge' | 'refused' | 'storage'

export interface AcmeErrorInit {
  /** Kind of the problem in words of RFC 8555 6.7, without `urn:ietf:params:acme:error:`. */
  type?: string
  /** Milliseconds that the authority wants to be left alone. */
  retryAfterMs?: number
}

export class AcmeError extends Error {
  readonly failure: AcmeFailure
  readonly type: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(failure: AcmeFailure, message: string, { type, retryAfterMs }: AcmeErrorInit = {}) {
    super(message)
    this.name = 'AcmeError'
    this.failure = failure
    this.type = type
    this.retryAfterMs = retryAfterMs
  }
}

/** What was thrown, as one of these. */
export function asAcmeError(error: unknown, failure: AcmeFailure): AcmeError {
  if (error instanceof AcmeError) return error
  return new AcmeError(failure, error instanceof Error ? error.message : String(error))
}
