// Of nodes that drain at the same time, one sheds its connections; the others wait for their turn, but not for ever.
import type { Clock } from '../core/index.ts'
import { drainScript } from './drain-script.ts'
import { fleetKey, type Reply, type Script } from './store.ts'

/** Milliseconds for which a node has its turn unless it renews it. */
const holdsForMs = 10_000
/** Milliseconds between two questions whether it is free. */
const askEveryMs = 500

export interface DrainTurnDeps {
  fleet: string
  id: string
  call: (script: Script, keys: string[], args: (string | number)[]) => Promise<Reply>
  clock: Clock
}

export class DrainTurn {
  readonly #deps: DrainTurnDeps
  #isMine = false
  #wake: (() => void) | undefined

  constructor(deps: DrainTurnDeps) {
    this.#deps = deps
  }

  /**
   * Resolves when it is this node's turn, after `withinMs` milliseconds, or when `mayWait` says no. `onWait` hears once whose turn it is
   * meanwhile.
   */
  async take(withinMs: number, mayWait: () => boolean, onWait: (holder: string) => void): Promise<void> {
    const { clock } = this.#deps
    const until = clock.now() + withinMs
    let told = false
    while (mayWait()) {
      const holder = await this.#ask(holdsForMs).catch(() => undefined)
      if (holder === this.#deps.id) {
        this.#isMine = true
        return
      }
      if (holder !== undefined && !told) {
        told = true
        onWait(holder)
      }
      const left = until - clock.now()
      // No answer: it is asked again. Whether the store is there at all `mayWait` knows.
      if (left <= 0) return
      await this.#pause(Math.min(left, askEveryMs))
    }
  }

  /** Keeps the turn. */
  async renew(): Promise<void> {
    if (this.#isMine) await this.#ask(holdsForMs)
  }

  stop(): void {
    this.#isMine = false
    this.#wake?.()
  }

  async #ask(forMs: number): Promise<string> {
    const { call, fleet, id } = this.#deps
    return String(await call(drainScript, [fleetKey(fleet, 'shedding')], [id, forMs]))
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.clock.setTimeout(resolve, ms)
      this.#wake = () => {
        this.#deps.clock.clearTimeout(timer)
        resolve()
      }
    })
  }
}
