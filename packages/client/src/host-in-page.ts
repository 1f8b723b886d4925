// In place of host.ts where a browser asks for the package: what is asked for there is there. See tools/bundle.mjs.
import type { WebSocketClass } from './connection.ts'

/** What a page or a worker may have; asked for when it is used, since it may come late. */
export const page = globalThis as unknown as EventTarget & {
  WebSocket?: WebSocketClass
  document?: { hidden: boolean; baseURI: string }
  location: { href: string }
  reportError(error: unknown): void
}

/** The WebSocket of the platform, for one that was put in its place since. */
export const nativeWebSocket = page.WebSocket

/** The classes that everything else is made of. */
export const host = page as unknown as { EventTarget: typeof EventTarget } & {
  [name: string]: new (type: string, init: object) => Event
}

/** Bytes of a string in UTF-8, half a surrogate pair counted as U+FFFD. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}

/** A DOMException of this name. */
export function hostError(name: string, message: string): Error {
  return new DOMException(message, name)
}

/** An event of this class. */
export function hostEvent<T extends object>(type: string, name = 'Event', init = {} as T): Event & T {
  return new host[name]!(type, init) as Event & T
}

/** Runs a function of the application. What it throws is reported as that of a listener. */
export function safely<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch (error) {
    page.reportError(error)
  }
}
