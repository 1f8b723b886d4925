// GraphQL over WebSocket (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md): the connection is
// initialised again and every live subscription subscribed to again, under its id.

import type { Message } from '../../wire/index.ts'
import { BoundedMap } from './bounded-map.ts'
import { type OperationType, operationType } from './graphql-operation.ts'
import { lettingGo, unread } from './let-go.ts'
import { isObject, type JsonObject, json, mentions, parseObject, sizeOf, text } from './message.ts'
import type { Replay, ReplayModule } from './module.ts'

export const graphqlTransportWs: ReplayModule = lettingGo({
  create: (saved) => new GraphqlTransportWs(saved as Saved | undefined),
})

interface Operation {
  type: OperationType | 'unknown'
  /** The client's `subscribe` as it came; '' for what is never sent again. */
  subscribe: string
  /** What the client has had: some of the results, or all that there will be, so that only `complete` is missing. */
  had: 'nothing' | 'part' | 'all'
}

interface Saved {
  init?: string
  acknowledged: boolean
  pinged: boolean
  ack: Ack
  operations: [id: string, Operation][]
}

/** The `connection_ack` of the next upstream: not awaited, or awaited for the client or for nobody but us. */
type Ack = 'none' | 'for client' | 'for us'

class GraphqlTransportWs implements Replay {
  /** The client's `connection_init` as it came. */
  #init: string | undefined
  /** The client has had a `connection_ack`. */
  #acknowledged: boolean
  /** A `ping` of the client's waits for its `pong`. */
  #pinged: boolean
  #ack: Ack
  readonly #operations = new BoundedMap<Operation>()
  /** The ids of those that are not known to be subscriptions: of them every result matters. */
  readonly #single = new Set<string>()

  constructor(saved?: Saved) {
    this.#init = saved?.init
    this.#acknowledged = saved?.acknowledged ?? false
    this.#pinged = saved?.pinged ?? false
    this.#ack = saved?.ack ?? 'none'
    for (const [id, operation] of saved?.operations ?? []) this.#keep(id, operation)
  }

  onClient(message: Message): void {
    const content = parseObject(message)
    if (!content || message.type !== 'text') return
    switch (content.type) {
      case 'connection_init':
        this.#init ??= message.data
        return
      case 'subscribe': {
        const { id, payload } = content
        if (typeof id !== 'string' || !isObject(payload)) return
        const type = typeOf(payload)
        // A mutation is never sent again, so that only its id is kept.
        this.#keep(id, { type, subscribe: type === 'mutation' ? '' : message.data, had: 'nothing' })
        return
      }
      case 'complete':
        this.#forget(content.id)
        return
      case 'ping':
        this.#pinged = true
    }
  }

  onUpstream(message: Message): void {
    // While there are nothing but subscriptions, their results pass unread.
    if (this.#single.size === 0 && !mentions(message, /"(?:connection_ack|error|complete|pong)"/)) return
    const content = parseObject(message)
    switch (content?.type) {
      case 'connection_ack':
        this.#acknowledged = true
        return
      case 'next':
        this.#result(String(content.id), content.payload)
        return
      case 'error':
      case 'complete':
        this.#forget(content.id)
        return
      case 'pong':
        this.#pinged = false
    }
  }

  onUnread(from: 'client' | 'upstream'): void {
    // While there are nothing but subscriptions, an unread message is one of their results.
    if (from === 'client' || this.#single.size > 0) throw unread()
  }

  answer(): Message[] {
    const answers: JsonObject[] = []
    for (const id of [...this.#single]) {
      const operation = this.#operations.get(id)!
      if (operation.had === 'all') answers.push({ id, type: 'complete' })
      else if (operation.type === 'query' && operation.had === 'nothing') continue
      else answers.push({ id, type: 'error', payload: [interrupted] })
      this.#forget(id)
    }
    // Clients close a connection whose `pong` does not come.
    if (this.#pinged) answers.push({ type: 'pong' })
    this.#pinged = false
    return answers.map(json)
  }

  replay(): Message[] {
    if (this.#init === undefined) return []
    this.#ack = this.#acknowledged ? 'for us' : 'for client'
    return [text(this.#init)]
  }

  rest(): Message[] | undefined {
    // "Executing operations is allowed only after the server has acknowledged the connection through the ConnectionAck
    // message, if the connection is not acknowledged, the socket will be closed immediately with the event 4401".
    // A client that has had no acknowledgement awaits it itself.
    if (this.#ack === 'for us' || (this.#ack === 'for client' && this.#operations.size > 0)) return undefined
    return this.#operations.values().map(({ subscribe }) => text(subscribe))
  }

  swallow(message: Message): boolean {
    if (this.#ack === 'none' || !mentions(message, /"connection_ack"/)) return false
    if (parseObject(message)?.type !== 'connection_ack') return false
    const ours = this.#ack === 'for us'
    this.#ack = 'none'
    return ours
  }

  save(): Saved {
    return {
      init: this.#init,
      acknowledged: this.#acknowledged,
      pinged: this.#pinged,
      ack: this.#ack,
      operations: this.#operations.entries(),
    }
  }

  #keep(id: string, operation: Operation): void {
    this.#operations.set(id, operation, sizeOf(text(operation.subscribe)))
    if (operation.type === 'subscription') this.#single.delete(id)
    else this.#single.add(id)
  }

  #forget(id: unknown): void {
    if (typeof id !== 'string') return
    this.#operations.delete(id)
    this.#single.delete(id)
  }

  #result(id: string, payload: unknown): void {
    if (!this.#single.has(id)) return
    const operation = this.#operations.get(id)!
    // Incremental delivery (@defer, @stream): results follow each other while `hasNext` is true.
    const more = isObject(payload) && payload.hasNext === true
    const incremental = operation.had === 'part' || more
    if (operation.type === 'unknown' && operation.had === 'all' && !incremental) {
      // "at most one Next message is sent" for queries and mutations, so this is a subscription.
      this.#keep(id, { ...operation, type: 'subscription' })
    } else {
      operation.had = more ? 'part' : 'all'
    }
  }
}

/** 'unknown': the document is not in the message (persisted operations), or it is not clear which operation is meant. */
function typeOf({ query, operationName }: JsonObject): Operation['type'] {
  if (typeof query !== 'string') return 'unknown'
  const name = typeof operationName === 'string' ? operationName : undefined
  return operationType(query, name) ?? 'unknown'
}

const interrupted = {
  message:
    'The server restarted while this operation ran. It was not run again; whether it took effect is not known.',
  extensions: { code: 'SERVICE_RESTART' },
}
