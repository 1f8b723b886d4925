// STOMP 1.0 to 1.2 (https://stomp.github.io/stomp-specification-1.2.html): the session is opened again and every live
// subscription subscribed to again. What the client sent to destinations is never sent twice.
import type { Message } from '../../wire/index.ts'
import { BoundedMap } from './bounded-map.ts'
import { LetGo, lettingGo, unread } from './let-go.ts'
import { text } from './message.ts'
import type { Replay, ReplayModule } from './module.ts'
import { type SavedPlace, type StompFrame, StompReader, stompFrame } from './stomp-reader.ts'

export const stomp: ReplayModule = lettingGo({ create: (saved) => new Stomp(saved as Saved | undefined) })

interface Subscription {
  /** The client's SUBSCRIBE as it came. */
  frame: string
  /** Its receipt, when it asked for one. */
  receipt?: string
}

interface Saved {
  reader: SavedPlace
  connect?: string
  version?: string
  left: boolean
  connected: Connected
  subscriptions: [id: string, Subscription][]
  receipts: [receipt: string, command: string][]
  transactions: string[]
  again: string[]
}

/** The CONNECTED of the next upstream: not awaited, or awaited for the client or for nobody but us. */
type Connected = 'none' | 'for client' | 'for us'

/** What these ask for is done when the connection is gone. */
const done = new Set(['SUBSCRIBE', 'UNSUBSCRIBE', 'ABORT', 'DISCONNECT'])

class Stomp implements Replay {
  readonly #client: StompReader
  /** The client's CONNECT or STOMP frame as it came. */
  #connect: string | undefined
  /** The version that was agreed; undefined while the client has had no CONNECTED. */
  #version: string | undefined
  /** The client has sent DISCONNECT. */
  #left: boolean
  #connected: Connected
  readonly #subscriptions = new BoundedMap<Subscription>()
  /** Receipts that the client waits for, and the commands that asked for them. */
  readonly #receipts = new BoundedMap<string>()
  readonly #transactions = new BoundedMap<true>()
  /** Receipts of repeated SUBSCRIBEs that the client has had from an earlier upstream. */
  readonly #again: Set<string>

  constructor(saved?: Saved) {
    this.#client = new StompReader(saved?.reader)
    this.#connect = saved?.connect
    this.#version = saved?.version
    this.#left = saved?.left ?? false
    this.#connected = saved?.connected ?? 'none'
    this.#again = new Set(saved?.again)
    for (const [id, subscription] of saved?.subscriptions ?? []) this.#keep(id, subscription)
    for (const [receipt, command] of saved?.receipts ?? []) this.#receipts.set(receipt, command)
    for (const transaction of saved?.transactions ?? []) this.#transactions.set(transaction, true)
  }

  onClient(message: Message): void {
    for (const frame of this.#client.read(message)) this.#clientSent(frame)
  }

  #clientSent({ command, headers }: StompFrame): void {
    const receipt = headers.get('receipt')
    const transaction = headers.get('transaction')
    // STOMP 1.0 lets a client subscribe without an id; the destination then stands for it.
    const id = headers.get('id') ?? headers.get('destination')
    if (receipt !== undefined) this.#receipts.set(receipt, command)
    switch (command) {
      case 'CONNECT':
      case 'STOMP':
        this.#connect ??= stompFrame(command, headers)
        return
      case 'SUBSCRIBE':
        if (id !== undefined) this.#keep(id, { frame: stompFrame(command, headers), receipt })
        return
      case 'UNSUBSCRIBE':
        if (id !== undefined) this.#subscriptions.delete(id)
        return
      case 'BEGIN':
        if (transaction !== undefined) this.#transactions.set(transaction, true)
        return
      case 'COMMIT':
      case 'ABORT':
        if (transaction !== undefined) this.#transactions.delete(transaction)
        return
      case 'DISCONNECT':
        this.#left = true
    }
  }

  onUpstream(message: Message): void {
    for (const { command, headers } of serverFrames(message)) {
      if (command === 'CONNECTED') this.#version = versionOf(headers)
      if (command === 'RECEIPT') this.#receipts.delete(headers.get('receipt-id') ?? '')
    }
  }

