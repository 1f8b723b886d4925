// Those who wait for their turn, by address: addresses in turn, each in the order in which its clients came. So a crowd
// behind one address keeps nobody else waiting. Next: waiting-room.ts.

interface Waiting {
  readonly address: string
}

export class WaitingLine<W extends Waiting> {
  readonly #byAddress = new Map<string, Set<W>>()

  /** To the end of those of its address. */
  add(waiter: W): void {
    const own = this.#byAddress.get(waiter.address)
    if (own) own.add(waiter)
    else this.#byAddress.set(waiter.address, new Set([waiter]))
  }

  delete(waiter: W): void {
    const own = this.#byAddress.get(waiter.address)
    if (own?.delete(waiter) && own.size === 0) this.#byAddress.delete(waiter.address)
  }

  /**
   * The one whose turn it is, of those that are `ready`. It stays where it is, its address goes to the end. Few may be
   * unready at a time: they are passed over one by one.
   */
  next(ready: (waiter: W) => boolean): W | undefined {
    for (const [address, own] of this.#byAddress) {
      for (const waiter of own) {
        if (!ready(waiter)) continue
        this.#byAddress.delete(address)
        this.#byAddress.set(address, own)
        return waiter
      }
    }
    return undefined
  }
}
