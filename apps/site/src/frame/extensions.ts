// Sec-WebSocket-Extensions (RFC 6455 9.1), and what permessage-deflate (RFC 7692 7.1) agrees to.
import type { DeflateAgreement, Fault } from './result.ts'

interface Extension {
  readonly name: string
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[]
}

const token = /^[\w!#$%&'*+.^`|~-]+$/

/** Splits at a character that is not within quotes. */
function split(text: string, at: string): string[] {
  const parts = ['']
  let quoted = false
  for (const character of text) {
    if (character === '"') quoted = !quoted
    if (character === at && !quoted) parts.push('')
    else parts[parts.length - 1] += character
  }
  return parts.map((part) => part.trim())
}

/** The extensions of a header; undefined when its syntax is wrong. */
export function extensionsOf(header: string): Extension[] | undefined {
  const list = split(header, ',')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', ...parameters] = split(part, ';')
      return {
        name: name.toLowerCase(),
        parameters: parameters.map((parameter) => {
          const [key = '', value] = split(parameter, '=')
          return [key.toLowerCase(), value?.replaceAll('"', '')] as const
        }),
      }
    })
  const sound = list.every(
    ({ name, parameters }) =>
      token.test(name) &&
      parameters.every(([key, value]) => token.test(key) && (value === undefined || token.test(value))),
  )
  return sound ? list : undefined
}

/** What the answer agrees to about compression, and what is wrong with it. */
export function deflateAgreement({ parameters }: Extension): {
  readonly deflate: DeflateAgreement
  readonly faults: readonly Fault[]
} {
  const faults: Fault[] = []
  const names = new Set<string>()
  const deflate = { clientTakeover: true, serverTakeover: true, clientBits: 15, serverBits: 15 }
  for (const [name, value] of parameters) {
    const bits = value !== undefined && /^(?:[89]|1[0-5])$/.test(value) ? Number(value) : undefined
    if (names.has(name)) faults.push({ what: 'parameter', n: name })
    names.add(name)
    if (name === 'client_no_context_takeover' && value === undefined) deflate.clientTakeover = false
    else if (name === 'server_no_context_takeover' && value === undefined) deflate.serverTakeover = false
    else if (name === 'client_max_window_bits' && bits) deflate.clientBits = bits
    else if (name === 'server_max_window_bits' && bits) deflate.serverBits = bits
    else faults.push({ what: 'parameter', n: value === undefined ? name : `${name}=${value}` })
  }
  return { deflate, faults }
}
