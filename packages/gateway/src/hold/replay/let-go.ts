// How the gateway's own replay modules say that they cannot restore a connection: they throw. Next: hold.ts.
import type { Message } from '../../wire/index.ts'
import type { Replay, ReplayMessage, ReplayModule } from './module.ts'

/**
 * What a module throws that has met what it does not know, and would have to guess. It is asked nothing more; `restores`
 * says false from then on.
 */
export class LetGo extends Error {}

/** For a message that the module had to read and that was longer than `hold.buffer`. */
export function unread(): LetGo {
  return new LetGo('a message was longer than hold.buffer, so that it could not be read')
}

interface Saved {
  letGo: string
}

/** The module with `restores` and `over` that say whether it has thrown a `LetGo`. */
export function lettingGo(module: ReplayModule): ReplayModule {
  return {
    ...module,
    create(saved) {
      const letGo = (saved as Saved | undefined)?.letGo
      return letGo === undefined ? new Restoring(module.create(saved)) : new Restoring(undefined, letGo)
    },
  }
}

class Restoring implements Replay {
  #replay: Replay | undefined
  #why: string | undefined

  constructor(replay: Replay | undefined, why?: string) {
    this.#replay = replay
    this.#why = why
  }

  onClient(message: Message): void {
    this.#ask((replay) => replay.onClient(message), undefined)
  }

  onUpstream(message: Message): void {
    this.#ask((replay) => replay.onUpstream(message), undefined)
  }

  onUnread(from: 'client' | 'upstream'): void {
    this.#ask((replay) => replay.onUnread?.(from), undefined)
  }

  restores(): boolean {
    return this.#replay !== undefined && (this.#replay.restores?.() ?? true)
  }

  over(): boolean {
    return this.#replay === undefined || (this.#replay.over?.() ?? false)
  }

  answer(): Message[] {
    return this.#ask((replay) => replay.answer?.() ?? [], [])
  }

  replay(): ReplayMessage[] {
    return this.#ask((replay) => replay.replay(), [])
  }

  rest(): Message[] | undefined {
    return this.#ask((replay) => (replay.rest ? replay.rest() : []), undefined)
  }

  settled(): boolean {
    return this.#ask((replay) => replay.settled?.() ?? true, true)
  }

  swallow(message: Message): boolean | Message[] {
    if (!this.#replay) return false
    return this.#ask((replay) => replay.swallow(message), true)
  }

  save(): unknown {
    return this.#replay ? this.#replay.save?.() : ({ letGo: this.#why ?? '' } satisfies Saved)
  }

  #ask<Answer>(question: (replay: Replay) => Answer, none: Answer): Answer {
    if (!this.#replay) return none
    try {
      return question(this.#replay)
    } catch (error) {
      if (!(error instanceof LetGo)) throw error
      this.#replay = undefined
      this.#why = error.message
      return none
    }
  }
}
