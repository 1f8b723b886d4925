// A Close frame as it stands on the wire, with what each part of it is.
import { type CloseCode, maxReasonBytes } from '@holdfast/close-codes'
import { fill } from '@holdfast/close-codes/languages'
import { type Html, html } from '../html.ts'
import type { Words } from '../text/all.ts'

/** The bytes of an unmasked Close frame, as a server sends it (RFC 6455 5.5.1). */
export function closeFrameBytes(code: number, reason: string): Uint8Array {
  const text = new TextEncoder().encode(reason)
  if (text.length > maxReasonBytes) throw new RangeError(`a reason has at most ${maxReasonBytes} bytes`)
  return Uint8Array.from([0x88, 2 + text.length, code >> 8, code & 0xff, ...text])
}

/** Reasons as servers give them; they are data, in English in every language. */
const reasons: Readonly<Record<string, string>> = {
  goingAway: 'going away',
  internalError: 'internal error',
  serviceRestart: 'service restart; retry=2350',
  tryAgainLater: 'try again later; retry=12000',
  badGateway: 'bad gateway: connection refused',
  messageTooBig: 'message too big',
  policyViolation: 'policy violation',
  unauthorized: 'unauthorized',
  forbidden: 'forbidden',
  timeout: 'timeout',
}

const hex = (bytes: Iterable<number>) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')

/** The reason that the example of a code has. */
export function exampleReason({ id }: CloseCode): string {
  return reasons[id] ?? ''
}

/** The example, or what is on the wire in the place of a code that never is. */
export function wireExample(row: CloseCode, { table, site }: Words): Html {
  const seen = table.labels.wires[row.wire]
  if (row.wire !== 'code')
    return html`<p>${fill(site.wire.noFrame, { code: row.code })} ${table.labels.onTheWire}: ${seen}.</p>`
  const reason = exampleReason(row)
  const bytes = closeFrameBytes(row.code, reason)
  return html`<p>${site.wire.example}</p>
<dl class="bytes">
<dt><code>${hex(bytes.subarray(0, 2))}</code></dt><dd>${site.wire.head}</dd>
<dt><code>${hex(bytes.subarray(2, 4))}</code></dt><dd>${fill(site.wire.number, { code: row.code })}</dd>
${reason && html`<dt><code>${hex(bytes.subarray(4))}</code></dt><dd>${fill(site.wire.reason, { reason: `“${reason}”` })}</dd>\n`}</dl>`
}
