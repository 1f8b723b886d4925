// What is used of the WebSocket below. Types alone: it imports nothing.

/** What `send()` takes. */
export type Data = string | Blob | ArrayBuffer | ArrayBufferView

/** A class that makes connections: the global `WebSocket`, that of `ws` or of `undici`, or another of that shape. */
export type WebSocketClass = new (
  // biome-ignore lint/suspicious/noExplicitAny: every implementation types its own constructor
  ...args: any[]
) => Connection

/** The part of a WebSocket that is used of a connection. Source: WHATWG WebSockets, "The WebSocket interface". */
export interface Connection {
  /** The URL it is connected to, after parsing. */
  readonly url: string
  /** The subprotocol that the server chose; '' before `open` or when it chose none. Source: RFC 6455 4.2.2. */
  readonly protocol: string
  /** The extensions in use, such as 'permessage-deflate'; '' before `open` or without any. Source: RFC 6455 9.1. */
  readonly extensions: string
  /** Number of its state: 0 CONNECTING, 1 OPEN, 2 CLOSING, 3 CLOSED. */
  readonly readyState: number
  /** Bytes given to `send()` that are not on the network yet, frame headers not counted. */
  readonly bufferedAmount: number
  /** What binary messages arrive as: 'blob' or 'arraybuffer'. It is set before `open`. */
  binaryType: string
  /** Called once, when the opening handshake is done. */
  // biome-ignore-start lint/suspicious/noExplicitAny: every implementation has event classes of its own
  onopen: ((event: any) => any) | null
  /** Called for each message, with `data` in the event. */
  onmessage: ((event: any) => any) | null
  /** Called when the connection fails; on Node 20 no `onclose` follows a handshake that failed. */
  onerror: ((event: any) => any) | null
  /** Called once at the end, with `code`, `reason` and `wasClean` in the event. */
  onclose: ((event: any) => any) | null
  /** Sends a message: text, a Blob, an ArrayBuffer or a view of one. */
  send(data: any): void
  /** Begins the closing handshake. Source: RFC 6455 7.1.2. */
  // biome-ignore-end lint/suspicious/noExplicitAny: as above
  close(code?: number, reason?: string): void
  /** Ends the connection at once, where the implementation can. */
  terminate?(): void
}
