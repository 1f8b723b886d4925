// EventTarget, Event, DOMException and TextEncoder, as far as they are used here, for a platform without them. Globals
// are left alone.
import { host, safely } from './host.ts'

interface Registered {
  readonly type: string
  readonly listener: EventListenerLike
  readonly capture: boolean
  readonly once: boolean
}

type EventListenerLike = ((event: PlainEvent) => unknown) | { handleEvent(event: PlainEvent): unknown }

interface Options {
  capture?: boolean
  once?: boolean
  signal?: AbortSignal
}

class PlainEvent {
  readonly type: string
  target: unknown = null
  currentTarget: unknown = null
  constructor(type: string) {
    this.type = type
  }
}

/** Listeners in order of registration; each once per type, listener and capture, as in DOM. */
class PlainEventTarget {
  #registered: Registered[] = []

  addEventListener(type: string, listener: EventListenerLike | null, options?: boolean | Options): void {
    const { once = false, signal } = typeof options === 'object' ? options : {}
    if (!listener || signal?.aborted || this.#find(type, listener, capture(options))) return
    this.#registered = [...this.#registered, { type, listener, capture: capture(options), once }]
    signal?.addEventListener('abort', () => this.removeEventListener(type, listener, options))
  }

  removeEventListener(type: string, listener: EventListenerLike | null, options?: boolean | Options): void {
    const found = this.#find(type, listener, capture(options))
    this.#registered = this.#registered.filter((registered) => registered !== found)
  }

  dispatchEvent(event: PlainEvent): boolean {
    event.target = event.currentTarget = this
    for (const registered of this.#registered) {
      const { type, listener, once } = registered
      // One that an earlier listener removed is not called.
      if (type !== event.type || !this.#registered.includes(registered)) continue
      if (once) this.removeEventListener(type, listener, registered.capture)
      safely(() =>
        typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event),
      )
    }
    event.currentTarget = null
    return true
  }

  #find(type: string, listener: EventListenerLike | null, capturing: boolean): Registered | undefined {
    return this.#registered.find(
      (one) => one.type === type && one.listener === listener && one.capture === capturing,
    )
  }
}

function capture(options: boolean | Options | undefined): boolean {
  return typeof options === 'object' ? (options.capture ?? false) : (options ?? false)
}

class PlainError extends Error {
  constructor(message: string, name: string) {
    super(message)
    this.name = name
  }
}

class PlainEncoder {
  encode(text: string): { length: number } {
    let length = 0
    for (const character of text) {
      const point = character.codePointAt(0)!
      length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    }
    return { length }
  }
}

if (!host.EventTarget) Object.assign(host, { EventTarget: PlainEventTarget, Event: PlainEvent })
host.DOMException ??= PlainError as unknown as typeof DOMException
host.TextEncoder ??= PlainEncoder
