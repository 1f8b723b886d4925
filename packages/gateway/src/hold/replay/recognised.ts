// `replay: auto` where the handshake does not say what is spoken: the first messages may. Until one of them is recognised
// nothing can be said again; when none is, the conversation is not followed any more.
import type { Message } from '../../wire/index.ts'
import { pack, type SavedMessage, sizeOf, unpack } from './message.ts'
import type { Replay, ReplayMessage, ReplayModule } from './module.ts'
import { protocolOfMessage, type Speaker } from './protocols.ts'

/** Messages of an upstream before the client has said anything; after that, whatever it speaks is not recognised. */
const waitsAtMostMs = 16
/** Bytes of those that are kept, to be shown to the module that is found. */
const keptAtMost = 64 * 1024

interface Saved {
  before?: SavedMessage[]
  heard: Record<Speaker, number>
  /** Name of the module that follows the conversation, and what it saved. */
  as?: string
  saved?: unknown
  /** The protocol is one that is never held. */
  never?: true
}

/** `moduleOf`: the module of that name. */
export function recognising(moduleOf: (name: string) => ReplayModule): ReplayModule {
  return { create: (saved) => new Recognised(moduleOf, saved as Saved | undefined) }
}

class Recognised implements Replay {
  readonly #moduleOf: (name: string) => ReplayModule
  readonly #heard: Saved['heard']
  #as: string | undefined
  #replay: Replay | undefined
  #never: boolean
  /** What the upstream has said before the client said anything. */
  #before: Message[]

  constructor(moduleOf: (name: string) => ReplayModule, saved: Saved | undefined) {
    this.#moduleOf = moduleOf
    this.#heard = { client: 0, upstream: 0, ...saved?.heard }
    this.#before = saved?.before?.map(unpack) ?? []
    this.#never = saved?.never ?? false
    if (saved?.as !== undefined) this.#become(saved.as, saved.saved)
  }

  #become(name: string, saved?: unknown): void {
    this.#as = name
    this.#replay = this.#moduleOf(name).create(saved)
  }

  /** Only the first message of each side says what is spoken. */
  #recognise(from: Speaker, message: Message): void {
    if (this.#replay || this.#never) return
    const isFirst = this.#heard[from]++ === 0
    const row = isFirst ? protocolOfMessage(from, message) : undefined
    const before = this.#before
    if (row?.replay === undefined) {
      this.#never = row !== undefined
      if (from === 'upstream') before.push(message)
      if (!this.over()) return
    } else {
      this.#become(row.replay)
      for (const one of before) this.#replay!.onUpstream(one)
    }
    this.#before = []
  }

  onClient(message: Message): void {
    this.#recognise('client', message)
    this.#replay?.onClient(message)
  }

  onUpstream(message: Message): void {
    this.#recognise('upstream', message)
    this.#replay?.onUpstream(message)
  }

  /** What is too long to be read is too long to be recognised. */
  onUnread(from: Speaker): void {
    if (this.#replay) this.#replay.onUnread?.(from)
    else this.#heard[from]++
  }

  restores(): boolean {
    return this.#replay !== undefined && (this.#replay.restores?.() ?? true)
  }

  holds(): boolean {
    return !this.#never
  }

  over(): boolean {
    if (this.#replay) return this.#replay.over?.() ?? false
    const bytes = this.#before.reduce((sum, message) => sum + sizeOf(message), 0)
    return this.#never || this.#heard.client > 0 || this.#heard.upstream > waitsAtMostMs || bytes > keptAtMost
  }

  answer(): Message[] {
    return this.#replay?.answer?.() ?? []
  }

  replay(): ReplayMessage[] {
    return this.#replay?.replay() ?? []
  }

  rest(): Message[] | undefined {
    return this.#replay?.rest ? this.#replay.rest() : []
  }

  settled(): boolean {
    return this.#replay?.settled?.() ?? true
  }

  swallow(message: Message): boolean | Message[] {
    return this.#replay?.swallow(message) ?? false
  }

  save(): Saved {
    return {
      before: this.#before.map(pack),
      heard: this.#heard,
      as: this.#as,
      saved: this.#replay?.save?.(),
      ...(this.#never && { never: true }),
    }
  }
}
