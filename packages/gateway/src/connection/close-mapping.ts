// In: how one side of a connection ended, or why none came to be. Out: what each side is told. The whole truth of
// the gateway is this table; docs/close-table.md shows it and tests hold the two together. Next: close-handshake.ts.
import { buildReason, code } from '@holdfast/close-codes'
import type { CloseAction, CloseCause, ClosePolicy, Outcome, Unserved } from './close-cause.ts'

/** The reasons that are said, without their `retry=`. */
export const words = {
  badGateway: (detail: string) => `bad gateway: ${detail}`,
  noAnswer: (ms: number) => `no answer in ${Number((ms / 1000).toFixed(1))} s`,
  noHealthyUpstream: 'no healthy upstream',
  connectionLost: 'upstream connection lost',
  brokeProtocol: 'upstream broke the protocol',
  stoppedAnswering: 'upstream stopped answering',
  serviceRestart: 'service restart',
  tryAgainLater: 'try again later',
  protocolError: 'protocol error',
  notUtf8: 'invalid UTF-8',
  limitsUnknown: 'limits cannot be checked now',
  tooBig: 'message too big',
  tooMany: 'too many messages',
  unauthorized: 'unauthorized',
  fault: 'internal error',
  notBack: 'client did not return',
  sessionUnreachable: 'session unreachable',
  takenOver: 'session taken over',
  acknowledgesNothing: 'nothing acknowledged',
  otherIdentity: 'session of another client',
} as const

const end: CloseAction = { by: 'end' }
const nothing: CloseAction = { by: 'nothing' }
const forward: CloseAction = { by: 'forward' }

function close(closeCode: number, reason: string, retry?: number): CloseAction {
  return { by: 'close', code: closeCode, reason: buildReason(reason, retry === undefined ? {} : { retry }) }
}

/** What a client is told that gets no connection. `sent=0`: nothing that it has sent was forwarded. */
function noConnection(
  closePolicy: ClosePolicy,
  status: number,
  closeCode: number,
  reason: string,
  retry: number | undefined,
): CloseAction {
  const when = retry === undefined ? {} : { retry }
  return closePolicy.badGateway === 'close'
    ? { by: 'close', code: closeCode, reason: buildReason(reason, { ...when, sent: 0 }) }
    : { by: 'http', status, code: closeCode, reason, ...when }
}

function badGateway(
  closePolicy: ClosePolicy,
  status: number,
  detail: string,
  retry: number | undefined,
): CloseAction {
  return noConnection(closePolicy, status, closePolicy.closeCodes.badGateway, words.badGateway(detail), retry)
}

/** After a 101 there is no HTTP any more, so `badGateway` does not apply. */
function badGatewayInBand(closePolicy: ClosePolicy, detail: string): CloseAction {
  return close(closePolicy.closeCodes.badGateway, words.badGateway(detail))
}

function tryAgain(closePolicy: ClosePolicy, reason: string, retry: number): CloseAction {
  return noConnection(closePolicy, 503, closePolicy.closeCodes.tryAgain, reason, retry)
}

/** The cousins of HTTP statuses among the registered codes. */
const cousins: Record<number, [number, string]> = {
  401: [code.unauthorized, words.unauthorized],
  403: [code.forbidden, 'forbidden'],
  408: [code.timeout, 'timeout'],
}

function rejected(closePolicy: ClosePolicy, status: number, by: 'auth' | undefined): CloseAction {
  if (closePolicy.rejections === 'pass') return { by: 'pass' }
  const [closeCode, reason] = cousins[status] ?? [
    code.policyViolation,
    by === 'auth' ? `refused with HTTP ${status}` : `refused by the upstream with HTTP ${status}`,
  ]
  return close(closeCode, reason)
}

type Row<W extends CloseCause['what']> = (
  cause: Extract<CloseCause, { what: W }>,
  closePolicy: ClosePolicy,
) => Outcome

