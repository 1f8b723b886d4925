import { adviceFor } from '@holdfast/close-codes'
import {
  type GatewayOptions,
  type HoldOptions,
  type RouteOptions,
  unixPath,
  unixPeer,
} from '../core/index.ts'
import { covers } from '../handshake/index.ts'
import { certificateWarnings } from './certificate-warnings.ts'
import { type Path, Wrong } from './errors.ts'
import { keyWarnings } from './key-warnings.ts'
import { acmeWarnings } from './schema-acme.ts'
import { authWarnings } from './schema-auth.ts'

/** What is allowed and yet hardly meant, in a configuration that is valid. */
export function warnings(options: GatewayOptions): { path: Path; wrong: Wrong }[] {
  return [
    ...proxyWarnings(options),
    ...certificateWarnings(options),
    ...acmeWarnings(options),
    ...shadowWarnings(options.routes),
    ...unixWarnings(options),
    ...keyWarnings(options),
    ...options.routes.flatMap(routeWarnings),
  ]
}

function proxyWarnings({ trustedProxies }: GatewayOptions): { path: Path; wrong: Wrong }[] {
  const wrong = new Wrong('lets every client claim any address', 'list the addresses of your proxies only')
  return trustedProxies.flatMap((range, index) =>
    range.endsWith('/0') ? [{ path: ['trustedProxies', index], wrong }] : [],
  )
}

/** All who come over a socket of the file system are one address, unless the proxy before it is believed. */
function unixWarnings({ listen, trustedProxies, routes }: GatewayOptions): { path: Path; wrong: Wrong }[] {
  const plain = listen.find(({ host, proxyProtocol }) => unixPath(host) !== undefined && !proxyProtocol)
  if (!plain || trustedProxies.includes(unixPeer)) return []
  const wrong = new Wrong(
    `counts all clients of ${plain.host} as one address`,
    'list unix: in trustedProxies if a proxy of yours connects there',
  )
  return routes.flatMap(({ limits }, index) =>
    limits.perAddress === undefined ? [] : [{ path: ['routes', index, 'limits', 'perAddress'], wrong }],
  )
}

function shadowWarnings(routes: RouteOptions[]): { path: Path; wrong: Wrong }[] {
  return routes.flatMap((route, index) => {
    const earlier = routes.slice(0, index).findIndex(({ match }) => covers(match, route.match))
    if (earlier < 0) return []
    const wrong = new Wrong(
      `is never reached: routes[${earlier}] (${routes[earlier]?.name}) matches all its requests`,
      `put it before routes[${earlier}]`,
    )
    return [{ path: ['routes', index], wrong }]
  })
}

function routeWarnings(route: RouteOptions, index: number): { path: Path; wrong: Wrong }[] {
  const { closeCodes, limits, hold, match } = route
  const found: { path: Path; wrong: Wrong }[] = []
  for (const [number, { secure }] of route.upstreams.entries()) {
    if (secure?.verify !== false) continue
    const wrong = new Wrong(
      'is false: whoever can answer in its place is taken for this upstream',
      'name the authority of its certificate as ca',
    )
    found.push({ path: ['routes', index, 'upstreams', number, 'tls', 'verify'], wrong })
  }
  found.push(...changeWarnings(route, index), ...authWarnings(route, index))
  const { path = '' } = match
  if (path.length > 1 && path.endsWith('/')) {
    const wrong = new Wrong(
      `matches ${path} alone, not ${path.slice(0, -1)} and not what is below it`,
      `write ${path}* or ${path.slice(0, -1)}`,
    )
    found.push({ path: ['routes', index, 'match', 'path'], wrong })
  }
  const unproven = hold && holdWarning(hold)
  if (unproven) found.push({ path: ['routes', index, 'hold'], wrong: unproven })
  for (const [key, code] of Object.entries(closeCodes)) {
    if (adviceFor(code).action !== 'stop') continue
    const wrong = new Wrong(`is ${code}, after which clients do not come back`)
    found.push({ path: ['routes', index, 'closeCodes', key], wrong })
  }
  const { connections, perAddress } = limits
  if (connections !== undefined && perAddress !== undefined && perAddress > connections) {
    const wrong = new Wrong(`has no effect, since limits.connections is ${connections}`)
    found.push({ path: ['routes', index, 'limits', 'perAddress'], wrong })
  }
  return found
}

/** A hold that counts on the server's word, of which nothing stands here: what happens where that does not come. */
function holdWarning({ state, replay }: HoldOptions): Wrong | undefined {
  if (state === 'none' || (replay.by !== 'auto' && replay.by !== 'none')) return undefined
  const who =
    replay.by === 'auto'
      ? 'whose protocol is recognised, or whose server says Holdfast-Restored: 1; every other client is'
      : 'whose server says Holdfast-Restored: 1; without that a client is'
  return new Wrong(
    `lets only those clients go on ${who} told 1012, to come back by itself`,
    'see docs/applications.md; write state: none if the server keeps nothing for a connection',
  )
}

/** A path that no request of the route has, so that nothing is changed. */
function changeWarnings(
  { match, strip, rewrite }: RouteOptions,
  index: number,
): { path: Path; wrong: Wrong }[] {
  if (match.path === undefined) return []
  const served: RouteOptions['match'] = { path: match.path }
  const never = (path: string) => !covers(served, { path }) && !covers({ path }, served)
  const wrong = new Wrong(`has no effect: the route serves ${match.path} only`)
  if (strip !== undefined && never(`${strip}/*`) && never(strip)) {
    return [{ path: ['routes', index, 'strip'], wrong }]
  }
  return rewrite && never(rewrite.from) ? [{ path: ['routes', index, 'rewrite', 'from'], wrong }] : []
}
