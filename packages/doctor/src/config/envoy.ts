/** Finds what breaks WebSockets in Envoy's files: a bootstrap, or resources of xDS. */
import type { ConfigFile, Report } from './context.ts'
import { checkCluster } from './envoy-cluster.ts'
import { checkHeaderMatches, headersHold } from './envoy-match.ts'
import { at, listAt, type Tree, textAt, walk } from './tree.ts'
import { keepsHandshakesOut, singlesOutHandshakes } from './truth.ts'
import {
  defaultIdleLevel,
  duration,
  endLike,
  idleLevel,
  isSocketIoWithoutSlash,
  joinedPath,
  lifetimeLevel,
  looksLikeWebSocket,
  requestHeaders,
  slashMismatch,
} from './websocket.ts'
import { readYaml } from './yaml.ts'

/** Reads the files of one configuration. */
export function readEnvoy(files: readonly ConfigFile[], report: Report): void {
  const parts = files.flatMap((file) => readYaml(file, report)).flatMap((document) => [...walk(document)])
  checkUnread(parts, report)
  const managers = parts.filter(isManager)
  const routes = parts.flatMap((part) => (at(part, 'virtual_hosts') ? routesOf(part) : []))
  const enabled = managers.some(isEnabled) || routes.some((route) => upgradeOf(at(route, 'route')) === true)
  for (const manager of managers) {
    checkUpgrade(manager, enabled, report)
    if (isEnabled(manager) || !enabled) checkManager(manager, report)
  }
  const meant = meantRoutes(routes)
  for (const route of meant) checkRoute(route, report)
  const prefixes = new Set(routes.map((route) => textAt(route, 'match', 'prefix')))
  for (const route of routes) {
    checkPath(route, prefixes, report)
    checkHeaderMatches(route, report)
  }
  for (const part of parts) {
    for (const header of listAt(part, 'request_headers_to_remove')) {
      const name = String(header.scalar ?? '')
      if (requestHeaders.includes(name.toLowerCase())) {
        report.found('envoy-headers-removed', { header: name }, header.place)
      }
    }
    if (/TcpProxy$/.test(textAt(part, '@type') ?? '')) checkIdle(part, 'idle_timeout', report)
  }
  const names = new Set(meant.flatMap(clustersOf))
  for (const cluster of parts.filter(isCluster)) {
    if (names.has(textAt(cluster, 'name') ?? '')) checkCluster(cluster, report)
  }
}

/** What comes over xDS from elsewhere. */
function checkUnread(parts: readonly Tree[], report: Report): void {
  for (const part of parts) {
    for (const name of [
      'rds',
      'scoped_routes',
      'lds_config',
      'cds_config',
      'ads_config',
      'eds_cluster_config',
    ]) {
      const source = at(part, name)
      if (source) report.notRead(source.place, `what ${name} brings: routes and clusters that come over xDS`)
    }
  }
}

function isManager(part: Tree): boolean {
  return (
    /HttpConnectionManager$/.test(textAt(part, '@type') ?? '') ||
    Boolean(at(part, 'http_filters') && at(part, 'stat_prefix'))
  )
}

function isCluster(part: Tree): boolean {
  return Boolean(
    at(part, 'name') && (at(part, 'load_assignment') ?? at(part, 'lb_policy') ?? at(part, 'connect_timeout')),
  )
}

function routesOf(configuration: Tree): Tree[] {
  return listAt(configuration, 'virtual_hosts').flatMap((host) => listAt(host, 'routes'))
}

/** Whether upgrade_configs lets WebSockets through; undefined when it does not name them. */
function upgradeOf(part: Tree | undefined): boolean | undefined {
  const config = upgradeConfig(part)
  return config && textAt(config, 'enabled') !== 'false'
}

function upgradeConfig(part: Tree | undefined): Tree | undefined {
  return listAt(part, 'upgrade_configs').find(
    (one) => textAt(one, 'upgrade_type')?.toLowerCase() === 'websocket',
  )
}

function isEnabled(manager: Tree): boolean {
  return (
    upgradeOf(manager) === true ||
    routesOf(at(manager, 'route_config') ?? manager).some((route) => upgradeOf(at(route, 'route')) === true)
  )
}

function pathOf(route: Tree): string {
  const match = at(route, 'match')
  const regex = textAt(match, 'safe_regex', 'regex')
  return (
    textAt(match, 'prefix') ?? textAt(match, 'path') ?? textAt(match, 'path_separated_prefix') ?? regex ?? ''
  )
}

function clustersOf(route: Tree): string[] {
  const action = at(route, 'route')
  const weighted = listAt(action, 'weighted_clusters', 'clusters').map((one) => textAt(one, 'name') ?? '')
  return [textAt(action, 'cluster') ?? '', ...weighted].filter(Boolean)
}

