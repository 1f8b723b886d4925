// What a replay module follows of a held connection's conversation, and what it says to the next upstream before the client
// is heard again. Next: replay-pace.ts, message-reader.ts, replay/.
import type { Clock } from '../core/index.ts'
import { MessageReader, messageFrame, type PackedMessageReader } from '../wire/index.ts'
import type { Replay, ReplayModule } from './replay/index.ts'
import { ReplayPace } from './replay-pace.ts'

export interface ConversationDeps {
  /** Without one nothing is followed. */
  module: ReplayModule | undefined
  /** Bytes of one message that are read for the module. */
  buffer: number
  /** Milliseconds in which an upstream has to answer what it is told again. */
  answerWithinMs: number
  clock: Clock
  toClient: (bytes: Buffer) => void
  toUpstream: (bytes: Buffer) => void
  /** How many messages the upstream has sent. */
  heard: () => number
  /** Whether the upstream is there, and is to be told. */
  mayTell: () => boolean
  /** All has been said and answered: the client's messages may follow. */
  onRestored: () => void
  /** The module has met what it does not know while it set the session up again. */
  onNotRestored: () => void
  /** The upstream has not answered in time. */
  onSilent: () => void
}

/** The state as data that JSON can carry. */
export interface PackedConversation {
  restOwed: boolean
  reattached: boolean
  replay?: unknown
  fromClient?: PackedMessageReader
  fromUpstream?: PackedMessageReader
}

const nothing = Buffer.alloc(0)

export class Conversation {
  readonly #deps: ConversationDeps
  readonly #pace: ReplayPace
  #replay: Replay | undefined
  #fromClient: MessageReader | undefined
  #fromUpstream: MessageReader | undefined
  #reattached = false
  /** The replay module waits for a word of the new upstream before it says the rest. */
  #restOwed = false
  /** It has been told the rest, and has yet to answer. */
  #restTold = false
  #restTimer: unknown

  constructor(deps: ConversationDeps) {
    this.#deps = deps
    this.#pace = new ReplayPace({
      clock: deps.clock,
      say: (message) => deps.toUpstream(messageFrame(message, true)),
      heard: deps.heard,
      onSaid: () => this.#tellRest(),
    })
  }

  /** Begins, or goes on with what the module knew in another process; throws what the module throws. */
  open(known?: unknown): void {
    this.#replay = this.#deps.module?.create(known)
    this.#follow()
  }

  /** What the module knows. */
  get replay(): Replay | undefined {
    return this.#replay
  }

  /** Whether it is in the middle of what the upstream is told again. */
  get waits(): boolean {
    return this.#pace.waits
  }

  /** Whether a message that was not read passes to the client right now; undefined: the upstream is not followed. */
  get passing(): boolean | undefined {
    return this.#fromUpstream?.passing
  }

  /** The module hears what the client has said; it has been handed on. */
  clientSaid(bytes: Buffer): void {
    this.#fromClient?.read(bytes, {
      onWhole: (message) => this.#replay?.onClient(message),
      onPassing: () => this.#replay?.onUnread?.('client'),
    })
    this.#followOn()
  }

  /** The upstream's bytes: on to the client, unless the module keeps a message from it. */
  fromUpstream(bytes: Buffer): void {
    this.#toClient(bytes)
    this.#pace.onHeard()
  }

  #toClient(bytes: Buffer): void {
    const { toClient } = this.#deps
    if (!this.#fromUpstream) return toClient(bytes)
    this.#fromUpstream.read(bytes, {
      onWhole: (message, frames) => {
        const instead = this.#reattached && this.#replay?.swallow(message)
        if (instead === false || instead === undefined) {
          this.#replay?.onUpstream(message)
          toClient(frames)
        } else if (instead !== true) {
          for (const other of instead) toClient(messageFrame(other, false))
        }
        if (instead !== undefined && instead !== false && !this.#restores) return this.#deps.onNotRestored()
        this.#tellRest()
      },
      onPassing: (passing) => {
        this.#replay?.onUnread?.('upstream')
        toClient(passing)
      },
    })
    this.#followOn()
  }

  /** Each upstream's conversation is read from its first frame on. */
  #follow(): void {
    if (!this.#replay || this.#replay.over?.()) return
    const { buffer, module } = this.#deps
    this.#fromClient = new MessageReader(buffer)
    if (module?.needsUpstream !== false) this.#fromUpstream = new MessageReader(buffer)
  }

  /** Reads the conversation no further when the module wants no more of it. */
  #followOn(): void {
    if (!this.#replay?.over?.()) return
    this.#fromClient = undefined
    const rest = this.#fromUpstream ? this.#fromUpstream.unfinished : nothing
    if (!rest) return
    this.#fromUpstream = undefined
    if (rest.length > 0) this.#deps.toClient(rest)
  }

  /** The next upstream is there. */
  reattach(): void {
    this.#reattached = true
    this.#follow()
  }

  /** Tells the upstream what sets the session up again; then `onRestored`, or one of the others. */
  restore(): void {
    for (const message of this.#replay?.answer?.() ?? []) this.#deps.toClient(messageFrame(message, false))
    this.#oweRest()
    this.#pace.begin(this.#replay?.replay() ?? [])
  }

  #oweRest(): void {
    this.#restOwed = true
    this.#restTold = false
    // An upstream that never answers what it was told is as good as none.
    this.#restTimer = this.#deps.clock.setTimeout(this.#deps.onSilent, this.#deps.answerWithinMs)
  }

  /** Once the module has said everything, and has the answers that it waits for, what was kept follows. */
  #tellRest(): void {
    if (!this.#restOwed || this.#pace.waits || !this.#deps.mayTell()) return
    const rest = this.#replay?.rest && !this.#restTold ? this.#replay.rest() : []
    if (!this.#restores) return this.#deps.onNotRestored()
    if (!rest) return
    this.#restTold = true
    for (const message of rest) this.#deps.toUpstream(messageFrame(message, true))
    if (!(this.#replay?.settled?.() ?? true)) return
    this.#deps.onRestored()
  }

  get #restores(): boolean {
    return this.#replay?.restores?.() ?? true
  }

  /** Nothing more is said to the upstream that there was. */
  stop(): void {
    this.#restOwed = false
    this.#pace.stop()
    this.stopWaiting()
  }

  /** The upstream has no time limit of this process any more. */
  stopWaiting(): void {
    this.#deps.clock.clearTimeout(this.#restTimer)
  }

  /** Throws what the module throws. */
  pack(): PackedConversation {
    return {
      restOwed: this.#restOwed,
      reattached: this.#reattached,
      replay: this.#replay?.save?.(),
      fromClient: this.#fromClient?.pack(),
      fromUpstream: this.#fromUpstream?.pack(),
    }
  }

  /** What `open` was given is not in it again. */
  unpack(packed: PackedConversation): void {
    this.#reattached = packed.reattached
    if (packed.fromClient) this.#fromClient?.unpack(packed.fromClient)
    else this.#fromClient = undefined
    if (packed.fromUpstream) this.#fromUpstream?.unpack(packed.fromUpstream)
    else this.#fromUpstream = undefined
    if (packed.restOwed) this.#oweRest()
  }
}
