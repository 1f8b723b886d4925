import type { Replay, ReplayModule } from '../src/hold/replay/module.ts'
import type { Message } from '../src/wire/message-reader.ts'

/**
 * What a pipe does with a replay module, without sockets: a client, one upstream after the other, and what each was
 * sent. Messages are given and kept as strings (text) or Buffers (binary).
 */
export class Conversation {
  readonly toClient: (string | Buffer)[] = []
  /** What each upstream was sent; the last one is there now, unless it was lost. */
  readonly upstreams: (string | Buffer)[][] = [[]]
  readonly #module: ReplayModule
  /** Every method call is followed by a hand-over to a new process. */
  readonly #restless: boolean
  #replay: Replay
  /** What the client said that no upstream can be sent yet. */
  #held: Message[] = []
  #state: 'open' | 'lost' | 'resting' | 'settling' | 'let go' = 'open'

  constructor(module: ReplayModule, { restless = false } = {}) {
    this.#module = module
    this.#restless = restless
    this.#replay = module.create()
  }

  /** What the upstream that is there now was sent. */
  get toUpstream(): (string | Buffer)[] {
    return this.upstreams.at(-1)!
  }

  get attached(): boolean {
    return this.#state === 'open' || this.#state === 'resting' || this.#state === 'settling'
  }

  /** Why the module let go; undefined if it did not. The client was told 1012 if it happened behind a re-attachment. */
  get letGo(): string | undefined {
    if (this.#restores) return undefined
    return (this.#replay.save?.() as { letGo?: string } | undefined)?.letGo ?? 'it cannot restore'
  }

  get #restores(): boolean {
    return this.#replay.restores?.() ?? true
  }

  client(...data: (string | Buffer | object)[]): this {
    for (const one of data) {
      if (this.#state === 'let go') continue
      if (this.#state === 'open') this.#toUpstream(messageOf(one))
      else this.#held.push(messageOf(one))
    }
    return this
  }

  upstream(...data: (string | Buffer | object)[]): this {
    for (const one of data) this.#fromUpstream(messageOf(one))
    return this
  }

  lose(): this {
    this.#state = 'lost'
    return this
  }

  /** The next upstream is there. */
  attach(): this {
    if (!this.#restores) return this.#end()
    this.upstreams.push([])
    this.#state = 'resting'
    for (const { data } of this.#do((replay) => replay.answer?.() ?? [])) this.toClient.push(data)
    for (const { data } of this.#do((replay) => replay.replay())) this.toUpstream.push(data)
    if (!this.#restores) return this.#end()
    this.#rest()
    return this
  }

  #end(): this {
    this.#state = 'let go'
    return this
  }

  restart(): this {
    return this.lose().attach()
  }

  /** The module in a new process, given what the old one saved. */
  handOver(): this {
    this.#replay = this.#module.create(JSON.parse(JSON.stringify(this.#replay.save!())))
    return this
  }

  #fromUpstream(message: Message): void {
    if (!this.attached) return
    if (this.#module.needsUpstream === false) {
      this.toClient.push(message.data)
    } else {
      const verdict = this.upstreams.length > 1 && this.#do((replay) => replay.swallow(message))
      if (verdict === false) {
        this.#do((replay) => replay.onUpstream(message))
        this.toClient.push(message.data)
      } else if (verdict !== true) {
        this.toClient.push(...verdict.map(({ data }) => data))
      }
      if (verdict !== false && !this.#restores) this.#end()
    }
    if (this.#state === 'resting' || this.#state === 'settling') this.#rest()
  }

  #rest(): void {
    // After a hand-over it is asked once more.
    const rest =
      this.#state === 'settling' && !this.#restless
        ? []
        : this.#do((replay) => (replay.rest ? replay.rest() : []))
    if (!this.#restores) this.#end()
    if (!rest) return
    this.toUpstream.push(...rest.map(({ data }) => data))
    this.#state = 'settling'
    if (!this.#do((replay) => replay.settled?.() ?? true)) return
    this.#state = 'open'
    for (const message of this.#held.splice(0)) this.#toUpstream(message)
  }

  #toUpstream(message: Message): void {
    this.toUpstream.push(message.data)
    this.#do((replay) => replay.onClient(message))
  }

  #do<T>(call: (replay: Replay) => T): T {
    const result = call(this.#replay)
    if (this.#restless) this.handOver()
    return result
  }
}

function messageOf(data: string | Buffer | object): Message {
  if (Buffer.isBuffer(data)) return { type: 'binary', data }
  return { type: 'text', data: typeof data === 'string' ? data : JSON.stringify(data) }
}

/** What was sent, as the JSON that it is. */
export function parsed(messages: (string | Buffer)[]): unknown[] {
  return messages.map((message) => JSON.parse(String(message)))
}
