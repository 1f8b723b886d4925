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

/** The value of a Sec-WebSocket-Extensions field that says this. */
export function writeExtensions(extensions: Extension[]): string {
  const written = ([name, value]: Extension['params'][number]) => (value === true ? name : `${name}=${value}`)
  return extensions.map(({ name, params }) => [name, ...params.map(written)].join('; ')).join(', ')
}

/**
 * What is wrong with the extensions that a server agreed to, given those offered; undefined: nothing. Their parameters
 * are left to the client: RFC 6455 9.1 leaves them to each extension, RFC 7692 7.1 lets the client judge the answer
 * to its own offer, and many are less strict than that.
 */
export function extensionProblem(agreed: string, offered: string): string | undefined {
  const agreements = parseExtensions(agreed)
  if (!agreements) return 'wrong Sec-WebSocket-Extensions'
  const offers = new Set(parseExtensions(offered)?.map(({ name }) => name.toLowerCase()))
  const names = new Set<string>()
  for (const agreement of agreements) {
    const name = agreement.name.toLowerCase()
    // RFC 6455 4.1: "If the response includes a |Sec-WebSocket-Extensions| header field and this header field
    // indicates the use of an extension that was not present in the client's handshake [...], the client MUST _Fail
    // the WebSocket Connection_."
    if (!offers.has(name)) return 'extension never offered'
    // RFC 6455 9.1 lets a client offer one extension several times, as alternatives; the server takes one of them.
    if (names.has(name)) return 'extension agreed to twice'
    names.add(name)
  }
}
