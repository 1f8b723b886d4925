// Secrets in what requests ask for: a page can set no fields on a WebSocket, so that tokens come in the query.

/** Names of parameters that usually hold a secret, in lower case and without what joins their words. */
const usualNames = [
  ...['token', 'accesstoken', 'idtoken', 'refreshtoken', 'authtoken', 'sessiontoken', 'csrftoken', 'jwt'],
  ...['auth', 'authorization', 'bearer', 'credential', 'credentials', 'ticket'],
  ...['key', 'apikey', 'accesskey', 'privatekey', 'secret', 'clientsecret', 'appsecret'],
  ...['password', 'passwd', 'passphrase', 'pwd', 'signature', 'sig'],
  ...['session', 'sessionid', 'sid', 'jsessionid', 'phpsessid'],
]

const mask = '***'

/** The names that are masked: the usual ones and these. `false`: none. */
export function maskedNames(names: readonly string[] | false): ReadonlySet<string> {
  return new Set(names === false ? [] : [...usualNames, ...names.map(folded)])
}

const usual: ReadonlySet<string> = new Set(usualNames)

/** Whether a name is one of those that usually have a secret. */
export function isSecretName(name: string): boolean {
  return usual.has(folded(name))
}

/** `Access-Token` and `access_token` are one name; of `user[password]` the last part counts. */
function folded(name: string): string {
  const last = name.split(/[[\].]/).findLast((part) => part !== '') ?? ''
  return last.toLowerCase().replace(/[^a-z0-9\x80-\uffff]/g, '')
}

/**
 * A target, or a whole URL, with the values of such parameters replaced. Servers part a query at `&`, and some at `;` too:
 * what stands behind a secret name is replaced up to the next `&`, so that no reading leaves a part of the value.
 */
export function maskTarget(target: string, names: ReadonlySet<string>): string {
  if (names.size === 0 || !/[=%]/.test(target)) return target
  return target
    .split('&')
    .map((part) => maskPart(part, names))
    .join('&')
}

function maskPart(part: string, names: ReadonlySet<string>): string {
  const from = secretAt(part, names)
  if (from !== undefined) return part.slice(0, from) + mask
  // A value may be a whole URL, percent-encoded.
  const plain = decoded(part)
  if (plain === part || secretAt(plain, names) === undefined) return part
  return part.slice(0, part.indexOf('=') + 1 || part.indexOf('?') + 1) + mask
}

function decoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Where the value of the first secret begins. */
function secretAt(part: string, names: ReadonlySet<string>): number | undefined {
  for (const found of part.matchAll(/(?:^|[?;#&])([^=?;#&]*)=/g)) {
    if (names.has(folded(decoded(found[1]!)))) return found.index + found[0].length
  }
  return undefined
}

/** A subprotocol without a token that it carries: `bearer.TOKEN`, and what a client of ours resumes with. */
export function maskProtocol(protocol: string, names: ReadonlySet<string>): string {
  if (names.size === 0) return protocol
  if (protocol.startsWith('holdfast.v1.')) return `holdfast.v1.${mask}`
  const parts = protocol.split('.')
  const at = parts.findIndex((part) => names.has(folded(part)))
  return at < 0 ? protocol : [...parts.slice(0, at + 1), mask].join('.')
}
