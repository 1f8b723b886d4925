import type { RouteOptions } from '../core/index.ts'
import { changesPath } from '../upstream/index.ts'

type Match = RouteOptions['match']
type Matched = { match: Match } & Pick<RouteOptions, 'strip' | 'rewrite'>

/**
 * Finds the first route for a request; undefined when no route matches, or when it is not certain which does.
 *
 * `host` is compared without regard to case. Of `target` the path counts, not the query; it is percent-decoded
 * once, since RFC 3986 6.2.2.2 makes `/%77s` and `/ws` the same.
 *
 * Servers differ in what they make of dot segments, empty segments, backslashes and encoded slashes before they
 * act on a path. A path with any of these is tried in all the ways that are common, and has a route only when all
 * lead to it: `/ws/../admin` reaches neither the route for `/ws/*` nor the one for `/admin`, so that nothing which
 * one route forbids is reached through another. A route that changes paths serves none of these: what the change left
 * would be read in yet another way. Browsers and URL libraries never send dot segments.
 */
export function matchRoute<R extends Matched>(
  routes: readonly R[],
  host: string,
  target: string,
): R | undefined {
  const [first, ...others] = readings(target)
  const find = (path: string | undefined): R | undefined =>
    path === undefined ? undefined : routes.find(({ match }) => matches(match, host, path))
  const route = find(first)
  if (route && others.length > 0 && changesPath(route)) return undefined
  return others.every((other) => find(other) === route) ? route : undefined
}

function matches(match: Match, host: string, path: string): boolean {
  return matchesHost(match.host, host) && matchesPath(match.path, path)
}

function matchesHost(pattern: string | undefined, host: string): boolean {
  if (pattern === undefined) return true
  const wanted = pattern.toLowerCase()
  const given = host.toLowerCase()
  if (!wanted.startsWith('*.')) return given === wanted
  const suffix = wanted.slice(1)
  return given.endsWith(suffix) && given.length > suffix.length
}

function matchesPath(pattern: string | undefined, path: string): boolean {
  if (pattern === undefined) return true
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern
}

/** Every path that an upstream may take a target for; nearly always one. */
function readings(target: string): string[] {
  const raw = target.split('?', 1)[0] ?? ''
  // RFC 9112 3.2.1: a request target has no fragment, and servers disagree about what a '#' in it is.
  if (raw.includes('#')) return []
  const plain = decoded(raw)
  if (!/\\|\/\/|\/\.{1,2}(\/|$)/.test(plain) && !/%2f|%5c/i.test(raw)) return [plain]
  const slashes = [/\//, /\/+/, /[/\\]/, /[/\\]+/]
  const tidied = slashes.flatMap((slash) => [
    ...withoutDots(plain.split(slash)),
    // Split before it is decoded: then an encoded slash separates nothing.
    ...withoutDots(raw.split(slash).map(decoded)),
  ])
  return [...new Set([plain, ...tidied])]
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

function decoded(path: string): string {
  return path.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
    utf8.decode(Buffer.from(run.replaceAll('%', ''), 'hex')),
  )
}

/** Removes dot segments as RFC 3986 5.2.4 does. The segment before the first slash is empty. */
function withoutDots([, ...segments]: string[]): string[] {
  const kept: string[] = []
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  const path = `/${kept.join('/')}`
  // At the end the RFC keeps the slash before a dot segment, file systems do not.
  return kept.length > 0 && ['.', '..'].includes(segments.at(-1) ?? '') ? [path, `${path}/`] : [path]
}

/** Whether every request that `later` matches is matched by `earlier` too, so that a route with it never serves. */
export function covers(earlier: Match, later: Match): boolean {
  return coversHost(earlier.host, later.host) && coversPath(earlier.path, later.path)
}

function coversHost(earlier: string | undefined, later: string | undefined): boolean {
  if (earlier === undefined || earlier === later) return true
  // A pattern is matched like a host here: what `*.chat.example.com` matches, `*.example.com` matches too.
  return later !== undefined && earlier.startsWith('*.') && later.endsWith(earlier.slice(1))
}

function coversPath(earlier: string | undefined, later: string | undefined): boolean {
  if (earlier === undefined || earlier === '/*') return true
  if (later === undefined) return false
  if (!earlier.endsWith('*')) return earlier === later
  return later.startsWith(earlier.slice(0, -1))
}
