/** Finds what breaks WebSockets in Apache files. */

import { judge } from './apache-expr.ts'
import {
  compares,
  conditionHolds,
  groupsOf,
  hasFlag,
  isCaseless,
  isLast,
  type Rule,
  rulesOf,
  takes,
} from './apache-rewrite.ts'
import {
  everywhere,
  type Placed,
  placed,
  type Route,
  routesOf,
  type Server,
  serversOf,
  settingOf,
} from './apache-routes.ts'
import { parseApache } from './apache-syntax.ts'
import type { ConfigFile, ReadFiles, Report } from './context.ts'
import type { Directive } from './directive.ts'
import { fitsForeign } from './foreign-expression.ts'
import { any, handshakes, keepsHandshakesOut, singlesOutHandshakes } from './truth.ts'
import {
  duration,
  endLike,
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
  /** The limits that Proxy sections set, by their address. */
  timeouts: readonly { address: string; timeout: string }[]
  /** Whether settings may stand in files that were not read. */
  partial: boolean
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
  const apache: Apache = {
    upgrading: upgradingProxies(all),
    timeouts: proxyTimeouts(all),
    ...(known && { modules }),
    partial,
    report,
  }
  const carries = servers.some(
    (server) =>
      routesOf(server).some((route) => upgrades(route, apache)) || rulesOf(server).some(isForWebSockets),
  )
  for (const server of servers) checkServer(server, carries, apache)
  for (const { name, args, place } of all) {
    if (name === 'use') report.notRead(place, `Use ${args[0]}: macros are not put in place`)
    if (name === 'rewritemap') report.notRead(place, `what RewriteMap ${args[0]} makes of a request`)
  }
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

/** The value of timeout= among the options of ProxyPass, ProxySet or a member of a balancer. */
function timeoutOf(options: readonly string[]): string | undefined {
  return options.find((text) => /^timeout=/i.test(text))?.slice('timeout='.length)
}

/** What Proxy sections say of the limit for their address. */
function proxyTimeouts(directives: readonly Directive[]): Apache['timeouts'] {
  return directives.flatMap(({ name, args, block }) => {
    const says = (block ?? []).find((inner) => timeoutOf(inner.args) !== undefined)
    const address = (args[0] ?? '').replace(/\/$/, '')
    const timeout = says && timeoutOf(says.args)
    return name === 'proxy' && address !== '' && timeout !== undefined ? [{ address, timeout }] : []
  })
}

function upgrades({ target, options }: Route, { upgrading }: Apache): boolean {
  if (/^wss?:\/\//i.test(target) || options.some((option) => /^upgrade=/i.test(option))) return true
  return upgrading.some((address) => address !== '' && target.startsWith(address))
}

/** Rules that somebody wrote for WebSockets: what they hold for, or where they lead, says so. */
function isForWebSockets({ holds, target, conditions }: Rule): boolean {
  if (/^wss?:\/\//i.test(target) || singlesOutHandshakes(holds)) return true
  return conditions.some((one) => misfits(one) && !(one.args[1] ?? '').startsWith('!'))
}

function checkServer(server: Server, carries: boolean, apache: Apache): void {
  const { report } = apache
  const routes = routesOf(server).filter(({ target }) => /^(?:https?|wss?|balancer|h2c?):\/\//i.test(target))
  const all = rulesOf(server)
  const rules = all.filter(isForWebSockets)
  checkConditions(all, report)
  for (const rule of rules) checkRule(rule, all, apache)
  const plain = routes.filter((route) => !upgrades(route, apache))
  const meant = plain.filter(({ path, target }) => looksLikeWebSocket(`${path} ${target}`))
  const broadest = [...plain].sort((a, b) => a.path.length - b.path.length).slice(0, carries ? 0 : 1)
  // A rule for WebSockets takes them before any ProxyPass sees them.
  for (const { path, target, place } of rules.length > 0 ? [] : meant.length > 0 ? meant : broadest) {
    report.found('apache-no-upgrade', { path, target }, place)
  }
  checkOrder(server, apache)
  const through = [...routes.filter((route) => upgrades(route, apache) || !carries), ...rules]
  for (const way of through) checkModules(way, apache)
  checkTimeouts(server, through, apache)
  for (const { path, target, place, pattern, handler, section } of routes) {
    if (pattern || handler || !slashMismatch(path, target)) continue
    const fixed = `ProxyPass ${section ? '' : `"${path}" `}"${endLike(path, target)}"`
    report.found('apache-path-slash', { path, target, ...joinedPath(path, target), fixed }, place)
  }
  for (const one of placed(server)) checkDirective(one, report)
}

function checkRule(rule: Rule, all: readonly Rule[], { upgrading, report }: Apache): void {
  const { pattern, target, on, place } = rule
  if (!on) report.found('apache-rewrite-off', {}, place)
  const webSocket = target.replace(/^http/i, 'ws')
  if (!/^(?:wss?|https?):\/\//i.test(target)) return
  if (!hasFlag(rule, 'P', 'PROXY')) report.found('apache-rewrite-flag', { pattern, target: webSocket }, place)
  else if (
    /^http/i.test(target) &&
    !upgrading.some((address) => address !== '' && target.startsWith(address))
  ) {
    report.found('apache-rewrite-scheme', { pattern, target, fixed: webSocket }, place)
  }
  const earlier = all
    .slice(0, all.indexOf(rule))
    .find((one) => isLast(one) && one.on && handshakes.every((request) => takes(one, request) === true))
  if (earlier && !isForWebSockets(earlier)) {
    report.found('apache-rewrite-order', { pattern, earlier: earlier.pattern }, place)
  }
}

/** Conditions on Upgrade or Connection that miss handshakes, or keep them out of a rule that leads to ws://. */
function checkConditions(rules: readonly Rule[], report: Report): void {
  for (const rule of rules) {
    const wrong = groupsOf(rule.conditions).flatMap(wrongIn)
    const contrary =
      /^wss?:\/\//i.test(rule.target) && keepsHandshakesOut(rule.holds)
        ? rule.conditions.filter((one) =>
            handshakes.every((request) => conditionHolds(one, request) === false),
          )
        : []
    for (const { args, place } of wrong.length > 0 ? wrong : contrary) {
      const header = subjectOf(args[0]) ?? args[0] ?? ''
      report.found('apache-rewrite-cond', { header, pattern: args[1] ?? '' }, place)
    }
    for (const { args, place } of rule.conditions) {
      if (args[0]?.toLowerCase() !== 'expr' || !/upgrade|connection/i.test(args[1] ?? '')) continue
      if (handshakes.every((request) => conditionHolds({ name: '', args, place }, request) === undefined)) {
        report.notRead(place, `the condition ${args[1]} is not understood`)
      }
    }
  }
}

/** Conditions that miss handshakes, in a group that is something else because of them. */
function wrongIn(group: readonly Directive[]): Directive[] {
  const wrong = group.filter(misfits)
  const meant = (one: Directive) => !(one.args[1] ?? '').startsWith('!')
  const differs = handshakes.some((request) => {
    const truths = group.map((one) => conditionHolds(one, request))
    const asMeant = group.map((one, index) => (wrong.includes(one) ? meant(one) : truths[index]))
    return any(truths) !== any(asMeant)
  })
  return differs ? wrong : []
}

/** The header that a condition is on: %{HTTP:Upgrade}, or %{HTTP_UPGRADE}, which Apache does not know. */
function subjectOf(subject = ''): string | undefined {
  return /^%\{HTTP[:_](Upgrade|Connection)\}$/i.exec(subject)?.[1]
}

/** Is this a condition on Upgrade or Connection that some browser's handshake does not meet? */
function misfits({ args: [subject = '', text = '', flags = ''] }: Directive): boolean {
  const header = subjectOf(subject)
  if (!header) return false
  const pattern = text.replace(/^!/, '')
  // The variable is empty, so what is looked for is never there.
  const empty = subject.includes('_')
  return missesHandshakes(
    header,
    (value, ignoreCase) =>
      compares(pattern, empty && !ignoreCase ? '' : value, ignoreCase || isCaseless(flags)) !== false,
  )
}

/** A route for WebSockets that another takes the requests of. */
function checkOrder(server: Server, apache: Apache): void {
  const routes = [...(server.main ? routesOf(server.main) : []), ...routesOf(server)]
  routes.forEach((route, index) => {
    if (!upgrades(route, apache) || route.handler) return
    const others = route.section ? routes.slice(index + 1) : routes.slice(0, index)
    const shadow = others.find(
      (other) =>
        !other.handler && other.section === route.section && !upgrades(other, apache) && covers(other, route),
    )
    if (!shadow) return
    apache.report.found('apache-order', { path: route.path, earlier: shadow.path }, route.place)
  })
}

function covers(other: Route, { path }: Route): boolean {
  if (other.pattern) return fitsForeign(other.pattern, path)
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

/**
 * Measured with 2.4.71: a tunnel on which nothing passes ends after the longer of Timeout and ProxyTimeout, or timeout=
 * of ProxyPass. Timeout is 60 s where nothing is written, ProxyTimeout what Timeout is.
 */
function checkTimeouts(
  server: Server,
  through: readonly (Route | Rule)[],
  { report, partial, timeouts }: Apache,
): void {
  const own = settingOf(server, 'timeout')
  const proxy = settingOf(server, 'proxytimeout')
  const client = own ? duration(own.args[0] ?? '', 's') : 60_000
  if (client === undefined) return
  for (const way of through) {
    const options = 'options' in way ? way.options : []
    const shared = timeouts.findLast(({ address }) => address === '*' || way.target.startsWith(address))
    const option = timeoutOf(options) ?? shared?.timeout
    const longer = Math.max(client, duration(option ?? proxy?.args[0] ?? '', 's') ?? 0)
    const level = idleLevel(longer)
    if (!level) continue
    if (own) report.found('apache-timeout', { timeout: `${longer / 1000} s` }, own.place, level)
    else if (!partial) report.found('apache-default-timeout', {}, way.place, level)
    return
  }
}

const written: Readonly<Record<string, string>> = { requestheader: 'RequestHeader', setenv: 'SetEnv' }

function checkDirective({ directive: { name, args, place }, holds }: Placed, report: Report): void {
  const truths = handshakes.map(holds)
  const found = (find: () => void) => {
    if (truths.every((truth) => truth === true)) find()
    else if (truths.includes(undefined)) {
      report.notRead(place, `the condition around ${[written[name], ...args].join(' ')} is not understood`)
    }
  }
  if (name === 'requestheader') {
    const [action = '', header = '', ...rest] = args
    // Apache writes Connection itself.
    const needed = /^(?:upgrade|sec-websocket-(?:key|version))$/i.test(header)
    const condition = rest.find((word) => /^(?:env|expr)=/i.test(word))
    const expr = /^expr=(.*)$/is.exec(condition ?? '')?.[1]
    const applies = condition === undefined || (expr !== undefined && isTrueForHandshakes(expr))
    if (action.toLowerCase() === 'unset' && needed && applies) {
      found(() => report.found('apache-header-unset', { header }, place))
    }
  }
  if (name === 'setenv' && args[0] === 'force-proxy-request-1.0') {
    found(() => report.found('apache-http10', { variable: 'force-proxy-request-1.0' }, place))
  }
}

function isTrueForHandshakes(expression: string): boolean {
  return handshakes.every((request) => judge(expression, request) === true)
}
