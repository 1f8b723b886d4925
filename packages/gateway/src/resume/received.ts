// What has arrived of a client's messages, and how much of that the client was not told. No stream, no timer.

/** After so many messages, or half of the window, and at most so many bytes, the gateway acknowledges. */
const acknowledgeAfter = { messages: 64, bytes: 64 * 1024 }

export class Received {
  readonly #window: number
  #messages: number
  #unsaidMessages = 0
  #unsaidBytes = 0
  /** They are to be acknowledged with the next that the client is sent, or soon. */
  isOwed = false

  /** `before`: data messages that had arrived before. */
  constructor(window: number, before: number) {
    this.#window = window
    this.#messages = before
  }

  /** Data messages that the client's counts say it has sent. */
  get messages(): number {
    return this.#messages
  }

  add(messages: number, payload: number): void {
    this.#messages += messages
    this.#unsaidMessages += messages
    this.#unsaidBytes += payload
  }

  get hasUnsaid(): boolean {
    return this.#unsaidMessages > 0
  }

  /** Whether there is enough for an acknowledgement. */
  get isDue(): boolean {
    const most = Math.min(acknowledgeAfter.bytes, this.#window / 2)
    return this.#unsaidMessages >= acknowledgeAfter.messages || this.#unsaidBytes >= most
  }

  /** A client that sends much must not wait for it: it may be a window ahead, and no more. */
  get isUrgent(): boolean {
    return this.#unsaidBytes >= this.#window / 4
  }

  /** The client is told. The result is what it is told. */
  say(): number {
    this.isOwed = false
    this.#unsaidMessages = 0
    this.#unsaidBytes = 0
    return this.#messages
  }
}
