import { code } from '@holdfast/close-codes'
import { type Finding, type FindingCode, finding } from '../findings.ts'
import { mentionsSubprotocol, printable, wantsSubprotocol } from './refusal.ts'
import { seconds } from './seconds.ts'

/** A Close that came from the server. */
export interface ServerClose {
  code: number | undefined
  reason: string
}

/** Codes that a gateway or a server uses to say why it cannot serve now, or not this client. */
const meanings = new Map<number, 'closed-bad-gateway' | 'closed-try-later' | 'closed-refused'>([
  [code.badGateway, 'closed-bad-gateway'],
  [code.serviceRestart, 'closed-try-later'],
  [code.tryAgainLater, 'closed-try-later'],
  [code.policyViolation, 'closed-refused'],
  [code.unauthorized, 'closed-refused'],
  [code.forbidden, 'closed-refused'],
])

/** What it means that a WebSocket was opened and at once closed again. */
export function closedAtOnce({ code, reason }: ServerClose, ms: number): Finding {
  const where = { layer: 'ping' } as const
  if (mentionsSubprotocol(reason)) return wantsSubprotocol(closeWords({ code, reason }), 'ping')
  const meaning: FindingCode = meanings.get(code ?? 0) ?? 'closed-at-once'
  return finding(
    meaning,
    { code: code ?? 'none', words: closeWords({ code, reason }), after: seconds(ms) },
    where,
  )
}

/** `1014 "bad gateway: connection refused"`, or `an empty Close`. */
export function closeWords({ code, reason }: ServerClose): string {
  if (code === undefined) return 'an empty Close'
  return reason === '' ? `Close ${code}` : `Close ${code} "${printable(reason, 80)}"`
}
