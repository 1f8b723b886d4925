// When each name's certificate is ordered, and when the authority is asked about it: a state, and its pure `next`.
import type { UnixMs } from '../core/index.ts'
import type { AcmeFailure } from './acme-error.ts'

/** The certificate that a name has. */
export interface Life {
  from: UnixMs
  to: UnixMs
  renewAt: UnixMs
  /** What the authority suggested, by RFC 9773. */
  window?: { start: UnixMs; end: UnixMs }
  /** When it is to be asked for a window; undefined: it knows nothing of such. */
  askAt?: UnixMs
}

export interface NameState {
  life?: Life
  /** Orders in a row that came to nothing, the one under way included: who dies during one shall not begin anew. */
  failures: number
  /** No order before. */
  notBefore: UnixMs
  last?: { failure: AcmeFailure; words: string; at: UnixMs }
}

/** `spread` is a random number in [0, 1): what many do at once is to be spread in time. `at` is now. */
export type PlanEvent =
  /** `ordered`: now, and not read from its file. */
  | { what: 'obtained'; from: UnixMs; to: UnixMs; ordered: boolean; spread: number; at: UnixMs }
  | { what: 'begun'; spread: number; at: UnixMs }
  | {
      what: 'failed'
      failure: AcmeFailure
      words: string
      retryAfterMs?: number
      spread: number
      at: UnixMs
    }
  | {
      what: 'window'
      start: UnixMs
      end: UnixMs
      retryAfterMs?: number
      spread: number
      at: UnixMs
    }
  /** It could not be asked for a window, or has none. */
  | { what: 'no-window'; supported: boolean; at: UnixMs }

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Share of its life after which a certificate is renewed where the authority suggests nothing. */
const renewAfter = 2 / 3
/** Share of its life over which such renewals are spread: certificates that were ordered together are not renewed together. */
const renewSpread = 1 / 100
/** Share of its life that is left at the latest, whatever the authority suggests. */
const leftAtLeast = 1 / 10
/** Milliseconds between two questions for a window; RFC 9773 4.3.2 has the answer's Retry-After, within reason. */
const askEvery = { usual: 6 * hour, least: minute, most: day }

/** Milliseconds after the first failure, the second, and so on. Let's Encrypt allows five failed validations of a name an hour. */
const afterRefusal = [minute, 5 * minute, 20 * minute, hour, 3 * hour, 6 * hour]
/** An authority that does not answer counts nothing. */
const afterSilence = [15 * second, 30 * second, minute, 2 * minute, 5 * minute, 15 * minute, 30 * minute]
const afterStorage = [minute, 2 * minute, 5 * minute, 10 * minute]
const afterLimit = [hour, 3 * hour, 6 * hour, 12 * hour, day]
const delays: Record<AcmeFailure, readonly number[]> = {
  unreachable: afterSilence,
  'rate-limited': afterLimit,
  challenge: afterRefusal,
  refused: afterRefusal,
  storage: afterStorage,
}
/** Share of a delay that is added at random. */
const delaySpread = 0.2

export const unknownName: NameState = { failures: 0, notBefore: 0 }

export function next(state: NameState, event: PlanEvent): NameState {
  switch (event.what) {
    case 'obtained':
      return { life: lifeOf(event), failures: 0, notBefore: event.ordered ? event.at + restOf(event) : 0 }
    case 'begun': {
      const failures = state.failures + 1
      // What counts if nothing is ever heard of this order again.
      return { ...state, failures, notBefore: event.at + delayOf('refused', failures, event.spread) }
    }
    case 'failed': {
      const { failure, words, at, retryAfterMs = 0 } = event
      const failures = Math.max(state.failures, 1)
      const delay = retryAfterMs > 0 ? retryAfterMs * (1 + event.spread * delaySpread) : 0
      const own = failure === 'rate-limited' && delay > 0 ? minute : delayOf(failure, failures, event.spread)
      return { ...state, failures, notBefore: at + Math.max(delay, own), last: { failure, words, at } }
    }
    case 'window':
      return state.life ? { ...state, life: suggested(state.life, event) } : state
    case 'no-window': {
      if (!state.life) return state
      const { askAt: _, ...life } = state.life
      return { ...state, life: event.supported ? { ...life, askAt: event.at + hour } : life }
    }
  }
}

/** What is to be done for a name, and when. */
export function due({ life, notBefore }: NameState): { what: 'order' | 'ask'; at: UnixMs } {
  const order = { what: 'order' as const, at: life ? Math.max(life.renewAt, notBefore) : notBefore }
  if (life?.askAt === undefined || order.at <= life.askAt) return order
  return { what: 'ask', at: life.askAt }
}

/** One that is over as soon as it comes, by a clock that is wrong, here or there, must not be ordered again and again. */
function restOf({ from, to }: { from: UnixMs; to: UnixMs }): number {
  return Math.min(hour, Math.max(to - from, 0) / 4)
}

function lifeOf({ from, to, spread, at }: Extract<PlanEvent, { what: 'obtained' }>): Life {
  const life = to - from
  // Asked at once: the authority may want it replaced already, and whoever was away for long shall hear of it.
  return { from, to, renewAt: from + life * (renewAfter + spread * renewSpread), askAt: at }
}

/** RFC 9773 4.2: "Select a uniform random time within the suggested window", once for each window. */
function suggested(
  life: Life,
  { start, end, spread, at, retryAfterMs }: Extract<PlanEvent, { what: 'window' }>,
) {
  const same = life.window?.start === start && life.window.end === end
  const drawn = same ? life.renewAt : start + spread * (end - start)
  const latest = life.to - (life.to - life.from) * leftAtLeast
  // A certificate of some days is asked about more often.
  const usual = Math.min(askEvery.usual, Math.max((life.to - life.from) / 24, minute))
  const pause = Math.min(Math.max(retryAfterMs ?? usual, askEvery.least), askEvery.most)
  return { ...life, window: { start, end }, renewAt: Math.min(drawn, latest), askAt: at + pause }
}

export function delayOf(failure: AcmeFailure, failures: number, spread: number): number {
  const steps = delays[failure]
  const delay = steps[Math.min(failures, steps.length) - 1] ?? steps[0]!
  return delay * (1 + spread * delaySpread)
}
