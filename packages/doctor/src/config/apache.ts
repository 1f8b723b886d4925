/** Finds what breaks WebSockets in Apache files. */
import {
  everywhere,
  expression,
  type Route,
  type Rule,
  routesOf,
  rulesOf,
  type Server,
  serversOf,
  settingOf,
} from './apache-routes.ts'
import { parseApache } from './apache-syntax.ts'
import type { ConfigFile, Place, ReadFiles, Report } from './context.ts'
import type { Directive } from './directive.ts'
import {
  duration,
  idleLevel,
  joinedPath,
  looksLikeWebSocket,
  missesHandshakes,
  slashMismatch,
} from './websocket.ts'

interface Apache {
  /** Addresses in Proxy sections that say upgrade=, or whose members do. */
  upgrading: readonly string[]
  /** The modules that are loaded, where the files tell. */
  modules?: ReadonlySet<string>
  report: Report
}

/** Reads one configuration: httpd.conf or apache2.conf with its includes, or one site. */
export function readApache(file: ConfigFile, report: Report, read?: ReadFiles): void {
  const { directives, partial } = parseApache(file, report, read)
  const servers = serversOf(directives)
  const all = servers.flatMap(everywhere)
  const modules = new Set(all.filter(({ name }) => name === 'loadmodule').map(({ args }) => args[0] ?? ''))
  // A site alone loads no modules; a whole configuration that loads mod_proxy loads what belongs to it beside.
  const known = modules.has('proxy_module') && !partial
  const apache: Apache = { upgrading: upgradingProxies(all), ...(known && { modules }), report }
  const carries = servers.some(
    (server) =>
      routesOf(server).some((route) => upgrades(route, apache)) || rulesOf(server).some(isForWebSockets),
  )
  for (const server of servers) checkServer(server, carries, apache)
}

