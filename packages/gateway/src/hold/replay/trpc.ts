// tRPC over WebSocket (https://trpc.io/docs/server/websockets#websockets-rpc-specification): the connection parameters are
// said again and every live subscription subscribed to again, from the last event that the client has had.

import type { Message } from '../../wire/index.ts'
import { BoundedMap } from './bounded-map.ts'
import { LetGo, lettingGo, unread } from './let-go.ts'
import { isObject, type JsonObject, json, parseJson, sizeOf, text } from './message.ts'
import type { Replay, ReplayModule } from './module.ts'

export const trpc: ReplayModule = lettingGo({ create: (saved) => new Trpc(saved as Saved | undefined) })

interface Call {
  /** stopping: a subscription that the client has stopped, until the server says so. */
  type: 'subscription' | 'query' | 'mutation' | 'stopping'
  path: string
  /** The client's request as it came; '' for what is never sent again. */
  request: string
  /** Of a subscription: the client has had its `started`. */
  started: boolean
  /** Of a subscription: the id of its last event. */
  lastEventId?: string
}

interface Saved {
  params?: string
  pinged: boolean
  left: boolean
  calls: [id: string, Call][]
  again: string[]
}

class Trpc implements Replay {
  /** The client's `connectionParams` as they came. */
  #params: string | undefined
  /** A PING of the client's waits for its PONG. */
  #pinged: boolean
  /** The server has asked the client to connect anew, or has refused it. */
  #left: boolean
  /** What is live or in flight, by the JSON of its id. */
  readonly #calls = new BoundedMap<Call>()
  /** Ids whose next `started` the client has had from an earlier upstream. */
  readonly #again: Set<string>

  constructor(saved?: Saved) {
    this.#params = saved?.params
    this.#pinged = saved?.pinged ?? false
    this.#left = saved?.left ?? false
    for (const [id, call] of saved?.calls ?? []) this.#keep(id, call)
    this.#again = new Set(saved?.again)
  }

  onClient(message: Message): void {
    if (message.type === 'binary') throw new LetGo('a binary message, where tRPC has text')
    if (message.data === 'PING') this.#pinged = true
    if (message.data === 'PING' || message.data === 'PONG') return
    const content = parseJson(message)
    for (const one of Array.isArray(content) ? content : [content]) this.#clientSaid(one)
  }

  #clientSaid(content: unknown): void {
    if (!isObject(content)) throw new LetGo('what the client says is not known to be tRPC')
    const { id, method, params } = content
    switch (method) {
      case 'connectionParams':
        this.#params = JSON.stringify(content)
        return
      case 'subscription.stop': {
        const call = this.#calls.get(JSON.stringify(id))
        if (call) this.#keep(JSON.stringify(id), { ...call, type: 'stopping', request: '' })
        return
      }
      case 'subscription':
      case 'query':
      case 'mutation': {
        if (!isObject(params)) throw new LetGo('a call of tRPC without parameters')
        const { path, lastEventId } = params
        // A mutation is never sent again, so that only its id is kept.
        const request = method === 'mutation' ? '' : JSON.stringify(content)
        const call: Call = { type: method, path: String(path), request, started: false }
        if (typeof lastEventId === 'string') call.lastEventId = lastEventId
        this.#keep(JSON.stringify(id), call)
        return
      }
      default:
        throw new LetGo(`a tRPC method that is not known: ${String(method)}`)
    }
  }

  onUpstream(message: Message): void {
    if (message.type === 'binary') throw new LetGo('a binary message, where tRPC has text')
    if (message.data === 'PONG') this.#pinged = false
    if (message.data === 'PING' || message.data === 'PONG') return
    const content = parseJson(message)
    if (!isObject(content)) throw new LetGo('what the server says is not known to be tRPC')
    const { id, result, error, method } = content
    // The client connects anew, and moves its subscriptions there.
    if (method === 'reconnect' || (id === null && error !== undefined)) this.#left = true
    const key = JSON.stringify(id)
    const call = this.#calls.get(key)
    if (!call) return
    if (call.type !== 'subscription' || error !== undefined || !isObject(result))
      this.#answered(key, call, result)
    else if (result.type === 'stopped') this.#calls.delete(key)
    else if (result.type === 'started') call.started = true
    else call.lastEventId = result.id === undefined ? undefined : String(result.id)
  }

  #answered(key: string, call: Call, result: unknown): void {
    // Between the client's stop and the server's word, events may still come.
    const more = call.type === 'stopping' && isObject(result) && result.type !== 'stopped'
    if (!more) this.#calls.delete(key)
  }

  onUnread(from: 'client' | 'upstream'): void {
    throw from === 'client' || this.#calls.size > 0 ? unread() : new LetGo('an answer that was not asked for')
  }

  restores(): boolean {
    return !this.#left
  }

  answer(): Message[] {
    const answers: Message[] = []
    for (const [key, { type, path }] of this.#calls.entries()) {
      if (type !== 'mutation' && type !== 'stopping') continue
      this.#calls.delete(key)
      const id: unknown = JSON.parse(key)
      answers.push(
        json({ id, ...(type === 'mutation' ? interrupted(path) : { result: { type: 'stopped' } }) }),
      )
    }
    // Clients close a connection whose PONG does not come.
    if (this.#pinged) answers.push(text('PONG'))
    this.#pinged = false
    return answers
  }

  replay(): Message[] {
    this.#again.clear()
    const requests = this.#calls.entries().map(([key, call]) => {
      if (call.started) this.#again.add(key)
      return text(requestOf(call))
    })
    // The server reads these before it runs anything.
    return this.#params === undefined ? requests : [text(this.#params), ...requests]
  }

  swallow(message: Message): boolean {
    if (this.#again.size === 0 || message.type === 'binary' || !message.data.includes('"started"'))
      return false
    const content = parseJson(message)
    if (!isObject(content) || !isObject(content.result) || content.result.type !== 'started') return false
    return this.#again.delete(JSON.stringify(content.id))
  }

  save(): Saved {
    return {
      params: this.#params,
      pinged: this.#pinged,
      left: this.#left,
      calls: this.#calls.entries(),
      again: [...this.#again],
    }
  }

  #keep(key: string, call: Call): void {
    this.#calls.set(key, call, sizeOf(text(call.request)))
  }
}

/** The request with the last event's id in it. */
function requestOf({ request, lastEventId }: Call): string {
  const content = JSON.parse(request) as { params: JsonObject }
  return JSON.stringify({ ...content, params: { ...content.params, lastEventId } })
}

/**
 * The answer to a mutation. A data transformer of the application's would have written it in its own form, which cannot be
 * known; a client that cannot transform it back fails the call, too.
 */
function interrupted(path: string): JsonObject {
  return {
    error: {
      message:
        'The server restarted while this call ran. It was not run again; whether it took effect is not known.',
      code: -32603,
      data: { code: 'INTERNAL_SERVER_ERROR', httpStatus: 500, path, reason: 'SERVICE_RESTART' },
    },
  }
}
