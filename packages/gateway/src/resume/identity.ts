// Who a client is, so that a session is given back to nobody else: by what identifies, and not by what is new each time.
import { isSecretName } from '../core/index.ts'
import { type HeaderList, trimBlanks, type UpgradeRequest, values } from '../http/index.ts'
import { hashOf } from './token.ts'

/**
 * Who a client is, as a hash. With `bind`: the value of that cookie or field, as the upstream gets it, and nothing else. Without:
 * what the authentication service has added to its request, less what it makes anew for each answer. Undefined where there is
 * neither.
 */
export function identityOf(
  { headers }: UpgradeRequest,
  bind: { from: 'cookie' | 'header'; name: string } | undefined,
  authorisedBy: HeaderList = [],
): string | undefined {
  if (bind) return hashOf(JSON.stringify([boundTo(headers, bind), []]))
  const added = authorisedBy.flatMap(([name, value]) => identifying(name.toLowerCase(), value)).sort()
  return added.length > 0 ? hashOf(JSON.stringify([undefined, added])) : undefined
}

/** Of a JWT its issuer and its subject (RFC 7519 4.1), of any other credential nothing. */
function identifying(name: string, value: string): [name: string, value: string][] {
  const claims = claimsOf(value)
  if (claims) return [[name, claims]]
  return isSecretName(name.slice(name.lastIndexOf('-') + 1)) ? [] : [[name, value]]
}

/** Whose a JWT is, as the service says: it comes from there, so that no signature has to be checked. */
function claimsOf(value: string): string | undefined {
  const [, payload] = /^(?:bearer +)?[\w-]+\.([\w-]+)\.[\w-]*$/i.exec(value) ?? []
  if (payload === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const { iss, sub } = (claims ?? {}) as { iss?: unknown; sub?: unknown }
    return typeof sub === 'string' ? JSON.stringify([iss, sub]) : undefined
  } catch {
    return undefined
  }
}

function boundTo(headers: HeaderList, { from, name }: { from: 'cookie' | 'header'; name: string }): string {
  if (from === 'header') return values(headers, name).join(', ')
  const pairs = values(headers, 'cookie').flatMap((field) => field.split(';'))
  const found = pairs.map(trimBlanks).find((pair) => pair.startsWith(`${name}=`))
  return found?.slice(name.length + 1) ?? ''
}
