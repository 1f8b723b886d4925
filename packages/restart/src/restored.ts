// Tells Holdfast that a client's session was restored: only then is its connection kept over a restart
// (`hold: { state: auto }`, the default).

/** Named in every handshake of a client whose connection may be held; the same over all restarts. */
const sessionHeader = 'holdfast-session'
/** Present when the client comes from an upstream that has gone. */
const reattachHeader = 'holdfast-reattach'
const restoredHeader = 'Holdfast-Restored'

/** The headers of a request: Node's, or those of the Fetch standard. */
export type RequestHeaders =
  | Record<string, string | string[] | undefined>
  | { get(name: string): string | null }

/** Whether this server has restored the session of that name, as `Holdfast-Session` has it. It must answer at once. */
export type Restores<Request = unknown> = (session: string, request: Request) => boolean

/** What `ws` calls a server, as far as it is needed: also `app.websocketServer` of Fastify, and `wss` of @hono/node-ws. */
export interface HandshakeEmitter<Request extends { headers: RequestHeaders }> {
  on(event: 'headers', listener: (headers: string[], request: Request) => void): unknown
}

/**
 * Says `Holdfast-Restored` in the 101 of each handshake that comes through Holdfast: 1 to a client that comes from an
 * upstream that has gone, if its session has been restored, and 0 to all others. After 0 the gateway tells a client that
 * it holds 1012, to come back by itself; from a 0 in the first handshake it knows that this server answers, and holds
 * its clients from the first restart on.
 *
 * @param server A `WebSocketServer` of `ws`; for Fastify `app.websocketServer`, for @hono/node-ws the `wss` of
 *   `createNodeWebSocket`.
 * @param restores Called once for each such handshake, before its 101. It must not throw.
 */
export function sayRestored<Request extends { headers: RequestHeaders }>(
  server: HandshakeEmitter<Request>,
  restores: Restores<Request>,
): void {
  server.on('headers', (headers, request) => {
    for (const [name, value] of Object.entries(restoredHeaders(request, restores)))
      headers.push(`${name}: ${value}`)
  })
}

/**
 * The same for servers that take the headers of the 101 as an object: `server.upgrade(request, { headers })` of Bun, the
 * `upgrade` hook of crossws.
 *
 * @returns `{ 'Holdfast-Restored': '1' }` or `'0'`; `{}` for a client that does not come through Holdfast.
 */
export function restoredHeaders<Request extends { headers: RequestHeaders }>(
  request: Request,
  restores: Restores<Request>,
): Record<string, string> {
  const session = fieldOf(request.headers, sessionHeader)
  const comesBack = fieldOf(request.headers, reattachHeader) !== undefined
  if (session === undefined) return {}
  return { [restoredHeader]: comesBack && restores(session, request) ? '1' : '0' }
}

function fieldOf(headers: RequestHeaders, name: string): string | undefined {
  const value = isFetch(headers) ? headers.get(name) : headers[name]
  return typeof value === 'string' ? value : undefined
}

function isFetch(headers: RequestHeaders): headers is { get(name: string): string | null } {
  return typeof headers.get === 'function'
}
