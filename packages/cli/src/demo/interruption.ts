// Ctrl-C and its like.

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Watches for signals that ask the demo to end. */
export class Interruption implements Disposable {
  /** The first one that came. */
  signal: NodeJS.Signals | undefined
  #reject = (_: unknown) => {}
  /** Rejects when one comes. */
  readonly #asked: Promise<never>

  constructor() {
    this.#asked = new Promise((_, reject) => {
      this.#reject = reject
    })
    this.#asked.catch(() => {})
    for (const name of signals) process.on(name, this.#on)
  }

  /** What the promise gives, unless it is interrupted before. The promise may then do what it likes. */
  until<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#asked])
  }

  [Symbol.dispose](): void {
    for (const name of signals) process.off(name, this.#on)
  }

  #on = (signal: NodeJS.Signals): void => {
    this.signal ??= signal
    this.#reject(new Error(signal))
  }
}