  onUnread(from: 'client' | 'upstream'): void {
    if (from === 'client') throw unread()
  }

  answer(): Message[] {
    const answers: string[] = []
    // These are sent again, and their receipts come then.
    const again = new Set(this.#subscriptions.values().map((subscription) => subscription.receipt))
    for (const [receipt, command] of this.#receipts.entries()) {
      if (again.has(receipt)) continue
      this.#receipts.delete(receipt)
      answers.push(
        done.has(command)
          ? stompFrame('RECEIPT', [['receipt-id', receipt]])
          : error('it may not have been handled', receipt),
      )
    }
    for (const [transaction] of this.#transactions.entries()) {
      this.#transactions.delete(transaction)
      answers.push(error(`transaction ${transaction} was aborted`))
    }
    return answers.map(text)
  }

  replay(): Message[] {
    if (this.#client.inside) {
      throw new LetGo('the restart cut a STOMP frame of the client in two')
    }
    this.#again.clear()
    this.#connected = 'none'
    if (this.#connect === undefined || this.#left) return []
    this.#connected = this.#version === undefined ? 'for client' : 'for us'
    return [text(this.#connect)]
  }

  rest(): Message[] | undefined {
    if (this.#connected === 'for us') return undefined
    if (this.#connected === 'for client' && this.#subscriptions.size > 0) return undefined
    if (this.#left) return []
    return this.#subscriptions.values().map(({ frame, receipt }) => {
      if (receipt !== undefined && !this.#receipts.has(receipt)) this.#again.add(receipt)
      return text(frame)
    })
  }

  swallow(message: Message): boolean | Message[] {
    if (this.#connected === 'none' && this.#again.size === 0) return false
    const [frame, ...others] = serverFrames(message)
    if (frame?.command === 'CONNECTED' && this.#connected !== 'none') {
      if (!this.#connectedCame(frame)) return false
      return others.length === 0 || [afterFirst(message)]
    }
    // A receipt among other frames is let through: one that comes twice does no harm.
    if (frame?.command !== 'RECEIPT' || others.length > 0) return false
    return this.#again.delete(frame.headers.get('receipt-id') ?? '')
  }

  /** Returns whether it is for us. */
  #connectedCame({ headers }: StompFrame): boolean {
    const ours = this.#connected === 'for us'
    this.#connected = 'none'
    const version = versionOf(headers)
    if (ours && version !== this.#version) {
      throw new LetGo(`the next upstream speaks STOMP ${version}, the client STOMP ${this.#version}`)
    }
    return ours
  }

  save(): Saved {
    return {
      reader: this.#client.save(),
      connect: this.#connect,
      version: this.#version,
      left: this.#left,
      connected: this.#connected,
      subscriptions: this.#subscriptions.entries(),
      receipts: this.#receipts.entries(),
      transactions: this.#transactions.entries().map(([transaction]) => transaction),
      again: [...this.#again],
    }
  }

  #keep(id: string, subscription: Subscription): void {
    this.#subscriptions.set(id, subscription, Buffer.byteLength(subscription.frame))
  }
}

/** The frames of a message of the server's, if one of them can matter. Servers do not split frames. */
function serverFrames(message: Message): StompFrame[] {
  const { data } = message
  return data.includes('CONNECTED') || data.includes('RECEIPT') ? new StompReader().read(message) : []
}

/** What follows a frame without a body in its message. */
function afterFirst(message: Message): Message {
  if (message.type === 'text') return text(message.data.slice(message.data.indexOf('\0') + 1))
  return { type: 'binary', data: message.data.subarray(message.data.indexOf(0) + 1) }
}

/** A server of STOMP 1.0 does not say its version. */
function versionOf(headers: StompFrame['headers']): string {
  return headers.get('version') ?? '1.0'
}

/** The server closes after an ERROR; here only one frame or transaction has failed, and the session goes on. */
function error(what: string, receipt?: string): string {
  const headers: [string, string][] = [['message', `service restart, ${what}`]]
  if (receipt !== undefined) headers.push(['receipt-id', receipt])
  return stompFrame('ERROR', headers)
}
