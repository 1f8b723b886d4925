// In: a request that no route serves. Out: what the log says of it: where it went, and which route was probably meant. Pure.
import { distance } from 'fastest-levenshtein'
import type { RouteOptions } from '../core/index.ts'
import { matchRoute } from './route.ts'

/** Characters of a host or a path that are shown, and looked at. */
const shownAtMost = 200

export interface RouteHint {
  host: string
  path: string
  hint: string
}

/** `target` as it came: what is behind a `?` may hold a token, and is not shown. */
export function routeHint(routes: readonly RouteOptions[], host: string, target: string): RouteHint {
  const path = (target.split('?', 1)[0] ?? '').slice(0, shownAtMost)
  return { host: host.slice(0, shownAtMost), path, hint: hintFor(routes, host.slice(0, shownAtMost), path) }
}

function hintFor(routes: readonly RouteOptions[], host: string, path: string): string {
  const found = (asHost: string, asPath: string) => matchRoute(routes, asHost, asPath)
  for (const other of [withoutSlash(path), `${path}/`, path.toLowerCase()]) {
    const route = other !== path && found(host, other)
    if (route) return `route ${route.name} serves ${patternOf(route)}: did you mean ${other}?`
  }
  const elsewhere = routes.find(
    ({ match }) => match.host !== undefined && found(match.host.replace('*', 'any'), path),
  )
  if (elsewhere) return `route ${elsewhere.name} serves this path for the host ${elsewhere.match.host}`
  const near = nearest(routes, host, path)
  if (near) return `did you mean ${patternOf(near)}, of route ${near.name}?`
  return `the routes serve ${routes.slice(0, 5).map(patternOf).join(', ')}`
}

/** The route for this host whose path is nearest, if it is near. */
function nearest(routes: readonly RouteOptions[], host: string, path: string): RouteOptions | undefined {
  const [best] = routes
    .filter((route) => matchRoute([{ match: { host: route.match.host } }], host, '/') !== undefined)
    .map((route) => ({ route, far: farFrom(route, path) }))
    .sort((a, b) => a.far - b.far)
  return best && best.far <= Math.max(2, (best.route.match.path ?? '').length / 3) ? best.route : undefined
}

function farFrom({ match }: RouteOptions, path: string): number {
  const pattern = match.path ?? '/'
  const start = pattern.replace(/\*$/, '')
  return distance(start, pattern.endsWith('*') ? path.slice(0, start.length) : path)
}

const withoutSlash = (path: string) => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path)

function patternOf({ match: { host = '', path = '/*' } }: RouteOptions): string {
  return `${host}${path}`
}
