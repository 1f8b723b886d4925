// What a connection can be told, and what can be learned of it, outside a page. For browsers platform-in-page.ts takes the
// place of this file.
import type { Connection, WebSocketClass } from './connection.ts'

/** Tells a Holdfast gateway that a Close before the first message is understood; see `sent` of `parseReason`. */
const headers = { 'Holdfast-Client': '1' }

/**
 * Whether the server is to be asked why a handshake failed: by those who could not say in it who they are. A page cannot
 * set headers; Deno can, but is told nothing by a Close with 1014, which it refuses.
 */
export const asksWhy: boolean = 'location' in globalThis || 'Deno' in globalThis

/** Makes a connection, with the header `Holdfast-Client` where its class takes headers. */
export function construct(
  Class: WebSocketClass,
  url: string,
  protocols: string | readonly string[],
): Connection {
  if (!asksWhy) {
    // `ws` and React Native: (url, protocols, options).
    if (Class.length === 3) return new Class(url, protocols, { headers })
    // Node and Bun: (url, { protocols, headers }). A class that does not know this finds a wrong subprotocol in it.
    if (Class.prototype?.[Symbol.toStringTag] === 'WebSocket')
      try {
        return new Class(url, { protocols: [protocols].flat(), headers })
      } catch {}
  }
  return new Class(url, protocols)
}

/** Ends a connection at once, where it can. */
export function terminate(connection: Connection): void {
  if (connection.terminate) connection.terminate()
  else connection.close()
}
