// What a client offers of `holdfast.v1` among its subprotocols (PROTOCOL.md, section 2), and its request without that. Pure.
import {
  deflateRsv,
  type Extension,
  type HeaderList,
  isDeflate,
  parseExtensions,
  rsvOf,
  type UpgradeRequest,
  writeExtensions,
} from '../http/index.ts'

export const resumes = 'holdfast.v1'
export const resumesNot = 'holdfast.none'

export interface Offer {
  /** `holdfast.v1` was offered, `holdfast.none` was. */
  v1: boolean
  none: boolean
  /** The session that it comes back to, and what it has received of it. */
  back?: { token: string; received: number }
}

const backForm = /^holdfast\.v1\.([A-Za-z0-9_-]{1,128})\.(0|[1-9][0-9]{0,15})$/
const isOurs = (protocol: string) => /^holdfast\.(?:none$|v1(?:\.|$))/.test(protocol)

/** Undefined where nothing of it was offered: almost always. */
export function readOffer(protocols: readonly string[]): Offer | undefined {
  if (!protocols.some(isOurs)) return undefined
  const offer: Offer = { v1: protocols.includes(resumes), none: protocols.includes(resumesNot) }
  const entries = protocols.filter((protocol) => protocol.startsWith(`${resumes}.`))
  if (entries.length === 0) return offer
  // PROTOCOL.md 2: an entry that is not of this form, or is one of several, is a token that is unknown.
  const [, token = '', count = '0'] = (entries.length === 1 && backForm.exec(entries[0]!)) || []
  const received = Number(count)
  offer.back = Number.isSafeInteger(received) ? { token, received } : { token: '', received: 0 }
  return offer
}

/** The request as the upstream, a log and everybody else may see it. */
export function withoutOffer(request: UpgradeRequest): UpgradeRequest {
  const protocols = request.protocols.filter((protocol) => !isOurs(protocol))
  return {
    ...request,
    protocols,
    headers: withField(request.headers, 'Sec-WebSocket-Protocol', protocols.join(', ')),
  }
}

/**
 * The request with extensions that a session can go on with: permessage-deflate that starts afresh with each message, and no
 * other. RFC 7692 7.1.1.1: a server that accepts the parameter must answer with it.
 */
export function withFreshDeflate(request: UpgradeRequest): UpgradeRequest {
  const offered = (parseExtensions(request.extensions) ?? []).filter(isDeflate)
  for (const { params } of offered) {
    if (!params.some(([name]) => name.toLowerCase() === serverNoTakeover))
      params.push([serverNoTakeover, true])
  }
  return withExtensions(request, writeExtensions(offered))
}

export function withExtensions(request: UpgradeRequest, extensions: string): UpgradeRequest {
  return {
    ...request,
    extensions,
    headers: withField(request.headers, 'Sec-WebSocket-Extensions', extensions),
  }
}

function withField(headers: HeaderList, field: string, value: string): HeaderList {
  const others = headers.filter(([name]) => name.toLowerCase() !== field.toLowerCase())
  return value === '' ? others : [...others, [field, value]]
}

const serverNoTakeover = 'server_no_context_takeover'

/** Whether messages of a server that agreed to this can be read on another connection. */
export function startsAfresh(extensions: string | undefined): boolean {
  const agreed = parseExtensions(extensions ?? '') ?? []
  return agreed.every(
    (extension) =>
      isDeflate(extension) && extension.params.some(([name]) => name.toLowerCase() === serverNoTakeover),
  )
}

export const isDeflated = (extensions: string | undefined) => rsvOf(extensions) === deflateRsv

/** Whether a client that offers this can be told an agreement that was made for an earlier connection of it. */
export function allows(offered: string, agreed: string | undefined): boolean {
  const [extension] = parseExtensions(agreed ?? '') ?? []
  if (!extension) return true
  return (parseExtensions(offered) ?? []).some((offer) => isDeflate(offer) && allowsDeflate(offer, extension))
}

/** RFC 7692 7.1.2: windows may be agreed where they were offered, the server's no larger than that. */
function allowsDeflate(offer: Extension, agreed: Extension): boolean {
  const of = ({ params }: Extension, param: string) =>
    params.find(([name]) => name.toLowerCase() === param)?.[1]
  const serverBits = Number(of(agreed, 'server_max_window_bits') ?? 15)
  const atMost = of(offer, 'server_max_window_bits')
  if (atMost !== undefined && atMost !== true && serverBits > Number(atMost)) return false
  return (
    of(agreed, 'client_max_window_bits') === undefined || of(offer, 'client_max_window_bits') !== undefined
  )
}
