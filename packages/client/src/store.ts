// Of its own entry: what a user interface needs of a socket, without a framework. The entries for React, Vue and Svelte
// are made of it.
import { absolute } from './arguments.ts'
import type { ReconnectCloseEvent } from './close-event.ts'
import type { Data } from './connection.ts'
import { hostError, page, safely } from './host.ts'
import type { Clock, ReconnectingWebSocketOptions, ValueOrFactory } from './options.ts'
import { ReconnectingWebSocket } from './reconnecting-websocket.ts'

/** The address of a store: a URL, a function that is asked before every attempt, or null for no connection at all. */
export type StoreUrl = ValueOrFactory<string | URL> | null | undefined

/** What a socket is doing, as a user interface shows it. A new object for each change. */
export interface WebSocketStatus {
  /**
   * `connecting`: an attempt is under way, or is about to be; `open`: messages go to the server at once; `waiting`: the
   * connection is lost and comes back at `retryAt`; `closed`: it does not come back by itself, or there is no URL.
   */
  readonly state: 'connecting' | 'open' | 'waiting' | 'closed'
  /** Milliseconds of `clock.now()` at which the next attempt is due; null unless `waiting`. */
  readonly retryAt: number | null
  /** The last `close` event, with code, reason and `retryIn`; undefined before the first loss and after `open`. */
  readonly lost: ReconnectCloseEvent | undefined
}

/** What a store can be told: the options of its socket, its subprotocols, and who is called for its events. */
export interface WebSocketStoreOptions extends ReconnectingWebSocketOptions {
  /**
   * Subprotocols, or a function that is asked for them before every attempt. Source: RFC 6455 1.9.
   *
   * @default none
   */
  protocols?: ValueOrFactory<string | string[]> | undefined
  /**
   * Called for each `open`, the first and those after a return.
   *
   * @default nobody
   */
  onOpen?: ((event: Event) => void) | undefined
  /**
   * Called for each message, with its `data`.
   *
   * @default nobody
   */
  onMessage?: ((event: MessageEvent) => void) | undefined
  /**
   * Called for each loss; `retryIn` of the event says whether and when it comes back.
   *
   * @default nobody
   */
  onClose?: ((event: ReconnectCloseEvent) => void) | undefined
}

/**
 * One connection for a user interface, made by {@link webSocketStore}. It is there while somebody subscribes: the first
 * subscriber connects, and when the last one has left, and none has come in the same turn of the event loop, it is closed.
 * Its functions may be passed on without the object.
 */
export interface WebSocketStore {
  /**
   * Calls `listener` now and after each change; returns the function that ends this. It is the contract of a Svelte store.
   *
   * @throws {SyntaxError} A DOMException of that name: no URL for a WebSocket.
   */
  subscribe(listener: (status: WebSocketStatus) => void): () => void
  /** What the socket is doing; the same object until something changes. */
  getStatus(): WebSocketStatus
  /** What it is before anybody has subscribed: on a server, and when a page is hydrated. */
  getInitialStatus(): WebSocketStatus
  /** Seconds until the next attempt, whole and rounded up; null unless `waiting`. */
  getSecondsLeft(): number | null
  /** Calls `listener` each time that `getSecondsLeft` has changed; returns the function that ends this. Connects nobody. */
  subscribeSeconds(listener: () => void): () => void
  /**
   * Sends a message, or keeps it while there is no connection, within `buffer`; see `send` of `ReconnectingWebSocket`.
   *
   * @throws {InvalidStateError} A DOMException of that name: there is no URL, or no room in `buffer`.
   */
  send(data: Data): void
  /** Connects anew now, also after `close()` and after a code that keeps it away. Does nothing while nobody subscribes. */
  reconnect(): void
  /** Closes until `reconnect()`; see `close` of `ReconnectingWebSocket`. */
  close(code?: number, reason?: string): void
  /**
   * Gives it other options. Callbacks, `retry`, `debug`, `protocols` and a `url` that is a function are those of the last
   * call, from the next use on; nothing is connected anew. `buffer`, `minUptime`, `signal` and `clock` stay.
   */
  update(url: StoreUrl, options: WebSocketStoreOptions): void
}

const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as never),
}

/** A store of one connection. It does nothing before somebody subscribes, so that it can be made while a page is rendered. */
export function webSocketStore(url: StoreUrl, options: WebSocketStoreOptions = {}): WebSocketStore {
  const store = new StoredSocket(url, options)
  return {
    subscribe(listener) {
      const tell = () => listener(store.status)
      store.begin()
      const leave = [on(store.listeners, tell), on(store.subscribers, tell)]
      tell()
      return () => {
        for (const act of leave) act()
        queueMicrotask(() => store.end())
      }
    },
    getStatus: () => store.status,
    getInitialStatus: () => store.initial,
    getSecondsLeft: () => {
      const left = store.timeLeft()
      return left === null ? null : Math.max(0, Math.ceil(left / 1000))
    },
    subscribeSeconds: (listener) => eachSecond(store, listener),
    send: (data) => store.socket().send(data),
    reconnect: () => store.reconnect(),
    close: (code, reason) => store.close(code, reason),
    update: (newUrl, newOptions) => store.update(newUrl, newOptions),
  }
}

