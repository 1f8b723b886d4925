// `replay: { first: N }`: the client's first N messages again, whatever they say.

import type { Message } from '../../wire/index.ts'
import { replayLimits, tooMuch } from './kept.ts'
import { lettingGo, unread } from './let-go.ts'
import { pack, type SavedMessage, sizeOf, unpack } from './message.ts'
import type { Replay, ReplayModule } from './module.ts'

/** The upstream's messages are of no interest: all that it answers, the client gets. */
export function replayFirst(count: number): ReplayModule {
  return lettingGo({
    needsUpstream: false,
    create: (saved) => new First(count, ((saved ?? []) as SavedMessage[]).map(unpack)),
  })
}

class First implements Replay {
  readonly #count: number
  readonly #messages: Message[]
  #bytes = 0

  constructor(count: number, messages: Message[]) {
    this.#count = count
    this.#messages = messages
    for (const message of messages) this.#bytes += sizeOf(message)
  }

  onClient(message: Message): void {
    if (this.#messages.length >= this.#count) return
    this.#bytes += sizeOf(message)
    if (this.#bytes > replayLimits.bytes) throw tooMuch(`${replayLimits.bytes} bytes`)
    this.#messages.push(message)
  }

  onUpstream(): void {}

  onUnread(): void {
    if (this.#messages.length < this.#count) throw unread()
  }

  replay(): Message[] {
    return [...this.#messages]
  }

  swallow(): boolean {
    return false
  }

  save(): SavedMessage[] {
    return this.#messages.map(pack)
  }
}