/** The routes that WebSockets are meant to go through; when none says so, the broadest of them. */
function meantRoutes(routes: readonly Tree[]): Tree[] {
  const proxied = routes.filter(
    (route) => at(route, 'route') && !keepsHandshakesOut((request) => headersHold(route, request)),
  )
  const meant = proxied.filter(
    (route) =>
      singlesOutHandshakes((request) => headersHold(route, request)) ||
      upgradeOf(at(route, 'route')) !== undefined ||
      [pathOf(route), ...clustersOf(route)].some(looksLikeWebSocket),
  )
  if (meant.length > 0) return meant
  const shortest = Math.min(...proxied.map((route) => pathOf(route).length))
  return proxied.filter((route) => pathOf(route).length === shortest)
}

function checkUpgrade(manager: Tree, enabled: boolean, report: Report): void {
  if (isEnabled(manager)) return
  const config = upgradeConfig(manager)
  if (config) return report.found('envoy-upgrade-disabled', {}, (at(config, 'enabled') ?? config).place)
  const routes = routesOf(at(manager, 'route_config') ?? manager)
  const proxies = routes.length === 0 || routes.some((route) => at(route, 'route'))
  if (!enabled && proxies) report.found('envoy-no-upgrade', {}, manager.place)
}

function checkManager(manager: Tree, report: Report): void {
  const meant = meantRoutes(routesOf(at(manager, 'route_config') ?? manager))
  // A route's own limit stands in place of the manager's.
  const own = meant.length > 0 && meant.every((route) => at(route, 'route', 'idle_timeout'))
  const written = at(manager, 'stream_idle_timeout')
  if (!own && written) checkIdle(manager, 'stream_idle_timeout', report)
  else if (!own) report.found('envoy-default-timeout', {}, manager.place, defaultIdleLevel(300_000))
  checkLifetime(at(manager, 'common_http_protocol_options', 'max_stream_duration'), report)
  const codec = at(manager, 'codec_type')
  const overHttp2 = textAt(manager, 'http2_protocol_options', 'allow_connect') === 'true'
  if (codec && String(codec.scalar).toUpperCase() === 'HTTP2' && !overHttp2) {
    report.found('envoy-downstream-h2', {}, codec.place)
  }
  const buffer = listAt(manager, 'http_filters').find(
    (filter) =>
      /\.buffer$/.test(textAt(filter, 'name') ?? '') ||
      /\.Buffer$/.test(textAt(filter, 'typed_config', '@type') ?? ''),
  )
  const exempt = meant.some((route) => at(route, 'typed_per_filter_config', 'envoy.filters.http.buffer'))
  if (buffer && !at(upgradeConfig(manager), 'filters') && !exempt) {
    report.found('envoy-buffer-filter', {}, buffer.place)
  }
}

function checkRoute(route: Tree, report: Report): void {
  const action = at(route, 'route')
  const config = upgradeConfig(action)
  if (config && upgradeOf(action) === false && looksLikeWebSocket(pathOf(route))) {
    report.found('envoy-upgrade-disabled', {}, (at(config, 'enabled') ?? config).place)
  }
  checkIdle(action, 'idle_timeout', report)
  checkLifetime(at(action, 'max_stream_duration', 'max_stream_duration'), report)
}

function checkPath(route: Tree, prefixes: ReadonlySet<string | undefined>, report: Report): void {
  const path = textAt(route, 'match', 'path')
  if (path && isSocketIoWithoutSlash(path)) {
    report.found('envoy-exact-path', { path }, (at(route, 'match', 'path') ?? route).place)
  }
  const prefix = textAt(route, 'match', 'prefix')
  const rewrite = at(route, 'route', 'prefix_rewrite')
  if (!prefix || !rewrite || !slashMismatch(prefix, String(rewrite.scalar))) return
  // With a route for the prefix and its slash beside it, this one sees no longer paths.
  if (prefixes.has(`${prefix}/`)) return
  const target = String(rewrite.scalar)
  const paths = { ...joinedPath(prefix, target), fixed: endLike(target, prefix) }
  report.found('envoy-path-slash', { prefix, rewrite: target, ...paths }, rewrite.place)
}

function checkIdle(part: Tree | undefined, field: string, report: Report): void {
  const timeout = textAt(part, field)
  const level = idleLevel(duration(timeout ?? '', 's'))
  const place = at(part, field)?.place
  if (timeout && place && level) report.found('envoy-idle-timeout', { field, timeout }, place, level)
}

function checkLifetime(value: Tree | undefined, report: Report): void {
  const level = lifetimeLevel(duration(String(value?.scalar ?? ''), 's'))
  if (value && level)
    report.found('envoy-max-duration', { timeout: String(value.scalar) }, value.place, level)
}
