// What the platform may not have. Node 20 has no CloseEvent; React Native may lack DOMException, Event, EventTarget and
// TextEncoder, for which react-native.ts puts others here.

import type { WebSocketClass } from './connection.ts'

type EventClass = new (type: string, init?: object) => Event

/** What a page, a worker or another runtime may have; asked for when it is used, since it may come late. */
export const page = globalThis as unknown as Partial<EventTarget> & {
  WebSocket?: WebSocketClass
  document?: { hidden: boolean; baseURI: string }
  location?: { href: string }
  reportError?(error: unknown): void
}

/** The WebSocket of the platform, for one that was put in its place since. */
export const nativeWebSocket = page.WebSocket

/** The classes that everything else is made of: those of the platform, unless others are put here. */
export const host = Object.create(globalThis) as { [name: string]: unknown } & {
  EventTarget: typeof EventTarget
  Event: EventClass
  DOMException: typeof DOMException
  TextEncoder: new () => { encode(text: string): { length: number } }
}

/** Bytes of a string in UTF-8, half a surrogate pair counted as U+FFFD. */
export function utf8Length(text: string): number {
  return new host.TextEncoder().encode(text).length
}

/** A DOMException of this name. */
export function hostError(name: string, message: string): Error {
  return new host.DOMException(message, name)
}

/** An event of the platform's own class where it has one; otherwise the nearest, with the same properties. */
export function hostEvent<T extends object>(type: string, name = 'Event', init = {} as T): Event & T {
  const Class = host[name] as EventClass | undefined
  return Class ? (new Class(type, init) as Event & T) : Object.assign(new host.Event(type), init)
}

/** Runs a function of the application. What it throws is reported as the platform reports a listener that throws. */
export function safely<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch (error) {
    if (page.reportError) page.reportError(error)
    else
      setTimeout(() => {
        throw error
      })
  }
}
