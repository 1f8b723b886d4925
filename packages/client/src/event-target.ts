import type { ReconnectCloseEvent, ResumeEvent } from './close-event.ts'
import { host } from './host.ts'

/** The events of a `ReconnectingWebSocket` by name. Source: WHATWG WebSockets, "Event handlers". */
export interface ReconnectingWebSocketEventMap {
  /** A connection is open, the first or one after a return; what waited in the buffer has been sent. */
  open: Event
  /**
   * A message from the server, in `data` as `binaryType` says; `origin` is scheme and host of the URL. Answers that
   * `heartbeat.isReply` claims are left out.
   */
  message: MessageEvent
  /**
   * An attempt or a connection failed; `close` follows. Its `error` and `message` properties tell the cause where it
   * is known.
   */
  error: Event
  /** A connection is lost or an attempt failed. `retryIn` says whether and when the next one comes. */
  close: ReconnectCloseEvent
  /** With `resume`: the connection is lost, and the session comes back. `send()` keeps messages meanwhile. */
  suspend: Event
  /** With `resume`: the session goes on. Comes before the first message that was missed. */
  resume: ResumeEvent
}

export type EventName = keyof ReconnectingWebSocketEventMap

/** What is assigned to `onclose` and its like. */
export type Handler<K extends EventName> = ((event: ReconnectingWebSocketEventMap[K]) => unknown) | null

/** What is read from it: as wide as in lib.dom, so that a `ReconnectingWebSocket` is a `WebSocket`. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyHandler = ((event: any) => any) | null

export type Listener<E> = ((event: E) => unknown) | { handleEvent(event: E): unknown } | null

export interface ListenerOptions {
  capture?: boolean
  once?: boolean
  passive?: boolean
  signal?: AbortSignal
}

/** The listeners of a WebSocket, by the type of their event, and its event handlers. */
interface TypedEventTarget extends EventTarget {
  /** Called for `open`. Null: nobody. */
  get onopen(): AnyHandler
  set onopen(handler: Handler<'open'>)
  /** Called for `message`. Null: nobody. */
  get onmessage(): AnyHandler
  set onmessage(handler: Handler<'message'>)
  /** Called for `error`. Null: nobody. */
  get onerror(): AnyHandler
  set onerror(handler: Handler<'error'>)
  /** Called for each `close`, also for those after which the socket comes back. Null: nobody. */
  get onclose(): AnyHandler
  set onclose(handler: Handler<'close'>)
  /**
   * Calls the listener for each event of this type, in the order of registration; each once per type, listener and
   * `capture`. Source: DOM, "Interface EventTarget".
   */
  addEventListener<K extends EventName>(
    type: K,
    listener: Listener<ReconnectingWebSocketEventMap[K]>,
    options?: boolean | ListenerOptions,
  ): void
  addEventListener(type: string, listener: Listener<Event>, options?: boolean | ListenerOptions): void
  /** Takes a listener away again. `capture` must be as it was. Source: DOM, "Interface EventTarget". */
  removeEventListener<K extends EventName>(
    type: K,
    listener: Listener<ReconnectingWebSocketEventMap[K]>,
    options?: boolean | { capture?: boolean },
  ): void
  removeEventListener(
    type: string,
    listener: Listener<Event>,
    options?: boolean | { capture?: boolean },
  ): void
}

const Base = host.EventTarget as unknown as new () => TypedEventTarget

/** An EventTarget with the event handler attributes of a WebSocket. */
export class WebSocketEventTarget extends Base {
  readonly #handlers: { [type: string]: AnyHandler } = {}

  static {
    for (const type of ['open', 'message', 'error', 'close'])
      Object.defineProperty(WebSocketEventTarget.prototype, `on${type}`, {
        get(this: WebSocketEventTarget) {
          return this.#handlers[type] ?? null
        },
        // HTML, event handlers: the place among the listeners is that of the first assignment, until null gives it up.
        set(this: WebSocketEventTarget, handler: AnyHandler) {
          const before = this.#handlers[type]
          const after = Object(handler) === handler ? handler : null
          this.#handlers[type] = after
          if (!after) this.removeEventListener(type, this.#call)
          else if (!before) this.addEventListener(type, this.#call)
        },
      })
  }

  #call = (event: Event): void => {
    const handler = this.#handlers[event.type]
    if (typeof handler === 'function') handler.call(this, event)
  }
}
