// Phoenix channels, V2 and V1 serializers: every joined channel is joined again with the payload and the refs that the
// client gave, so that what the server sends there still matches.

import type { Message } from '../../wire/index.ts'
import { BoundedMap } from './bounded-map.ts'
import { lettingGo, unread } from './let-go.ts'
import { mentions, pack, type SavedMessage, sizeOf, unpack } from './message.ts'
import type { Replay, ReplayModule } from './module.ts'
import { channelError, okReply, type PhoenixMessage, readPhoenix } from './phoenix-message.ts'

export const phoenix: ReplayModule = lettingGo({ create: (saved) => new Phoenix(saved as Saved | undefined) })

interface Channel {
  join: PhoenixMessage
  /** The client's phx_join as it came. */
  message: SavedMessage
  /** The client has had the server's ok. */
  joined: boolean
}

interface Saved {
  channels: [topic: string, Channel][]
  waiting: [ref: string, PhoenixMessage][]
  again: [topic: string, ref: string][]
}

/**
 * LiveView's topics. Its server answers a join with the whole page and then sends differences to it, so a client that
 * is not shown the second answer would apply differences to the wrong page. It has to join again itself.
 */
const liveView = /^lvu?:/

class Phoenix implements Replay {
  readonly #channels = new BoundedMap<Channel>()
  /** Heartbeats and phx_leaves by ref. Without an answer the client closes the connection, or waits ten seconds. */
  readonly #waiting = new BoundedMap<PhoenixMessage>()
  /** Topics whose next reply to that ref is the second one to the client's join. */
  readonly #again: Map<string, string>

  constructor(saved?: Saved) {
    for (const [topic, channel] of saved?.channels ?? []) this.#keep(topic, channel)
    for (const [ref, waiting] of saved?.waiting ?? []) this.#waiting.set(ref, waiting, ref.length)
    this.#again = new Map(saved?.again)
  }

  onClient(message: Message): void {
    if (message.type === 'text' && !mentions(message, /"(?:phx_join|phx_leave|heartbeat)"/)) return
    const read = readPhoenix(message, 'client')
    if (!read) return
    const { topic, event, ref } = read
    if (event === 'phx_join') this.#keep(topic, { join: read, message: pack(message), joined: false })
    if (event === 'phx_leave' && this.#isFor(read)) this.#channels.delete(topic)
    const answered = event === 'phx_leave' || (topic === 'phoenix' && event === 'heartbeat')
    if (answered && ref !== null) this.#waiting.set(ref, read, topic.length)
  }

  onUpstream(message: Message): void {
    if (message.type === 'text' && !mentions(message, /"phx_(?:reply|close|error)"/)) return
    const read = readPhoenix(message, 'upstream')
    if (!read) return
    const { topic, event, ref } = read
    if (event === 'phx_reply' && ref !== null) {
      this.#waiting.delete(ref)
      const channel = this.#channels.get(topic)
      if (channel?.join.ref !== ref) return
      if (read.status === 'ok') channel.joined = true
      else this.#channels.delete(topic)
    } else if ((event === 'phx_close' || event === 'phx_error') && this.#isFor(read)) {
      // After an error the client joins again itself.
      this.#channels.delete(topic)
    }
  }

  onUnread(from: 'client' | 'upstream'): void {
    if (from === 'client') throw unread()
  }

  answer(): Message[] {
    // A leave is done when the connection is gone.
    const answers = this.#waiting.values().map(okReply)
    for (const [ref] of this.#waiting.entries()) this.#waiting.delete(ref)
    for (const [topic, { join, joined }] of this.#channels.entries()) {
      if (!joined || !liveView.test(topic)) continue
      this.#channels.delete(topic)
      answers.push(channelError(join))
    }
    return answers
  }

  replay(): Message[] {
    this.#again.clear()
    return this.#channels.values().map(({ join, message, joined }) => {
      if (joined && join.ref !== null) this.#again.set(join.topic, join.ref)
      return unpack(message)
    })
  }

  swallow(message: Message): boolean | Message[] {
    if (this.#again.size === 0) return false
    if (message.type === 'text' && !mentions(message, /"phx_reply"/)) return false
    const read = readPhoenix(message, 'upstream')
    if (read?.event !== 'phx_reply' || read.ref === null) return false
    if (this.#again.get(read.topic) !== read.ref) return false
    this.#again.delete(read.topic)
    if (read.status === 'ok') return true
    // The client has the ok of the first join and would not look at this one. An error it hears: it joins again and
    // is told why not.
    const channel = this.#channels.get(read.topic)
    if (channel?.join.ref !== read.ref) return true
    this.#channels.delete(read.topic)
    return [channelError(channel.join)]
  }

  save(): Saved {
    return {
      channels: this.#channels.entries(),
      waiting: this.#waiting.entries(),
      again: [...this.#again],
    }
  }

  #keep(topic: string, channel: Channel): void {
    this.#channels.set(topic, channel, sizeOf(unpack(channel.message)))
  }

  /** Whether it is about the channel as it is joined now, and not as it was before. V1 does not say. */
  #isFor({ topic, joinRef }: PhoenixMessage): boolean {
    const channel = this.#channels.get(topic)
    return channel !== undefined && (joinRef === null || joinRef === channel.join.joinRef)
  }
}
