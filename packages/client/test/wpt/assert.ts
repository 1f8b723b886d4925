// Assertions that run in every runtime: nothing of Node here.
import type { ReconnectingWebSocket } from '../../src/index.ts'

export function truthy(value: unknown): void {
  if (!value) throw new Error('not so')
}

export function equal(got: unknown, wanted: unknown): void {
  if (!Object.is(got, wanted)) throw new Error(`${String(got)}, not ${String(wanted)}`)
}

/** It throws a TypeError, or a DOMException of that name. */
export function throws(name: string, act: () => unknown): void {
  try {
    act()
  } catch (error) {
    equal((error as Error).name, name)
    truthy(error instanceof (name === 'TypeError' ? TypeError : DOMException))
    return
  }
  throw new Error(`nothing thrown, not ${name}`)
}

/** The next event of that type. */
// biome-ignore lint/suspicious/noExplicitAny: the event's class depends on its type
export function event(socket: ReconnectingWebSocket, type: string): Promise<any> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${type} event within 45 s`)), 45_000)
    const listener = (one: Event) => {
      clearTimeout(timer)
      resolve(one)
    }
    socket.addEventListener(type, listener, { once: true })
  })
}
