// `replay: { first: N }`: the client's first N messages again, whatever they say, and where the client had an answer before it
// went on, the gateway waits for one.

import type { Message } from '../../wire/index.ts'
import { replayLimits, tooMuch } from './bounded-map.ts'
import { lettingGo, unread } from './let-go.ts'
import { pack, type SavedMessage, sizeOf, unpack } from './message.ts'
import type { Replay, ReplayMessage, ReplayModule } from './module.ts'

/** Milliseconds for the answer to a message that another of the opening follows: what `timeouts.handshake` is by default. */
const answerWithinMs = 5000
/**
 * Milliseconds for the answer to the last one. What the client had heard before it went on need not have been an answer,
 * and what it says meanwhile waits.
 */
const lastAnswerWithinMs = 1000

interface Opening {
  message: Message
  /** Whether the upstream said something before the client went on; undefined: the client has not gone on yet. */
  answered?: boolean | undefined
}

type Saved = (SavedMessage & { answered?: boolean | undefined })[]

/** What the upstream says is of no interest, only that it says something; all that it answers, the client gets. */
export function replayFirst(count: number): ReplayModule {
  return lettingGo({
    create: (saved = []) =>
      new First(
        count,
        (saved as Saved).map((one) => ({ message: unpack(one), answered: one.answered })),
      ),
  })
}

class First implements Replay {
  readonly #count: number
  readonly #opening: Opening[]
  #bytes = 0

  constructor(count: number, opening: Opening[]) {
    this.#count = count
    this.#opening = opening
    for (const { message } of opening) this.#bytes += sizeOf(message)
  }

  onClient(message: Message): void {
    const last = this.#opening.at(-1)
    if (last) last.answered ??= false
    if (this.#isWhole) return
    this.#bytes += sizeOf(message)
    if (this.#bytes > replayLimits.bytes) throw tooMuch(`${replayLimits.bytes} bytes`)
    this.#opening.push({ message })
  }

  onUpstream(): void {
    const last = this.#opening.at(-1)
    if (last) last.answered ??= true
  }

  onUnread(from: 'client' | 'upstream'): void {
    if (from === 'upstream') this.onUpstream()
    else if (!this.#isWhole) throw unread()
  }

  get #isWhole(): boolean {
    return this.#opening.length >= this.#count
  }

  over(): boolean {
    return this.#isWhole && this.#opening.at(-1)?.answered !== undefined
  }

  replay(): ReplayMessage[] {
    const last = this.#opening.length - 1
    return this.#opening.map(({ message, answered }, index) =>
      answered
        ? { ...message, answerWithinMs: index === last ? lastAnswerWithinMs : answerWithinMs }
        : message,
    )
  }

  swallow(): boolean {
    return false
  }

  save(): Saved {
    return this.#opening.map(({ message, answered }) => ({ ...pack(message), answered }))
  }
}
