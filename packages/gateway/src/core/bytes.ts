// Bytes that come in pieces of any size, put together in time that grows with their number only.

const nothing = Buffer.alloc(0)

/** Bytes gathered from any number of small pieces, none of which stays in memory. */
export class Bytes {
  #store: Buffer = nothing
  length = 0

  append(bytes: Buffer): void {
    const length = this.length + bytes.length
    if (length > this.#store.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#store.length))
      this.#store.copy(larger, 0, 0, this.length)
      this.#store = larger
    }
    bytes.copy(this.#store, this.length)
    this.length = length
  }

  get all(): Buffer {
    return this.#store.subarray(0, this.length)
  }
}