/** The socket of a store while somebody subscribes, and what it is doing. */
class StoredSocket {
  readonly clock: Clock
  readonly initial: WebSocketStatus
  /** Who is told of changes; of those, who keeps the connection. */
  readonly listeners = new Set<() => void>()
  readonly subscribers = new Set<() => void>()
  status: WebSocketStatus
  readonly #live: WebSocketStoreOptions & { url: StoreUrl }
  #socket: ReconnectingWebSocket | undefined
  #isActive = false

  constructor(url: StoreUrl, options: WebSocketStoreOptions) {
    this.clock = options.clock ?? systemClock
    this.#live = { ...options, url }
    this.initial = {
      state: url && !options.startClosed ? 'connecting' : 'closed',
      retryAt: null,
      lost: undefined,
    }
    this.status = this.initial
  }

  /** Milliseconds until the next attempt; null unless it waits for one. */
  timeLeft(): number | null {
    const { retryAt } = this.status
    return retryAt === null ? null : retryAt - this.clock.now()
  }

  #become(next: Partial<WebSocketStatus>): void {
    this.status = { ...this.status, retryAt: null, ...next }
    for (const listener of [...this.listeners]) safely(listener)
  }

  /** The socket of this time of being subscribed to. It connects when it is told to. */
  socket(): ReconnectingWebSocket {
    if (this.#socket) return this.#socket
    const live = this.#live
    if (!live.url) throw hostError('InvalidStateError', 'no URL')
    // Asked at the beginning of each attempt, which no event tells of.
    const address = () => {
      if (this.#socket === mine && this.status.state !== 'connecting') this.#become({ state: 'connecting' })
      return typeof live.url === 'function' ? live.url() : live.url!
    }
    const protocols = () => (typeof live.protocols === 'function' ? live.protocols() : (live.protocols ?? []))
    const mine = new ReconnectingWebSocket(address, protocols, optionsOf(live))
    this.#listen(mine)
    this.#socket = mine
    return mine
  }

  #listen(socket: ReconnectingWebSocket): void {
    const live = this.#live
    const listen = (type: 'open' | 'message' | 'close', act: (event: never) => void) =>
      socket.addEventListener(type, (event) => this.#socket === socket && act(event as never))
    listen('open', (event: Event) => {
      this.#become({ state: 'open', lost: undefined })
      live.onOpen?.(event)
    })
    listen('message', (event: MessageEvent) => live.onMessage?.(event))
    listen('close', (event: ReconnectCloseEvent) => {
      const { retryIn } = event
      if (retryIn === null) this.#become({ state: 'closed', lost: event })
      else this.#become({ state: 'waiting', lost: event, retryAt: this.clock.now() + retryIn })
      live.onClose?.(event)
    })
  }

  #connect(): void {
    if (this.#live.signal?.aborted) return this.#become({ state: 'closed' })
    this.#become({ state: 'connecting' })
    this.socket().reconnect()
  }

  /** Somebody subscribes: connects, where there is a URL and it has not begun. */
  begin(): void {
    const { url, startClosed } = this.#live
    if (this.#isActive || !url) return
    // What is wrong with an address is said to the caller, where it can be known.
    if (page.location && typeof url !== 'function') absolute(`${url}`)
    this.#isActive = true
    if (!startClosed) this.#connect()
  }

  /** Closes, unless somebody still subscribes, or does again. */
  end(): void {
    if (this.subscribers.size > 0 || !this.#isActive) return
    this.#isActive = false
    const old = this.#socket
    this.#socket = undefined
    this.status = this.initial
    old?.close()
  }

  reconnect(): void {
    if (this.#isActive) this.#connect()
  }

  close(code?: number, reason?: string): void {
    this.#socket?.close(code, reason)
  }

  update(url: StoreUrl, options: WebSocketStoreOptions): void {
    const live = this.#live
    for (const key of Object.keys(live)) delete live[key as keyof typeof live]
    Object.assign(live, options, { url })
  }
}

function on(set: Set<() => void>, listener: () => void): () => void {
  set.add(listener)
  return () => set.delete(listener)
}

/** Calls `listener` whenever the whole seconds until the next attempt are others; the result ends this. */
function eachSecond(store: StoredSocket, listener: () => void): () => void {
  const { clock } = store
  let timer: unknown
  const plan = () => {
    clock.clearTimeout(timer)
    const left = store.timeLeft() ?? 0
    if (left > 0) timer = clock.setTimeout(tick, Math.min(left % 1000 || 1000, left))
  }
  const tick = () => {
    listener()
    plan()
  }
  const leave = on(store.listeners, tick)
  plan()
  return () => {
    leave()
    clock.clearTimeout(timer)
  }
}

/** The options for the socket: read through `live`, so that an update holds from their next use on. */
function optionsOf(live: WebSocketStoreOptions): ReconnectingWebSocketOptions {
  return Object.create(live, { startClosed: { value: true } })
}

/** Two addresses with subprotocols that have the same key need one connection; functions are asked, not compared. */
export function connectionKey(url: StoreUrl, { protocols }: WebSocketStoreOptions): string {
  const keyOf = (value: unknown) => (typeof value === 'function' ? 'asked' : value ? [`${value}`] : null)
  return JSON.stringify([keyOf(url), keyOf(protocols)])
}
