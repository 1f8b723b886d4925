import { createHash } from 'node:crypto'
import { type Finding, finding } from '../findings.ts'
import type { HttpAnswer } from './answer.ts'
import { extensionOffer, type HeaderList } from './request.ts'

const where = { layer: 'accept' } as const

export interface Agreed {
  protocol?: string
  /** As the server wrote it. */
  extensions?: string
  /** Whether permessage-deflate was agreed. */
  compressed: boolean
}

/** Judges a 101 as a browser does (RFC 6455 4.1, WHATWG WebSockets 4). */
export function readAccept(
  { headers }: HttpAnswer,
  key: string,
  protocols: readonly string[],
): { agreed: Agreed; findings: Finding[] } {
  const protocol = list(headers, 'sec-websocket-protocol')
  const extensions = list(headers, 'sec-websocket-extensions')
  const agreed: Agreed = {
    ...(protocol && { protocol }),
    ...(extensions && { extensions }),
    compressed: /^permessage-deflate\b/i.test(extensions),
  }
  const findings = [
    ...switchHeaders(headers),
    ...acceptKey(headers, key),
    ...subprotocol(protocol, protocols),
    ...extension(extensions),
  ]
  return { agreed, findings: findings.length > 0 ? findings : [right(agreed)] }
}

function right({ protocol, extensions }: Agreed): Finding {
  const args = { protocol: protocol ?? 'none', extensions: extensions ?? 'none' }
  return finding('accept-right', args, where)
}

function switchHeaders(headers: HeaderList): Finding[] {
  // RFC 6455 4.1: both fields must be there, "the client MUST _Fail the WebSocket Connection_" otherwise.
  const wanted = { Upgrade: 'websocket', Connection: 'upgrade' }
  return Object.entries(wanted).flatMap(([name, token]) => {
    const tokens = list(headers, name.toLowerCase())
      .toLowerCase()
      .split(',')
      .map((one) => one.trim())
    return tokens.includes(token) ? [] : [finding('accept-header-missing', { header: name }, where)]
  })
}

function acceptKey(headers: HeaderList, key: string): Finding[] {
  const got = list(headers, 'sec-websocket-accept')
  if (got === '') return [finding('accept-header-missing', { header: 'Sec-WebSocket-Accept' }, where)]
  // RFC 6455 1.3: the key with this GUID behind it, as SHA-1, in base64.
  const wanted = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return got === wanted ? [] : [finding('accept-key-wrong', { got, wanted }, where)]
}

function subprotocol(chosen: string, offered: readonly string[]): Finding[] {
  if (chosen === '') {
    if (offered.length === 0) return []
    return [finding('subprotocol-not-chosen', { offered: offered.join(', ') }, where)]
  }
  return offered.includes(chosen) ? [] : [finding('subprotocol-never-offered', { protocol: chosen }, where)]
}

function extension(chosen: string): Finding[] {
  const names = chosen.split(',').map((one) => one.split(';')[0]!.trim())
  const offered = extensionOffer.split(';')[0]
  const strange = names.find((name) => name !== '' && name.toLowerCase() !== offered)
  return strange === undefined ? [] : [finding('extension-never-offered', { extension: strange }, where)]
}

/** All values of a header, as one list. */
function list(headers: HeaderList, name: string): string {
  return headers
    .filter(([other]) => other.toLowerCase() === name)
    .map(([, value]) => value)
    .join(', ')
}
