/** One member of Sec-WebSocket-Extensions. A parameter without a value has `true`. */
export interface Extension {
  name: string
  params: [name: string, value: string | true][]
}

const token = /[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*/y
const quoted = /[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*/y
const comma = /[ \t]*(,)/y
const semicolon = /(;)/y
const equals = /(=)/y
const end = /[ \t]*($)/y

/**
 * Reads a whole Sec-WebSocket-Extensions value (RFC 6455 9.1); undefined when it breaks the grammar.
 * Empty members are skipped (RFC 9110 5.6.1.2).
 */
export function parseExtensions(header: string): Extension[] | undefined {
  const extensions: Extension[] = []
  let at = 0
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at
    const match = pattern.exec(header)
    if (match) at = pattern.lastIndex
    return match?.[1]
  }
  while (take(end) === undefined) {
    const name = take(token)
    if (name !== undefined) {
      const params = readParams(take)
      if (!params) return undefined
      extensions.push({ name, params })
    }
    if (take(comma) === undefined && take(end) === undefined) return undefined
  }
  return extensions
}

function readParams(take: (pattern: RegExp) => string | undefined): Extension['params'] | undefined {
  const params: Extension['params'] = []
  while (take(semicolon)) {
    const name = take(token)
    if (name === undefined) return undefined
    const value = take(equals) ? (take(token) ?? unquoted(take(quoted))) : true
    if (value === undefined) return undefined
    params.push([name, value])
  }
  return params
}

/** RFC 6455 9.1: "the value after quoted-string unescaping MUST conform to the 'token' ABNF". */
function unquoted(text: string | undefined): string | undefined {
  const value = text?.replace(/\\(.)/g, '$1') ?? ''
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value) ? value : undefined
}

/** What is wrong with the extensions that a server agreed to, given those offered; undefined: nothing. */
export function extensionProblem(agreed: string, offered: string): string | undefined {
  const agreements = parseExtensions(agreed)
  if (!agreements) return 'wrong Sec-WebSocket-Extensions'
  const offers = parseExtensions(offered) ?? []
  const names = new Set<string>()
  for (const agreement of agreements) {
    const sameName = offers.filter(({ name }) => name === agreement.name)
    // RFC 6455 4.1: "If the response includes a |Sec-WebSocket-Extensions| header field and this header field
    // indicates the use of an extension that was not present in the client's handshake [...], the client MUST _Fail
    // the WebSocket Connection_."
    if (sameName.length === 0) return 'extension never offered'
    // RFC 6455 9.1 lets a client offer one extension several times, as alternatives; the server takes one of them.
    if (names.has(agreement.name)) return 'extension agreed to twice'
    names.add(agreement.name)
    // The parameters of other extensions are not ours to judge.
    if (agreement.name === 'permessage-deflate' && !sameName.some((offer) => answers(agreement, offer))) {
      return 'permessage-deflate parameters never offered'
    }
  }
}

/** Whether a permessage-deflate answer fits the offer (RFC 7692 7.1). */
function answers(agreement: Extension, offer: Extension): boolean {
  const asked = new Map(offer.params)
  const agreed = new Map(agreement.params)
  // RFC 7692 7.1: the client fails the connection when the answer has "multiple extension parameters with the same
  // name", a parameter that is not defined, or one with an invalid value.
  if (agreed.size < agreement.params.length || !agreement.params.every(isDeflateParam)) return false
  // RFC 7692 7.1.1.1: "A server accepts [this offer] by including the "server_no_context_takeover" extension
  // parameter in the corresponding extension negotiation response". It may also include it unasked.
  if (asked.has('server_no_context_takeover') && !agreed.has('server_no_context_takeover')) return false
  // RFC 7692 7.1.2.1: accepted "with the same or smaller value as the offer". Unasked it is a smaller one too.
  const serverBits = asked.get('server_max_window_bits')
  if (serverBits !== undefined && !(Number(agreed.get('server_max_window_bits')) <= Number(serverBits))) {
    return false
  }
  // RFC 7692 7.1.2.2: "If a received extension negotiation offer doesn't have the "client_max_window_bits" extension
  // parameter, the corresponding extension negotiation response [...] MUST NOT include" it.
  const clientBits = asked.get('client_max_window_bits')
  if (!agreed.has('client_max_window_bits')) return true
  if (clientBits === undefined) return false
  return clientBits === true || Number(agreed.get('client_max_window_bits')) <= Number(clientBits)
}

/** RFC 7692 7.1.1 and 7.1.2: two flags, and two window sizes, "a decimal integer value without leading zeroes between 8 to 15". */
function isDeflateParam([name, value]: [string, string | true]): boolean {
  if (name === 'server_no_context_takeover' || name === 'client_no_context_takeover') return value === true
  if (name !== 'server_max_window_bits' && name !== 'client_max_window_bits') return false
  return value !== true && /^(?:[89]|1[0-5])$/.test(value)
}
