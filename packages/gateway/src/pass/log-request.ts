// In: a plain request. Out: its line of the access log, once it is answered or its client has left.
import type { HandshakeDeps } from '../handshake/index.ts'
import { askedOf } from '../http/index.ts'
import type { HttpExchange } from '../listen/index.ts'

/** Status of who left before there was an answer, as nginx writes it. */
const clientLeft = 499

/** `route`: the name of the route that serves it, if one does. */
export function logRequest(
  exchange: HttpExchange,
  route: string | undefined,
  { accessLog, clock }: Pick<HandshakeDeps, 'accessLog' | 'clock'>,
): void {
  if (!accessLog.isOn) return
  const { req, res, request } = exchange
  const asked = askedOf(request, clock.wall())
  // The answers of an HTTP/1.1 connection go out one after another; nobody counts the bytes of a stream of HTTP/2.
  const socket = 'stream' in res ? undefined : req.socket
  const before = socket?.bytesWritten ?? 0
  res.once('close', () => {
    accessLog.write({
      kind: 'http',
      at: clock.wall(),
      asked,
      address: request.address,
      status: res.headersSent ? res.statusCode : clientLeft,
      ...(route !== undefined && { route }),
      ...(exchange.upstream !== undefined && { upstream: exchange.upstream }),
      ...(socket && { bytes: socket.bytesWritten - before }),
    })
  })
}
