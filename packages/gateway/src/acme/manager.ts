// Obtains and renews the certificates of all names, one at a time; what there is, is shown until something better is kept. Nothing
// here is on the path of a handshake, and nothing that fails ends the gateway.

import { isDeepStrictEqual } from 'node:util'
import { type AcmeInfo, type AcmeShared, nothingShared } from '../core/index.ts'
import { Acme, type AcmeDeps, type AcmeWish } from './acme.ts'

/** Looks after the certificates of whatever configuration there is. */
export class AcmeManager {
  readonly #deps: AcmeDeps
  /** Orders by what became of them: `issued`, or why not. */
  readonly orders: Record<string, number> = {}
  #current: Acme | undefined
  #started = false

  constructor(deps: AcmeDeps) {
    this.#deps = deps
  }

  get shared(): AcmeShared {
    return this.#current?.shared ?? nothingShared
  }

  get infos(): AcmeInfo[] {
    return this.#current?.infos ?? []
  }

  /** Takes on another configuration: what was kept for its names is read, and shown. Never rejects. */
  async configure(wish: AcmeWish | undefined): Promise<void> {
    if (isDeepStrictEqual(this.#current?.wish, wish)) return
    this.#current?.stop()
    this.#current = undefined
    if (wish) {
      const acme = new Acme(wish, this.orders, this.#deps)
      await acme.load()
      this.#current = acme
      if (this.#started) acme.start()
    }
    await this.#deps.publish(this.shared)
  }

  /** Begins to order, once listeners accept. */
  start(): void {
    this.#started = true
    this.#current?.start()
  }

  stop(): void {
    this.#started = false
    this.#current?.stop()
  }
}
