// How many wrong tokens are accepted before the next try has to wait. Pure but for the clock.
import net from 'node:net'
import { type Clock, type MonotonicMs, unixPeer } from '../core/index.ts'
import { isLoopback } from './admin-guard.ts'

/** Wrong tries at once, and milliseconds until one more: from one address, and from all that are not this machine. */
const perAddress = { tries: 5, everyMs: 5000 }
const everywhere = { tries: 30, everyMs: 1000 }
/** Addresses that are remembered. */
const maxAddresses = 1000

/** Tries that were used up at some moment; they come back one by one. */
interface Used {
  tries: number
  at: MonotonicMs
}

export class Throttle {
  readonly #clock: Clock
  /** Least recently wrong first. */
  readonly #addresses = new Map<string, Used>()
  #all: Used = { tries: 0, at: 0 }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Milliseconds that this address has to wait until its next try; 0: it may try now. */
  waitMs(address: string): number {
    const now = this.#clock.now()
    const who = neighbourhood(address)
    const own = waitFor(this.#addresses.get(who), perAddress, now)
    return who === here ? own : Math.max(own, waitFor(this.#all, everywhere, now))
  }

  /** Counts a wrong token. */
  countWrong(address: string): void {
    const now = this.#clock.now()
    const who = neighbourhood(address)
    const used = usedUp(this.#addresses.get(who), perAddress, now)
    this.#addresses.delete(who)
    this.#addresses.set(who, { tries: used + 1, at: now })
    if (this.#addresses.size > maxAddresses) this.#addresses.delete(this.#addresses.keys().next().value!)
    if (who !== here) this.#all = { tries: usedUp(this.#all, everywhere, now) + 1, at: now }
  }
}

const here = 'this machine'

/** Who is one for this: this machine with all its addresses, and a network of IPv6, which has as many as it likes. */
function neighbourhood(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (isLoopback(plain) || plain === unixPeer) return here
  if (!net.isIPv6(plain)) return plain
  const [head = '', tail] = plain.split('::')
  const groups = head.split(':').filter(Boolean)
  const after = tail === undefined ? [] : tail.split(':').filter(Boolean)
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - after.length) }, () => '0')
  return [...groups, ...zeros, ...after].slice(0, 4).join(':')
}

function usedUp(used: Used | undefined, { everyMs }: typeof perAddress, now: MonotonicMs): number {
  return used ? Math.max(0, used.tries - (now - used.at) / everyMs) : 0
}

function waitFor(used: Used | undefined, limit: typeof perAddress, now: MonotonicMs): number {
  return Math.max(0, Math.ceil((usedUp(used, limit, now) - (limit.tries - 1)) * limit.everyMs))
}
