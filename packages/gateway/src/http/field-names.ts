// Which fields end at the gateway, and which nobody but their owner may take out of a message. Pure.
import { type HeaderList, tokens } from './headers.ts'

/**
 * The fields of one hop, which end here whatever Connection says (RFC 9110 7.6.1, and 11.7 for the proxy's own). `Proxy`
 * is no field of HTTP; CGI would make HTTP_PROXY of it, which libraries obey.
 */
const hopByHop = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Whether a field, by its lower-case name, frames or routes its message, says who sent it, or is the gateway's own word.
 * RFC 9110 7.6.1: "A sender MUST NOT send a connection option corresponding to a field that is intended for all
 * recipients of the content." One that is sent all the same removes nothing: what the gateway has understood and what it
 * writes would be two messages. Nor may such a field come in a trailer section (RFC 9110 6.5.1).
 */
export function isReserved(name: string): boolean {
  return reserved.has(name) || /^(?:content|sec|x-forwarded|holdfast)-/.test(name)
}

const reserved = new Set([
  'authorization',
  'cache-control',
  'cookie',
  'date',
  'expect',
  'forwarded',
  'host',
  'location',
  'max-forwards',
  'origin',
  'range',
  'set-cookie',
  'vary',
  'www-authenticate',
  'x-real-ip',
])

/** The headers without those that concern one hop only. */
export function endToEnd(headers: HeaderList): HeaderList {
  // RFC 9110 7.6.1: "Intermediaries MUST parse a received Connection header field before a message is forwarded
  // and, for each connection-option in this field, remove any header or trailer field(s) from the message with
  // the same name as the connection-option"
  const named = new Set<string>()
  for (const [field, value] of headers) {
    if (field.length !== 10 || field.toLowerCase() !== 'connection') continue
    for (const option of tokens([value])) named.add(option)
  }
  return headers.filter(([field]) => {
    const name = field.toLowerCase()
    return !hopByHop.has(name) && (!named.has(name) || isReserved(name))
  })
}

/** A trailer section without what may not stand in one. */
export function trailerFields(fields: HeaderList): HeaderList {
  return fields.filter(([field]) => {
    const name = field.toLowerCase()
    return !hopByHop.has(name) && !isReserved(name) && !isLookAlike(name)
  })
}

/**
 * Whether CGI (RFC 3875 4.1.18), WSGI and what is built like them would take the field for one that the gateway sets,
 * obeys or believes: there `X_Forwarded_For` and `X-Forwarded-For` are one name. Nobody sends such a name in good faith.
 */
export function isLookAlike(field: string): boolean {
  if (!/[^A-Za-z0-9-]/.test(field)) return false
  const folded = field.toLowerCase().replace(/[^a-z0-9]/g, '-')
  return hopByHop.has(folded) || isReserved(folded)
}

/**
 * Whether a configuration may not change the field: it frames its message, opens the WebSocket, or is the gateway's own
 * word. Every spelling that is taken for such a name counts as it.
 */
export function isOwned(field: string): boolean {
  const name = field.toLowerCase().replace(/[^a-z0-9]/g, '-')
  return hopByHop.has(name) || owned.has(name) || /^(?:sec-websocket|holdfast)-/.test(name)
}

const owned = new Set([
  'content-length',
  'expect',
  'forwarded',
  'host',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
])
