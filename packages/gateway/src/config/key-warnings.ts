// Values that are valid, and hardly what was meant beside what else stands there; each with what to write instead.
import net from 'node:net'
import {
  type GatewayOptions,
  type HostPort,
  isPrivateAddress,
  isSecretName,
  type ListenOptions,
  type RouteOptions,
  unixPath,
} from '../core/index.ts'
import { type Path, Wrong } from './errors.ts'
import { durationText } from './units.ts'

type Found = { path: Path; wrong: Wrong }[]

/** What is odd about listeners, the admin API and routes, key by key. */
export function keyWarnings({ listen, admin, routes }: GatewayOptions): Found {
  return [
    ...listen.flatMap((listener, index) => rightsWarnings(listener, ['listen', index])),
    ...(admin
      ? [...rightsWarnings({ ...admin, mode: admin.mode ?? 0o600 }, ['admin']), ...openAdmin(admin)]
      : []),
    ...routes.flatMap((route, index) =>
      [authWarnings, pathWarnings, resumeWarnings].flatMap((warn) =>
        warn(route).map(({ path, wrong }) => ({ path: ['routes', index, ...path], wrong })),
      ),
    ),
  ]
}

const octal = (mode: number) => `'0${mode.toString(8)}'`

/** A file that is given to a group, and a mode that gives the group nothing. */
function rightsWarnings({ mode, owner }: Pick<ListenOptions, 'mode' | 'owner'>, at: Path): Found {
  if (mode === undefined || owner?.group === undefined || (mode & 0o020) !== 0) return []
  const wrong = new Wrong(
    `gives the file to the group ${owner.group}, which mode ${octal(mode)} does not let connect`,
    `write mode: ${octal(mode | 0o060)}`,
  )
  return [{ path: [...at, 'owner'], wrong }]
}

function openAdmin({ host, mode = 0, token }: HostPort & { mode?: number; token?: string }): Found {
  if (unixPath(host) === undefined || token !== undefined || (mode & 0o002) === 0) return []
  const wrong = new Wrong(
    'lets every user of this machine close connections',
    `write mode: ${octal(mode & 0o770)}, or give a token`,
  )
  return [{ path: ['admin', 'mode'], wrong }]
}

/** Longer than this, who is locked out stays in for a while. */
const longCacheMs = 10 * 60_000

function authWarnings({ auth, headers }: RouteOptions): Found {
  if (!auth) return []
  const found: Found = []
  const { tls, host, socketPath } = auth.target
  if (!tls && socketPath === undefined && isPublic(host)) {
    const wrong = new Wrong(
      'goes over the internet without TLS: cookies and tokens of clients can be read on the way, and answers be made up',
      'write https://',
    )
    found.push({ path: ['auth', 'url'], wrong })
  }
  if (auth.cache !== undefined && auth.cache > longCacheMs) {
    const wrong = new Wrong(
      `lets a client in for ${durationText(auth.cache)} after the service has locked it out, unless its answers have Holdfast-Expires`,
      'write 1m',
    )
    found.push({ path: ['auth', 'cache'], wrong })
  }
  const own = new Set(auth.headers.map((name) => name.toLowerCase()))
  const said: [key: string, name: string][] = [
    ...(headers?.set ?? []).map(([name]) => ['set', name] as [string, string]),
    ...(headers?.add ?? []).map(([name]) => ['add', name] as [string, string]),
  ]
  for (const [key, name] of said) {
    if (!own.has(name.toLowerCase())) continue
    const how = key === 'set' ? 'takes the place of' : 'stands beside'
    const wrong = new Wrong(`${how} what the service of auth says`, 'leave it out here, or in auth.headers')
    found.push({ path: ['headers', key, name], wrong })
  }
  for (const [index, name] of (headers?.remove ?? []).entries()) {
    if (!own.has(name.toLowerCase())) continue
    const wrong = new Wrong(
      `removes what the service of auth says in ${name}`,
      'leave it out: what clients send under this name is removed anyway',
    )
    found.push({ path: ['headers', 'remove', index], wrong })
  }
  return found
}

/** Whether an address is one of the internet. What a name leads to is not known here. */
function isPublic(host: string): boolean {
  return net.isIP(host) !== 0 && !isPrivateAddress(host)
}

/** The beginning of the path that the route has, or makes, and that the URL of an upstream puts there once more. */
function pathWarnings({ match, strip, rewrite, upstreams }: RouteOptions): Found {
  const begins = (path: string, prefix: string) => path === prefix || path.startsWith(`${prefix}/`)
  return upstreams.flatMap(({ path: prefix }, number) => {
    if (!prefix) return []
    if (rewrite) {
      if (!begins(rewrite.to, prefix)) return []
      const rest = rewrite.to.slice(prefix.length) || '/'
      const wrong = new Wrong(
        `begins with ${prefix}, which the URL of upstreams[${number}] puts before it once more`,
        `write ${rest}`,
      )
      return [{ path: ['rewrite', 'to'], wrong }]
    }
    if (strip !== undefined || match.path === undefined || !begins(match.path, prefix)) return []
    const wrong = new Wrong(
      `puts ${prefix} before paths that begin with it: the upstream gets ${prefix}${prefix}`,
      `write strip: ${prefix} on the route, or leave the path out of the URL`,
    )
    return [{ path: ['upstreams', number], wrong }]
  })
}

function resumeWarnings({ resume, keepalive, auth }: RouteOptions): Found {
  if (!resume) return []
  const found: Found = []
  if (keepalive === false) {
    const wrong = new Wrong(
      'is off: a client whose network is gone keeps its connection, and is not parked, until something is sent to it',
      'leave keepalive out',
    )
    found.push({ path: ['keepalive'], wrong })
  }
  const names = auth?.headers ?? []
  if (
    !resume.bind &&
    names.length > 0 &&
    names.every((name) => isSecretName(name.slice(name.lastIndexOf('-') + 1)))
  ) {
    const wrong = new Wrong(
      'gives a session to whoever has its token: auth.headers names credentials only, which are new each time',
      'write resume: { bind: cookie:NAME } or header:NAME, what identifies a client; or let auth name it, too, as in X-User',
    )
    found.push({ path: ['resume'], wrong })
  }
  return found
}
