// In: a connection on which HTTP starts. Out: a handshake (accept.ts), or a request that is none (http-pass.ts).
import type { Duplex } from 'node:stream'
import type { Source } from '../http/index.ts'
import { type Accepted, streamOf } from '../wire/index.ts'
import type { HttpHandlers, HttpTimeouts } from './http-handlers.ts'
import { Http1Server } from './http1-server.ts'
import { Http2Server } from './http2-server.ts'
import type { Opening } from './pending.ts'

/** The HTTP/1.1 and HTTP/2 servers behind the listeners; they are given connections and listen on nothing. */
export interface HttpServers {
  serve(socket: Duplex | Accepted, protocol: 'http/1.1' | 'h2', source: Source, opening: Opening): void
  /** Ends connections once they are idle: Connection: close, and GOAWAY. What is open goes on. */
  retire(): void
  /** Undoes everything; the connections are the caller's to destroy. */
  close(): void
}

export function openHttpServers(handlers: HttpHandlers, timeouts: HttpTimeouts): HttpServers {
  const retired = new AbortController()
  const one = new Http1Server(handlers, timeouts, retired.signal)
  const two = new Http2Server(handlers, timeouts, retired.signal)
  return {
    serve(socket, protocol, source, opening) {
      if (protocol === 'h2') two.serve(streamOf(socket), source, opening)
      else one.serve(socket, source, opening)
    },
    retire: () => retired.abort(),
    close() {
      one.close()
      two.close()
    },
  }
}
