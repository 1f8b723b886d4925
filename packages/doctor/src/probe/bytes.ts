/** Bytes that come in pieces of any size: a server that sends single ones must not make their reader slow. */
export class Bytes {
  #store = Buffer.alloc(0)
  length = 0

  append(bytes: Buffer): void {
    const length = this.length + bytes.length
    if (length > this.#store.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#store.length))
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
