// A Pipe on streams whose peers are the test.
import { Duplex } from 'node:stream'
import { fakeClock } from '@holdfast/testing'
import type { Verdict } from '../src/connection/connection-state.ts'
import { Pipe } from '../src/connection/pipe.ts'
import type { PipeOptions } from '../src/connection/pipe-options.ts'
import type { HoldResult, LetGo, RestoredBy } from '../src/core/snapshot.ts'
import type { HoldDeps } from '../src/hold/hold-host.ts'
import type { Redialled } from '../src/hold/next-upstream.ts'

/** A stream whose peer is the test: what it gets is in `written`, what it says is pushed. */
export class PeerStream extends Duplex {
  written: Buffer[] = []
  /** While false, writes wait, as with a peer that does not read. */
  takes = true
  #pending: (() => void)[] = []

  constructor(highWaterMark = 16_384) {
    super({ highWaterMark, allowHalfOpen: true })
  }
  override _read(): void {}
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.written.push(chunk)
    if (this.takes) done()
    else this.#pending.push(done)
  }
  takeAll(): void {
    this.takes = true
    for (const done of this.#pending.splice(0)) done()
  }
  bytes(): Buffer {
    return Buffer.concat(this.written)
  }
}

export function startPipe(some: Partial<PipeOptions> = {}) {
  const clock = fakeClock()
  const client = new PeerStream()
  const upstream = new PeerStream()
  const verdicts: Verdict[] = []
  const pipe = new Pipe(
    { client, upstream },
    {
      rsv: 0,
      closePolicy: {
        rejections: 'pass',
        badGateway: 'close',
        closeCodes: { badGateway: 1014, restart: 1012, tryAgain: 1013 },
      },
      closeTimeout: 5000,
      keepalive: { ping: 1000, timeout: 1000 },
      clock,
      retry: () => 1500,
      onError: (error) => {
        throw error
      },
      onClosed: (verdict) => verdicts.push(verdict),
      ...some,
    },
  )
  return { pipe, client, upstream, clock, verdicts }
}

export const turn = () => new Promise((resolve) => setImmediate(resolve))

export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn()
}

/** A Pipe that holds its client; the test gives it its next upstreams. */
export function startHeldPipe(some: Partial<PipeOptions> = {}, hold: Partial<HoldDeps> = {}) {
  const record = {
    searches: [] as { departed: number; within: number; signal: AbortSignal }[],
    held: 0,
    contextsKept: 0,
    ended: [] as HoldResult[],
    asking: 0,
    restoredBy: [] as RestoredBy[],
    letGo: [] as LetGo[],
    lost: { 'to-upstream': 0, 'to-client': 0 },
  }
  let found: ((result: Redialled) => void) | undefined
  const deps: HoldDeps = {
    options: { for: 30_000, on: [1012, 'lost'], buffer: 262_144, state: 'none', replay: { by: 'none' } },
    mayHold: () => true,
    judges: () => false,
    stops: async () => false,
    redial(departed, within, signal) {
      record.searches.push({ departed, within, signal })
      return new Promise((resolve) => {
        found = resolve
      })
    },
    worthAsking: () => true,
    mayWaitOn: () => true,
    onAsking(by) {
      record.asking += by
    },
    onAnswer: () => {},
    shortRetry: () => 250,
    onReattached: (by) => void record.restoredBy.push(by),
    onLetGo: (why) => void record.letGo.push(why),
    onHeld: () => void record.held++,
    onAway: () => () => {},
    whenOthersBack(then) {
      then()
      return () => {}
    },
    onCarried: () => {},
    onHoldEnded: (result) => void record.ended.push(result),
    onLost(direction, messages) {
      record.lost[direction] += messages
    },
    onContextKept: () => void record.contextsKept++,
    ...hold,
  }
  const started = startPipe({ hold: deps, ...some })
  return {
    ...started,
    record,
    /** Whether the next upstream is being looked for. */
    get searching() {
      return found !== undefined
    },
    /** Ends the search, with a new upstream unless it is said otherwise. */
    async attach(result?: Redialled, restored = false): Promise<PeerStream> {
      const stream = new PeerStream()
      found?.(result ?? { ok: true, stream, restored })
      found = undefined
      await turns(2)
      return stream
    },
  }
}
