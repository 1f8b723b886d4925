/** Finds what breaks WebSockets in Caddy's JSON, which is what a Caddyfile becomes. */

import { checkMatcher, fitsPattern, type Matcher, matcherFromTree, matcherHolds } from './caddy-matcher.ts'
import {
  type CaddyProxy,
  checkCaddyProxies,
  checkHeader,
  checkPathMatcher,
  type HeaderOperation,
  type Text,
} from './caddy-proxy.ts'
import { type ConfigFile, maxDepth, type Report } from './context.ts'
import { at, entriesAt, listAt, type Tree, textAt, walk } from './tree.ts'
import { any, keepsHandshakesOut, type Request, singlesOutHandshakes, type Truth } from './truth.ts'
import { looksLikeWebSocket } from './websocket.ts'
import { readYaml } from './yaml.ts'

/** Reads one configuration in JSON. */
export function readCaddyJson(file: ConfigFile, report: Report): void {
  const reading: Reading = { proxies: [], report }
  for (const document of readYaml(file, report)) {
    for (const server of entriesAt(document, 'apps', 'http', 'servers')) {
      checkRoutes(listAt(server[1], 'routes'), anything, reading, 0)
    }
    if (!at(document, 'apps')) checkParts(document, reading)
  }
  checkCaddyProxies(reading.proxies, report)
}

interface Reading {
  proxies: CaddyProxy[]
  report: Report
}

/** What leads to a handler. */
type Matched = Pick<CaddyProxy, 'paths' | 'upgrade' | 'closed'>

const anything: Matched = { paths: [], upgrade: false, closed: false }

/** A file that holds routes or handlers alone, as they are sent to the admin endpoint. */
function checkParts(document: Tree, reading: Reading): void {
  const routes = document.items ?? listAt(document, 'routes')
  if (routes.length > 0) return checkRoutes(routes, anything, reading, 0)
  for (const tree of walk(document)) if (textAt(tree, 'handler')) checkHandler(tree, anything, reading, 0)
}

function texts(trees: readonly Tree[]): Text[] {
  return trees.flatMap(({ scalar, place }) =>
    scalar === undefined || scalar === null ? [] : [{ text: String(scalar), place }],
  )
}

function checkRoutes(routes: readonly Tree[], around: Matched, reading: Reading, depth: number): void {
  const { report } = reading
  if (depth > maxDepth) return
  let rewritten: { path: string; tree: Tree } | undefined
  for (const route of routes) {
    const matchers = listAt(route, 'match')
    const own = matchers.flatMap((matcher) => texts(listAt(matcher, 'path')))
    for (const path of own) checkPathMatcher(path, report)
    const sets = matchers.map(matcherFromTree)
    for (const set of sets) checkMatcher(set, report)
    const patterns = own.map(({ text }) => text)
    if (
      rewritten &&
      patterns.length > 0 &&
      !patterns.some((pattern) => fitsPattern(pattern, rewritten?.path ?? ''))
    ) {
      const directive = `rewrite ${rewritten.path}`
      report.found('caddy-rewritten-first', { directive, path: patterns[0] ?? '' }, rewritten.tree.place)
    }
    const matched: Matched = {
      paths: patterns.length > 0 ? patterns : around.paths,
      upgrade: around.upgrade || (sets.length > 0 && singlesOutHandshakes(fits(sets))),
      closed: around.closed || (sets.length > 0 && keepsHandshakesOut(fits(sets))),
    }
    for (const handler of listAt(route, 'handle')) {
      const uri = textAt(handler, 'handler') === 'rewrite' ? textAt(handler, 'uri') : undefined
      if (uri?.startsWith('/') && !uri.includes('{') && matchers.length === 0) {
        rewritten = { path: uri.split('?', 1)[0]!, tree: at(handler, 'uri') ?? handler }
      }
      checkHandler(handler, matched, reading, depth)
    }
    checkStripped(route, patterns, report)
  }
}

/** One set of matchers must fit. */
function fits(sets: readonly Matcher[]): (request: Request) => Truth {
  return (request) => any(sets.map((set) => matcherHolds(set, request)))
}

function checkStripped(route: Tree, patterns: readonly string[], report: Report): void {
  const path = patterns.find(looksLikeWebSocket)
  if (!path) return
  for (const tree of walk(route)) {
    const prefix = at(tree, 'strip_path_prefix')
    if (prefix && path.startsWith(String(prefix.scalar)))
      report.found('caddy-path-stripped', { path }, prefix.place)
  }
}

function checkHandler(handler: Tree, matched: Matched, reading: Reading, depth: number): void {
  const { report } = reading
  const type = textAt(handler, 'handler')
  if (type === 'subroute') checkRoutes(listAt(handler, 'routes'), matched, reading, depth + 1)
  if (type === 'headers')
    for (const operation of operations(at(handler, 'request'))) checkHeader(operation, report)
  if (type !== 'reverse_proxy') return
  const protocol = textAt(handler, 'transport', 'protocol') ?? 'http'
  const transport = protocol === 'http' ? at(handler, 'transport') : undefined
  const [readTimeout] = texts(listAt(transport, 'read_timeout'))
  const [streamTimeout] = texts(listAt(handler, 'stream_timeout'))
  const policy = textAt(handler, 'load_balancing', 'selection_policy', 'policy')
  reading.proxies.push({
    place: handler.place,
    ...matched,
    upstreams: texts(listAt(handler, 'upstreams').flatMap((upstream) => at(upstream, 'dial') ?? [])),
    headers: operations(at(handler, 'headers', 'request')),
    versions: texts(listAt(transport, 'versions')),
    ...(readTimeout && { readTimeout }),
    ...(streamTimeout && { streamTimeout }),
    ...(policy && { policy }),
  })
}

function operations(request: Tree | undefined): HeaderOperation[] {
  const removed = texts(listAt(request, 'delete')).map((one) => ({
    ...one,
    text: `delete ${one.text}`,
    header: one.text,
  }))
  const set = entriesAt(request, 'set').flatMap(([header, values]) =>
    texts(values.items ?? [values]).map(({ text, place }) => ({
      text: `set ${header} ${text}`,
      place,
      header,
      value: text,
    })),
  )
  return [...removed, ...set]
}
