// The line of the log about an order that failed: the louder, the nearer the end of the certificate that there is. Pure.
import type { UnixMs } from '../core/index.ts'
import type { AcmeError } from './acme-error.ts'
import type { NameState } from './plan.ts'

export interface FailureLine {
  level: 'warn' | 'error'
  fields: Record<string, unknown>
  words: string
}

/** `pausedUntil`: no name is ordered before. */
export function failureLine(
  name: string,
  { life, notBefore, failures }: NameState,
  { failure, message }: AcmeError,
  pausedUntil: UnixMs,
  at: UnixMs,
): FailureLine {
  const left = life && life.to - at
  const nextOrder = new Date(Math.max(notBefore, pausedUntil)).toISOString()
  const until = life && { until: new Date(life.to).toISOString() }
  return {
    level: left !== undefined && left > (life!.to - life!.from) / 5 ? 'warn' : 'error',
    fields: { name, failure, error: message, nextOrder, ...until, failures },
    words: wordsFor(left),
  }
}

function wordsFor(leftMs: number | undefined): string {
  if (leftMs === undefined)
    return 'no certificate could be obtained: TLS handshakes for this name are refused'
  return leftMs > 0
    ? 'a certificate was not renewed; the one before is shown'
    : 'a certificate has expired and was not renewed; clients refuse it'
}
