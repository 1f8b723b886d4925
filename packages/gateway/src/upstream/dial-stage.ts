// A stage of a dial: it ends by what it waits for, by its time limit, or because nobody wants it any more. Next: dial.ts.
import type { Clock } from '../core/index.ts'
import { type Failed, failed } from './dial-failure.ts'

/** What a stage may take. */
export interface StageLimits {
  /** Milliseconds, however busy the peer keeps the line. */
  ms: number
  signal: AbortSignal
  clock: Clock
}

/** What has begun. */
export interface Begun {
  /** Nothing is heard any more. */
  leave(): void
  /** Lets go of the connection, after `leave`; not where a refused request's body goes on to the client. */
  destroy(): void
}

/** Its result is the first thing that happens. `begin` may settle it at once; what it throws, the stage rejects with. */
export function stage<Result extends { ok: true }>(
  { ms, signal, clock }: StageLimits,
  begin: (settle: (result: Result | Failed) => void) => Begun,
): Promise<Result | Failed> {
  return new Promise((resolve) => {
    let settled: Result | Failed | undefined
    let begun: Begun | undefined
    const end = (result: Result | Failed, { leave, destroy }: Begun) => {
      leave()
      if (!result.ok && result.failure.kind !== 'rejected') destroy()
      resolve(result)
    }
    const settle = (result: Result | Failed) => {
      if (settled) return
      settled = result
      clock.clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      if (begun) end(result, begun)
    }
    const onAbort = () => settle(failed({ kind: 'aborted' }))
    const timer = clock.setTimeout(() => settle(failed({ kind: 'no-answer', afterMs: ms })), ms)
    signal.addEventListener('abort', onAbort)
    try {
      begun = begin(settle)
    } catch (error) {
      clock.clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      throw error
    }
    if (settled) end(settled, begun)
    else if (signal.aborted) onAbort()
  })
}
