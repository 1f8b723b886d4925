// In place of platform.ts where a browser asks for the package: see `browser` in package.json and tools/bundle.mjs.
import type { Connection, WebSocketClass } from './connection.ts'

/** A page is told nothing of a handshake that failed. */
export const asksWhy = true

/** Makes a connection; a page cannot set headers. */
export function construct(
  Class: WebSocketClass,
  url: string,
  protocols: string | readonly string[],
): Connection {
  return new Class(url, protocols)
}

/** Ends a connection. */
export function terminate(connection: Connection): void {
  connection.close()
}

/** A page may not say why. */
export { terminate as closeWith }
