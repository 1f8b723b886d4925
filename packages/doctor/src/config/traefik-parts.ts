/** What can be wrong with the parts of Traefik, from its files or from Kubernetes resources. */
import type { Place, Report } from './context.ts'
import { callsOf, ruleHolds, wanted } from './traefik-rule.ts'
import { at, entriesAt, listAt, type Tree, textAt } from './tree.ts'
import { keepsHandshakesOut } from './truth.ts'
import {
  breaksHandshake,
  equals,
  isSocketIo,
  isSocketIoWithoutSlash,
  looksLikeWebSocket,
  matchesPattern,
  missesHandshakes,
} from './websocket.ts'

/** A router, however it was written. */
export interface Router {
  name: string
  rule: string
  place: Place
  /** The middlewares that it names, without the provider behind an @. */
  middlewares: readonly string[]
  service: string
}

/** The paths that a rule asks for. */
export function pathsOf(rule: string): string[] {
  return wanted(rule).flatMap(({ name, args }) => (name.startsWith('path') ? args : []))
}

/** Are WebSockets meant to go through this router? */
export function isMeant({ name, rule, service }: Router): boolean {
  if (!letsHandshakesIn({ rule })) return false
  const upgrade = wanted(rule).some(
    (call) => call.name.startsWith('header') && /^upgrade$/i.test(call.args[0] ?? ''),
  )
  const hosts = wanted(rule).flatMap((call) => (call.name.startsWith('host') ? call.args : []))
  const first = hosts.map((host) => host.replace(/\..*/, ''))
  return upgrade || [name, service, ...pathsOf(rule), ...first].some(looksLikeWebSocket)
}

/** Can a handshake come to this router, as far as its rule looks at headers? */
export function letsHandshakesIn({ rule }: Pick<Router, 'rule'>): boolean {
  return !keepsHandshakesOut((request) => ruleHolds(rule, request))
}

/** Checks what a rule compares. */
export function checkRule({ rule, place }: Router, report: Report): void {
  for (const { name, args, negated } of callsOf(rule)) {
    const [header = ''] = args
    const values = args.slice(1)
    if (/^headers?(?:regexp)?$/.test(name) && values.length > 0) {
      const test = name.endsWith('regexp') ? matchesPattern : equals
      const fits = (sent: string, ignoreCase: boolean) =>
        values.some((value) => test(value)(sent, ignoreCase))
      if (missesHandshakes(header, fits)) {
        // Traefik 2 has the plural.
        const fixed = `${name.startsWith('headers') ? 'Headers' : 'Header'}Regexp(\`Upgrade\`, \`(?i)^websocket$\`)`
        report.found('traefik-rule', { header, value: values.join(', '), fixed }, place)
      }
    } else if (name === 'path' && !negated) {
      const path = args.find(isSocketIoWithoutSlash)
      if (path) report.found('traefik-exact-path', { path }, place)
    }
  }
}

/** Checks a middleware, and with `router` what is wrong with it only for WebSockets. */
export function checkMiddleware(middleware: Tree, used: boolean, report: Report): void {
  for (const [header, value] of entriesAt(middleware, 'headers', 'customRequestHeaders')) {
    const text = String(value.scalar ?? '')
    // Traefik removes a header whose value is empty.
    if (breaksHandshake(header, text)) report.found('traefik-headers', { header }, value.place)
  }
  if (!used) return
  const amount = at(middleware, 'inFlightReq', 'amount')
  if (amount && Number(amount.scalar) > 0 && Number(amount.scalar) < 100) {
    const fixed = keyLine(amount.place, 'amount', '20000')
    report.found('traefik-in-flight', { amount: Number(amount.scalar), fixed }, amount.place)
  }
  for (const prefix of listAt(middleware, 'stripPrefix', 'prefixes')) {
    const text = String(prefix.scalar ?? '')
    if (looksLikeWebSocket(text)) report.found('traefik-path-stripped', { prefix: text }, prefix.place)
  }
}

/** A key with its value, in the language of the file. */
function keyLine({ toml }: Place, key: string, value: string): string {
  return toml ? `${key} = ${value}` : `${key}: ${value}`
}

/** Checks the scheme of a server behind; `line` makes the line to write of another scheme. */
export function checkScheme(
  url: string,
  place: Place,
  report: Report,
  line: (fixed: string) => string,
): void {
  if (/^wss?(?::|$)/i.test(url)) {
    report.found('traefik-scheme', { url, fixed: line(url.replace(/^ws/i, 'http')) }, place)
  } else if (/^h2c(?::|$)/i.test(url)) {
    report.found('traefik-h2c', { url, fixed: line(url.replace(/^h2c/i, 'http')) }, place)
  }
}

/** Checks passHostHeader, under its name in files or in annotations. */
export function checkHost(value: Tree | undefined, report: Report, line: string): void {
  if (value && String(value.scalar).toLowerCase() === 'false')
    report.found('traefik-pass-host', { fixed: line }, value.place)
}

/** Checks a load balancer behind a router. */
export function checkBalancer(name: string, balancer: Tree, rules: readonly string[], report: Report): void {
  const servers = listAt(balancer, 'servers')
  for (const server of servers) {
    const url = at(server, 'url')
    const text = textAt(server, 'url')
    if (url && text) checkScheme(text, url.place, report, (fixed) => keyLine(url.place, 'url', `"${fixed}"`))
  }
  checkHost(at(balancer, 'passHostHeader'), report, keyLine(balancer.place, 'passHostHeader', 'true'))
  if (servers.length > 1 && !at(balancer, 'sticky') && rules.flatMap(pathsOf).some(isSocketIo)) {
    const { place } = at(balancer, 'servers') ?? balancer
    const fixed = place.toml
      ? 'sticky = { cookie = { name = "server" } }'
      : 'sticky: { cookie: { name: server } }'
    report.found('traefik-sticky', { service: name, fixed }, place)
  }
}
