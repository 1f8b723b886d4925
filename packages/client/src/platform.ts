// What a connection can be told, and what can be learned of it, outside a page. For browsers platform-in-page.ts takes the
// place of this file.
import type { Connection, WebSocketClass } from './connection.ts'
import { hostError } from './host.ts'

/** Tells a Holdfast gateway that a Close before the first message is understood; see `sent` of `parseReason`. */
const headers = { 'Holdfast-Client': '1' }

/**
 * Deno refuses 1014 when it comes, so that no gateway is to tell it anything in a Close: it says nothing of itself, neither
 * in the handshake nor afterwards.
 */
const refuses1014 = 'Deno' in globalThis

/** Whether the server is to be asked why a handshake failed: by a page, which cannot set headers. */
export const asksWhy: boolean = 'location' in globalThis && !refuses1014

/**
 * Makes a connection, with the header `Holdfast-Client` where its class takes headers. What the class finds wrong with the
 * URL or the subprotocols is a DOMException, as WHATWG has it, also where the class throws a plain SyntaxError.
 */
export function construct(
  Class: WebSocketClass,
  url: string,
  protocols: string | readonly string[],
): Connection {
  try {
    if (!asksWhy && !refuses1014) {
      // `ws` and React Native: (url, protocols, options).
      if (Class.length === 3) return new Class(url, protocols, { headers })
      // Node and Bun: (url, { protocols, headers }). A class that does not know this finds a wrong subprotocol in it.
      if (Class.prototype?.[Symbol.toStringTag] === 'WebSocket')
        try {
          return new Class(url, { protocols: [protocols].flat(), headers })
        } catch {}
    }
    return new Class(url, protocols)
  } catch (error) {
    const { name, message } = error as Error
    throw name === 'SyntaxError' ? hostError(name, message) : error
  }
}

/** Ends a connection at once, where it can. */
export function terminate(connection: Connection): void {
  if (connection.terminate) connection.terminate()
  else connection.close()
}

/** Closes a connection with a code that not every class lets an application give. */
export function closeWith(connection: Connection, code: number): void {
  try {
    connection.close(code)
  } catch {
    connection.close()
  }
}