function upgradingProxies(directives: readonly Directive[]): string[] {
  return directives.flatMap(({ name, args, block }) => {
    const says = (block ?? []).some(
      (inner) =>
        ['proxyset', 'balancermember'].includes(inner.name) &&
        inner.args.some((arg) => /^upgrade=/i.test(arg) || /^wss?:\/\//i.test(arg)),
    )
    return name === 'proxy' && says ? [(args[0] ?? '').replace(/\/$/, '')] : []
  })
}

function upgrades({ target, options }: Route, { upgrading }: Apache): boolean {
  if (/^wss?:\/\//i.test(target) || options.some((option) => /^upgrade=/i.test(option))) return true
  return upgrading.some((address) => address !== '' && target.startsWith(address))
}

/** Rules that somebody wrote for WebSockets. */
function isForWebSockets({ conditions, target }: Rule): boolean {
  return (
    /^wss?:\/\//i.test(target) || conditions.some(({ args }) => /^%\{HTTP:Upgrade\}$/i.test(args[0] ?? ''))
  )
}

function checkServer(server: Server, carries: boolean, apache: Apache): void {
  const { report } = apache
  const routes = routesOf(server).filter(({ target }) => /^(?:https?|wss?|balancer|h2c?):\/\//i.test(target))
  const rules = rulesOf(server).filter(isForWebSockets)
  for (const rule of rules) checkRule(rule, apache)
  const plain = routes.filter((route) => !upgrades(route, apache))
  const meant = plain.filter(({ path, target }) => looksLikeWebSocket(`${path} ${target}`))
  const broadest = [...plain].sort((a, b) => a.path.length - b.path.length).slice(0, carries ? 0 : 1)
  // A rule for WebSockets takes them before any ProxyPass sees them.
  for (const { path, target, place } of rules.length > 0 ? [] : meant.length > 0 ? meant : broadest) {
    report.found('apache-no-upgrade', { path, target }, place)
  }
  checkOrder(server, apache)
  const through = [...routes.filter((route) => upgrades(route, apache) || !carries), ...rules]
  for (const way of through) {
    checkModules(way, apache)
    checkTimeout(server, 'options' in way ? way.options : [], report)
  }
  for (const { path, target, place, pattern } of routes) {
    if (pattern || !slashMismatch(path, target)) continue
    report.found('apache-path-slash', { path, target, ...joinedPath(path, target) }, place)
  }
  for (const directive of everywhere(server)) checkDirective(directive, report)
}

function checkRule(
  { conditions, pattern, target, flags, on, place }: Rule,
  { upgrading, report }: Apache,
): void {
  for (const { args, place: at } of conditions) checkCondition(args, at, report)
  if (!on) report.found('apache-rewrite-off', {}, place)
  const webSocket = target.replace(/^http/i, 'ws')
  const proxied = flags.some((flag) => flag === 'P' || flag === 'PROXY')
  if (!/^(?:wss?|https?):\/\//i.test(target)) return
  if (!proxied) report.found('apache-rewrite-flag', { pattern, target: webSocket }, place)
  else if (
    /^http/i.test(target) &&
    !upgrading.some((address) => address !== '' && target.startsWith(address))
  ) {
    report.found('apache-rewrite-scheme', { pattern, target, fixed: webSocket }, place)
  }
}

/** A condition on Upgrade or Connection that some browser's handshake does not meet. */
function checkCondition(
  [subject = '', pattern = '', flags = '']: string[],
  place: Place,
  report: Report,
): void {
  const header = /^%\{HTTP:(Upgrade|Connection)\}$/i.exec(subject)?.[1]
  if (!header || /^[!<>-]/.test(pattern)) return
  const nocase = /\b(?:NC|nocase)\b/i.test(flags)
  const fold = (text: string) => (nocase ? text.toLowerCase() : text)
  const fits = pattern.startsWith('=')
    ? (value: string) => fold(value) === fold(pattern.slice(1))
    : (value: string) => expression(pattern, nocase ? 'i' : '').test(value)
  if (missesHandshakes(header, fits)) report.found('apache-rewrite-cond', { header, pattern }, place)
}

/** A route for WebSockets that another takes the requests of. */
function checkOrder(server: Server, apache: Apache): void {
  const routes = [...(server.main ? routesOf(server.main) : []), ...routesOf(server)]
  routes.forEach((route, index) => {
    if (!upgrades(route, apache)) return
    const others = route.section ? routes.slice(index + 1) : routes.slice(0, index)
    const shadow = others.find(
      (other) => other.section === route.section && !upgrades(other, apache) && covers(other, route),
    )
    if (!shadow) return
    apache.report.found('apache-order', { path: route.path, earlier: shadow.path }, route.place)
  })
}

function covers(other: Route, { path }: Route): boolean {
  if (other.pattern) return other.pattern.test(path)
  return path === other.path || path.startsWith(other.path.endsWith('/') ? other.path : `${other.path}/`)
}

function checkModules({ target, place }: Route | Rule, { modules, report }: Apache): void {
  if (!modules) return
  const directive = target
  if (/^wss?:/i.test(target) && !modules.has('proxy_wstunnel_module')) {
    const level = modules.has('proxy_http_module') ? 'warning' : 'error'
    report.found('apache-module-missing', { module: 'proxy_wstunnel', directive }, place, level)
  } else if (/^https?:/i.test(target) && !modules.has('proxy_http_module')) {
    report.found('apache-module-missing', { module: 'proxy_http', directive }, place)
  }
}

/** Measured with 2.4.71: a tunnel ends after the longer of the two limits; that of clients is 60 s by default. */
function checkTimeout(server: Server, options: readonly string[], report: Report): void {
  const own = settingOf(server, 'timeout')
  const client = duration(own?.args[0] ?? '', 's')
  const option = options.find((text) => /^timeout=/i.test(text))?.slice('timeout='.length)
  const upstream = duration(option ?? settingOf(server, 'proxytimeout')?.args[0] ?? '', 's')
  if (!own || client === undefined) return
  const longer = Math.max(client, upstream ?? 0)
  const level = idleLevel(longer)
  if (level) report.found('apache-timeout', { timeout: `${longer / 1000} s` }, own.place, level)
}

function checkDirective({ name, args, place }: Directive, report: Report): void {
  if (name === 'requestheader') {
    const [action = '', header = '', ...rest] = args
    // Apache writes Connection itself.
    const needed = /^(?:upgrade|sec-websocket-(?:key|version))$/i.test(header)
    const conditional = rest.some((word) => /^(?:env|expr)=/i.test(word))
    if (action.toLowerCase() === 'unset' && needed && !conditional) {
      report.found('apache-header-unset', { header }, place)
    }
  }
  if (name === 'setenv' && args[0] === 'force-proxy-request-1.0') {
    report.found('apache-http10', { variable: args[0] }, place)
  }
}
