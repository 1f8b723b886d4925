// Workers that are there before they are needed, so that a page works when its network has gone since.

export interface Work<Answer> {
  /** Undefined: it failed, or took longer than it may. */
  readonly answer: Promise<Answer | undefined>
  /** Ends it; there is no answer then. */
  stop(): void
}

/** Runs one piece of work at a time in a worker of `url`; a spare one is loaded ahead. */
export class Workers<Question, Answer> {
  readonly #url: URL
  readonly #timeLimitMs: number
  #idle: Worker[]

  constructor(url: URL, timeLimitMs: number) {
    this.#url = url
    this.#timeLimitMs = timeLimitMs
    this.#idle = [this.#load(), this.#load()]
  }

  #load(): Worker {
    return new Worker(this.#url, { type: 'module' })
  }

  /** Asks a worker. One that fails, is stopped or takes too long is ended, and another is loaded in its place. */
  ask(question: Question, transfer: Transferable[] = []): Work<Answer> {
    const worker = this.#idle.pop() ?? this.#load()
    let stop = () => {}
    const answer = new Promise<Answer | undefined>((resolve) => {
      const settle = (value: Answer | undefined) => {
        clearTimeout(timer)
        worker.onmessage = worker.onerror = null
        if (value === undefined) {
          worker.terminate()
          this.#idle.unshift(this.#load())
        } else this.#idle.push(worker)
        resolve(value)
      }
      const timer = setTimeout(settle, this.#timeLimitMs)
      worker.onmessage = ({ data }: MessageEvent<Answer>) => settle(data)
      worker.onerror = () => settle(undefined)
      stop = () => settle(undefined)
      worker.postMessage(question, transfer)
    })
    return { answer, stop: () => stop() }
  }
}
