// How many sockets may be kept waiting, for an upstream or for their Close: never so many that there is no room for others.

export class WaitingPlaces {
  readonly #most: () => number
  readonly #byAddress = new Map<string, number>()
  #taken = 0

  /** `most` is asked each time, so that a reload holds at once. */
  constructor(most: () => number) {
    this.#most = most
  }

  get taken(): number {
    return this.#taken
  }

  /**
   * A place for a client of this address; the result gives it back, once. Undefined: none is left for it. An address may
   * have as many as are still free: half of all when it is alone, a third when there are two, so that no stranger who
   * takes all he can leaves none for the others.
   */
  take(address: string): (() => void) | undefined {
    const own = this.#byAddress.get(address) ?? 0
    if (own >= this.#most() - this.#taken) return undefined
    this.#taken++
    this.#byAddress.set(address, own + 1)
    let given = false
    return () => {
      if (given) return
      given = true
      this.#taken--
      const left = this.#byAddress.get(address)! - 1
      if (left > 0) this.#byAddress.set(address, left)
      else this.#byAddress.delete(address)
    }
  }
}
