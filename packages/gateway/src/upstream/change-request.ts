// In: what a route changes, and a request or an answer as it came. Out: the same as the other side gets it. Pure.
import { isIPv6 } from 'node:net'
import type { FieldChanges, RouteChanges } from '../core/index.ts'
import type { HeaderList } from '../http/index.ts'

/** Where an upstream is, as far as a Host field says it. */
interface Place {
  tls: boolean
  serverName: string
  port: number
}

/** What a value of a field may name. */
export interface FieldValues {
  'client.address': string
  /** Names the held connection; '' when it is not held. */
  session: string
}

/** Whether a request's path is another one for the upstream. Then it must be one that can be read in one way only. */
export function changesPath({ strip, rewrite }: RouteChanges): boolean {
  return strip !== undefined || rewrite !== undefined
}

/**
 * The target that the upstream gets. The path is compared as the route is matched: percent-decoded, while what is handed
 * on stays encoded as it was. A path that `strip` or `rewrite` is not about stays as it is.
 */
export function changeTarget({ strip, rewrite }: RouteChanges, target: string): string {
  if (strip !== undefined) {
    const rest = restAfter(target, strip)
    if (rest === undefined || !/^(?:[/?]|$)/.test(rest)) return target
    return rest.startsWith('/') ? rest : `/${rest}`
  }
  if (!rewrite) return target
  const whole = !rewrite.from.endsWith('*')
  const rest = restAfter(target, whole ? rewrite.from : rewrite.from.slice(0, -1))
  if (rest === undefined || (whole && !/^(?:\?|$)/.test(rest))) return target
  return encodePath(whole ? rewrite.to : rewrite.to.slice(0, -1)) + rest
}

/** What stands behind a decoded prefix; undefined when the target does not begin with it. */
function restAfter(target: string, prefix: string): string | undefined {
  let at = 0
  for (const byte of Buffer.from(prefix)) {
    const [, digits] = /^%([0-9a-f]{2})/i.exec(target.slice(at, at + 3)) ?? []
    const found = digits === undefined ? target.charCodeAt(at) : Number.parseInt(digits, 16)
    if (found !== byte) return undefined
    at += digits === undefined ? 1 : 3
  }
  return target.slice(at)
}

/** A path of the configuration, where it is written decoded, as it travels (RFC 3986 3.3). */
function encodePath(path: string): string {
  return encodeURI(path).replace(/[?#]/g, encodeURIComponent)
}

/** The Host that the upstream gets (RFC 9110 7.2). */
export function changeAuthority(
  { host = 'client' }: RouteChanges,
  authority: string,
  upstream: Place,
): string {
  if (host === 'client') return authority
  return host === 'upstream' ? authorityOf(upstream) : host.name
}

/** `host[:port]` of an upstream, without the port that its scheme implies. */
export function authorityOf({ tls, serverName, port }: Place): string {
  const host = isIPv6(serverName) ? `[${serverName}]` : serverName
  return port === (tls ? 443 : 80) ? host : `${host}:${port}`
}

/**
 * The fields with those of the configuration. A name that is set or removed goes in each spelling that CGI and WSGI take
 * for the same (`X_User` beside `X-User`): else a client could say what only the gateway may.
 */
export function changeFields(
  changes: FieldChanges | undefined,
  fields: HeaderList,
  named?: FieldValues,
): HeaderList {
  if (!changes) return fields
  const { set = [], add = [], remove = [] } = changes
  const gone = new Set([...set.map(([name]) => name), ...remove].map(folded))
  const written = [...set, ...add].map(([name, value]): [string, string] => [name, fill(value, named)])
  return [
    ...(gone.size === 0 ? fields : fields.filter(([name]) => !gone.has(folded(name)))),
    ...written.filter(([, value]) => value !== ''),
  ]
}

function folded(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-')
}

function fill(value: string, named: FieldValues | undefined): string {
  if (!named || !value.includes('{')) return value
  return value.replace(/\{(client\.address|session)\}/g, (_, name: keyof FieldValues) => named[name])
}
