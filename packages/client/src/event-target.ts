import type { ReconnectCloseEvent } from './close-event.ts'
import { host } from './host.ts'

/** The events of a `ReconnectingWebSocket` by name. */
export interface ReconnectingWebSocketEventMap {
  open: Event
  message: MessageEvent
  error: Event
  close: ReconnectCloseEvent
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

/** The listeners of a WebSocket, by the type of their event. */
interface TypedEventTarget extends EventTarget {
  addEventListener<K extends EventName>(
    type: K,
    listener: Listener<ReconnectingWebSocketEventMap[K]>,
    options?: boolean | ListenerOptions,
  ): void
  addEventListener(type: string, listener: Listener<Event>, options?: boolean | ListenerOptions): void
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

  get onopen(): AnyHandler {
    return this.#handler('open')
  }
  set onopen(handler: Handler<'open'>) {
    this.#handle('open', handler)
  }

  get onmessage(): AnyHandler {
    return this.#handler('message')
  }
  set onmessage(handler: Handler<'message'>) {
    this.#handle('message', handler)
  }

  get onerror(): AnyHandler {
    return this.#handler('error')
  }
  set onerror(handler: Handler<'error'>) {
    this.#handle('error', handler)
  }

  get onclose(): AnyHandler {
    return this.#handler('close')
  }
  set onclose(handler: Handler<'close'>) {
    this.#handle('close', handler)
  }

  #handler(type: EventName): AnyHandler {
    return this.#handlers[type] ?? null
  }

  // HTML, event handlers: the place among the listeners is that of the first assignment, until null gives it up.
  #handle(type: EventName, handler: AnyHandler): void {
    const isObject = typeof handler === 'function' || typeof handler === 'object'
    const before = this.#handlers[type]
    this.#handlers[type] = isObject ? handler : null
    if (!this.#handlers[type]) this.removeEventListener(type, this.#call)
    else if (!before) this.addEventListener(type, this.#call)
  }

  #call = (event: Event): void => {
    const handler = this.#handlers[event.type]
    if (typeof handler === 'function') handler.call(this, event)
  }
}
