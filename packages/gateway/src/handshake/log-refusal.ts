// In: a handshake that became no connection, and what its client was told. Out: its line of the access log.
import type { AccessEntry, Asked, UnixMs } from '../core/index.ts'
import type { UpgradeRequest } from '../http/index.ts'
import type { HandshakeAnswer } from '../trace/index.ts'
import type { HandshakeDeps } from './handshake-deps.ts'

/** Status of who left before there was an answer, as nginx writes it. */
export const clientLeft = 499

/** What is known of a client that was let in only to be told why it gets no connection. */
export function refusalEntry(
  { address, httpVersion }: UpgradeRequest,
  asked: Asked,
  route: string,
  at: UnixMs,
): AccessEntry {
  return { kind: 'websocket', at, asked, address, status: httpVersion === '2' ? 200 : 101, route }
}

/** Nothing is written of a client that is being told in band: that is the end of a connection (turn-away.ts). */
export function logRefusal(
  request: UpgradeRequest,
  asked: Asked | undefined,
  answer: HandshakeAnswer | undefined,
  route: string,
  { accessLog, clock }: Pick<HandshakeDeps, 'accessLog' | 'clock'>,
): void {
  if (!asked || !answer || !('status' in answer)) return
  accessLog.write({ ...refusalEntry(request, asked, route, clock.wall()), status: answer.status })
}
