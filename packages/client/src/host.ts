// What the platform may not have. Node 20 has no CloseEvent; React Native may lack DOMException, Event and
// EventTarget, for which react-native.ts puts others here.

import type { WebSocketClass } from './connection.ts'

type EventClass = new (type: string, init?: object) => Event

const own = globalThis as unknown as Record<string, EventClass | undefined>

/** What a page, a worker or another runtime may have; asked for when it is used, since it may come late. */
export const page = globalThis as unknown as Partial<EventTarget> & {
  WebSocket?: WebSocketClass
  document?: { hidden: boolean; baseURI: string }
  location?: { href: string }
}

/** The WebSocket of the platform, for one that was put in its place since. */
export const nativeWebSocket = page.WebSocket

/** The classes that everything else is made of. */
export const host = {
  EventTarget: globalThis.EventTarget,
  Event: own.Event as EventClass,
}

/** An event of the platform's own class where it has one; otherwise the nearest, with the same properties. */
export function hostEvent<T extends object>(type: string, name: string, init: T): Event & T {
  const Class = own[name]
  return Class ? (new Class(type, init) as Event & T) : Object.assign(new host.Event(type), init)
}

/** A DOMException of this name, or an Error that looks like one. */
export function hostError(name: string, message: string): Error {
  const { DOMException } = globalThis
  return DOMException ? new DOMException(message, name) : Object.assign(new Error(message), { name })
}

/** Runs a function of the application. What it throws is reported as the platform reports a listener that throws. */
export function safely<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch (error) {
    const { reportError } = globalThis as { reportError?: (error: unknown) => void }
    if (reportError) reportError(error)
    else
      setTimeout(() => {
        throw error
      })
  }
}
