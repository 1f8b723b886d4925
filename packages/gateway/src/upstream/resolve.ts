// In: the name of a `dns:` upstream. Out, again and again: its addresses, or why there are none. Next: upstreams.ts.
import dns from 'node:dns/promises'
import { attempt, type Clock } from '../core/index.ts'
import { errorWords } from './dial-failure.ts'

/** Every address of a name. Rejects when there is none. */
export type Lookup = (name: string) => Promise<string[]>

/** The system's own way, /etc/hosts and all: what a TCP connect would use. */
export const systemLookup: Lookup = async (name) => {
  const found = await dns.lookup(name, { all: true })
  return found.map(({ address }) => address)
}

export interface ResolveOptions {
  name: string
  /** Milliseconds from the end of a lookup to the next. */
  every: number
  lookup: Lookup
  clock: Clock
  /** At least one, each once, in the order of the answer. */
  onAddresses: (addresses: string[]) => void
  /** The last known addresses go on. */
  onFailure: (words: string) => void
}

/** Milliseconds after which a lookup counts as failed. */
const lookupTimeout = 5_000

/**
 * Looks the name up at once and then again and again; the result ends that. Two lookups never overlap: one that
 * hangs cannot be stopped, and holds one of the few threads that the whole process has for lookups. What it answers
 * late still counts.
 */
export function resolveAgain({
  name,
  every,
  lookup,
  clock,
  onAddresses,
  onFailure,
}: ResolveOptions): () => void {
  let stopped = false
  let timer: unknown
  const run = async () => {
    timer = clock.setTimeout(() => onFailure('name lookup took too long'), lookupTimeout)
    const report = await lookUp(name, lookup)
    if (stopped) return
    clock.clearTimeout(timer)
    // Whatever becomes of this answer, the name is looked up again.
    attempt(
      () => (Array.isArray(report) ? onAddresses(report) : onFailure(report)),
      () => onFailure('name lookup failed'),
    )
    timer = clock.setTimeout(() => void run(), every)
  }
  void run()
  return () => {
    stopped = true
    clock.clearTimeout(timer)
  }
}

/** The addresses, or why there are none. */
async function lookUp(name: string, lookup: Lookup): Promise<string[] | string> {
  try {
    const addresses = [...new Set(await lookup(name))]
    return addresses.length > 0 ? addresses : 'name not found'
  } catch (error) {
    return errorWords(error, 'name lookup failed')
  }
}