/** One row for each thing that can happen. */
const table: { [W in CloseCause['what']]: Row<W> } = {
  unreachable: (h, m) => ({ client: badGateway(m, 502, h.words, h.retry), upstream: nothing, by: 'gateway' }),
  'no-answer': (h, m) => ({
    client: badGateway(m, 504, words.noAnswer(h.afterMs), h.retry),
    upstream: end,
    by: 'gateway',
  }),
  'bad-answer': (h, m) => ({ client: badGateway(m, 502, h.words, h.retry), upstream: end, by: 'gateway' }),
  'upstream-busy': (h, m) => ({
    client: tryAgain(m, words.tryAgainLater, h.retry),
    upstream: nothing,
    by: 'upstream',
  }),
  rejected: (h, m) => ({
    client: rejected(m, h.status, h.by),
    upstream: nothing,
    by: h.by === 'auth' ? 'gateway' : 'upstream',
  }),
  'no-healthy-upstream': (h, m) => ({
    client: badGateway(m, 503, words.noHealthyUpstream, h.retry),
    upstream: nothing,
    by: 'gateway',
  }),
  'upstream-restarts': (h, m) => ({
    // An upstream's own reason is kept: it may carry a `retry=` of its own.
    client: h.reason
      ? { by: 'close', code: m.closeCodes.restart, reason: h.reason }
      : close(m.closeCodes.restart, words.serviceRestart, h.retry),
    upstream: forward,
    by: 'upstream',
  }),
  'upstream-closes': () => ({ client: forward, upstream: forward, by: 'upstream' }),
  'upstream-lost': (_, m) => ({
    client: badGatewayInBand(m, words.connectionLost),
    upstream: nothing,
    by: 'upstream',
  }),
  // A frame that streams (over 64 KiB) has partly reached the client: a Close inside it would be read as payload.
  'upstream-lost-inside-frame': () => ({ client: end, upstream: nothing, by: 'upstream' }),
  'upstream-lost-inside-message': (h, m) => ({
    client: close(m.closeCodes.restart, words.serviceRestart, h.retry),
    upstream: end,
    by: 'gateway',
  }),
  'upstream-not-back': (h, m) => ({
    client: close(m.closeCodes.restart, words.serviceRestart, h.retry),
    upstream: close(code.goingAway, words.serviceRestart),
    by: 'gateway',
  }),
  'session-not-restored': (h, m) => ({
    client: close(m.closeCodes.restart, words.serviceRestart, h.retry),
    upstream: close(code.goingAway, words.serviceRestart),
    by: 'gateway',
  }),
  'upstream-lost-again': (h, m) => ({
    client: close(m.closeCodes.restart, words.serviceRestart, h.retry),
    upstream: end,
    by: 'gateway',
  }),
  'upstream-breaks-protocol': (_, m) => ({
    client: badGatewayInBand(m, words.brokeProtocol),
    upstream: close(code.protocolError, words.protocolError),
    by: 'gateway',
  }),
  // RFC 6455 8.1: what claims to be UTF-8 and is not ends the connection; 7.4.1 has 1007 for that.
  'upstream-reason-not-utf8': (_, m) => ({
    client: badGatewayInBand(m, words.brokeProtocol),
    upstream: close(code.invalidPayload, words.notUtf8),
    by: 'gateway',
  }),
  'upstream-silent': (_, m) => ({
    client: badGatewayInBand(m, words.stoppedAnswering),
    upstream: end,
    by: 'gateway',
  }),
  'client-closes': () => ({ client: forward, upstream: forward, by: 'client' }),
  'client-lost': () => ({ client: nothing, upstream: end, by: 'client' }),
  'client-not-back': () => ({
    client: nothing,
    upstream: close(code.goingAway, words.notBack),
    by: 'client',
  }),
  'client-left': () => ({ client: nothing, upstream: close(code.goingAway, ''), by: 'client' }),
  'session-taken-over': () => ({
    client: close(code.policyViolation, words.takenOver),
    upstream: nothing,
    by: 'gateway',
  }),
  'client-acknowledges-nothing': () => ({
    client: close(code.policyViolation, words.acknowledgesNothing),
    upstream: nothing,
    by: 'gateway',
  }),
  'other-identity': () => ({
    client: close(code.unauthorized, words.otherIdentity),
    upstream: nothing,
    by: 'gateway',
  }),
  // Not 1013, after which clients stay away for a minute or two: its session is not kept for as long as that.
  'session-unreachable': (h, m) => ({
    client: badGateway(m, 503, words.sessionUnreachable, h.retry),
    upstream: nothing,
    by: 'gateway',
  }),
  'client-breaks-protocol': () => ({
    client: close(code.protocolError, words.protocolError),
    upstream: end,
    by: 'gateway',
  }),
  'client-reason-not-utf8': () => ({
    client: close(code.invalidPayload, words.notUtf8),
    upstream: end,
    by: 'gateway',
  }),
  'message-too-big': () => ({
    client: close(code.messageTooBig, words.tooBig),
    upstream: end,
    by: 'gateway',
  }),
  'client-silent': () => ({ client: end, upstream: end, by: 'gateway' }),
  'too-many-messages': () => ({
    client: close(code.policyViolation, words.tooMany),
    upstream: end,
    by: 'gateway',
  }),
  'origin-refused': () => ({
    client: { by: 'http', status: 403, reason: 'origin not allowed' },
    upstream: nothing,
    by: 'gateway',
  }),
  'no-route': () => ({
    client: { by: 'http', status: 404, reason: 'no route for this host and path' },
    upstream: nothing,
    by: 'gateway',
  }),
  'over-limit': (h, m) => ({
    client: tryAgain(m, h.words, h.retry),
    upstream: nothing,
    by: 'gateway',
  }),
  'limits-unknown': (h, m) => ({
    client: tryAgain(m, words.limitsUnknown, h.retry),
    upstream: nothing,
    by: 'gateway',
  }),
  'gateway-drains': (h, m) => ({
    client: close(m.closeCodes.restart, words.serviceRestart, h.retry),
    upstream: close(code.goingAway, words.serviceRestart),
    by: 'gateway',
  }),
  'route-drains': (h, m) => ({
    client: noConnection(m, 503, m.closeCodes.restart, words.serviceRestart, h.retry),
    upstream: end,
    by: 'gateway',
  }),
  'authorization-ended': () => ({
    client: close(code.unauthorized, words.unauthorized),
    upstream: close(code.goingAway, ''),
    by: 'gateway',
  }),
  'authorization-unknown': (h, m) => ({
    client: close(m.closeCodes.tryAgain, words.tryAgainLater, h.retry),
    upstream: close(code.goingAway, ''),
    by: 'gateway',
  }),
  'gateway-fault': () => ({
    client: close(code.internalError, words.fault),
    upstream: close(code.internalError, words.fault),
    by: 'gateway',
  }),
  'handshake-fault': (h, m) => ({
    client: noConnection(m, 500, code.internalError, words.fault, h.retry),
    upstream: end,
    by: 'gateway',
  }),
  'operator-closes': (h) => ({
    client: close(h.code, h.reason),
    upstream: close(code.goingAway, ''),
    by: 'gateway',
  }),
}

/** The names of all rows, for the page and the tests that hold it to the table. */
export const happenings = Object.keys(table) as CloseCause['what'][]

/** What each side is told when this has happened. */
export function closeMapping(cause: CloseCause, closePolicy: ClosePolicy): Outcome {
  // The index is the discriminant, which TypeScript cannot follow through a mapped type.
  return (table[cause.what] as (h: CloseCause, m: ClosePolicy) => Outcome)(cause, closePolicy)
}

const overHttp: ClosePolicy = {
  rejections: 'pass',
  badGateway: 'http',
  closeCodes: { badGateway: code.badGateway, restart: code.serviceRestart, tryAgain: code.tryAgainLater },
}

/** What the client of such a request is answered: no close code can reach it. `retry` in milliseconds. */
export function httpMapping(unserved: Unserved): Extract<CloseAction, { by: 'http' }> {
  return closeMapping(unserved, overHttp).client as Extract<CloseAction, { by: 'http' }>
}
