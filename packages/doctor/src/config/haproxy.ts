/** Finds what breaks WebSockets in HAProxy files. */
import type { ConfigFile, Report } from './context.ts'
import { aclsOf, conditionOf, holds, misfit, testsIn } from './haproxy-conditions.ts'
import { type Line, parseHaproxy, type Section } from './haproxy-syntax.ts'
import { handshakes, keepsHandshakesOut, pageRequest, type Request, singlesOutHandshakes } from './truth.ts'
import { breaksHandshake, duration, idleLevel, isSocketIo, looksLikeWebSocket } from './websocket.ts'

/** Reads the files of one configuration. */
export function readHaproxy(files: readonly ConfigFile[], report: Report): void {
  const sections = parseHaproxy(files, report)
  const proxies = sections.filter(({ type }) => ['frontend', 'backend', 'listen'].includes(type))
  for (const section of proxies) {
    for (const line of section.lines) {
      checkComparisons(line, section, report)
      checkHeaderRule(line, section, report)
    }
    checkFrontendTunnel(section, report)
    noteFiles(section, report)
  }
  const backends = webSocketBackends(proxies, report)
  for (const section of proxies) {
    if (section.type === 'backend' && !backends.includes(section)) continue
    for (const line of section.lines) checkDenied(line, section, report)
  }
  for (const backend of backends) {
    checkTimeouts(backend, proxies, report)
    checkServers(backend, report)
    checkHealth(backend, report)
    checkSticky(backend, proxies, report)
  }
}

function linesOf(section: Section, ...start: string[]): Line[] {
  return section.lines.filter(({ words }) => start.every((word, index) => words[index] === word))
}

/** The last line that says this, of the section or of its defaults. */
function setting(section: Section, ...start: string[]): Line | undefined {
  for (let at: Section | undefined = section; at; at = at.defaults) {
    const line = linesOf(at, ...start).at(-1)
    if (line) return line
  }
  return undefined
}

function modeOf(section: Section): string {
  return setting(section, 'mode')?.words[1] ?? 'tcp'
}

/** The names of ACLs in a frontend by which WebSockets are told from other requests. */
function webSocketAcls(section: Section): string[] {
  return linesOf(section, 'acl')
    .filter(({ words: [, name = '', ...test] }) => isAboutWebSockets(test) || looksLikeWebSocket(name))
    .map(({ words }) => words[1] ?? '')
}

/** Does a test ask for a header of the handshake, or a path or host for WebSockets? */
function isAboutWebSockets(test: readonly string[]): boolean {
  const [fetch = '', ...patterns] = test
  if (/hdr.{0,40}\((?:upgrade|sec-websocket)/i.test(fetch)) return true
  return /^(?:path|url|base)|hdr.{0,40}\(host\)/i.test(fetch) && patterns.some(looksLikeWebSocket)
}

/**
 * The backends that a frontend sends handshakes to: those of conditions that single them out, and the default where
 * a condition leaves it to them.
 */
function webSocketRoutes(section: Section, report: Report): string[] {
  const acls = aclsOf(section)
  const meant = webSocketAcls(section)
  const found: string[] = []
  let left = false
  for (const { words, place } of linesOf(section, 'use_backend')) {
    const backend = words[1] ?? ''
    const condition = conditionOf(words)
    if (backend.includes('%[')) report.notRead(place, `which backend ${backend} is depends on the request`)
    if (!condition) return left ? [...found, backend] : found
    const judged = (request: Request) => holds(condition, acls, request)
    if (keepsHandshakesOut(judged)) {
      left ||= judged(pageRequest) === true
      continue
    }
    const named = condition.groups
      .flat()
      .some(
        ({ name, test, negated }) =>
          negated === condition.unless && (test ? isAboutWebSockets(test) : meant.includes(name ?? '')),
      )
    if (singlesOutHandshakes(judged) || named) found.push(backend)
    if (handshakes.every((request) => judged(request) === true)) return found
  }
  const rest = setting(section, 'default_backend')?.words[1]
  return left && rest ? [...found, rest] : found
}

/**
 * The backends that WebSockets are meant to go to. When nothing in the configuration says so, those that take most
 * requests: somebody asks why WebSockets fail.
 */
function webSocketBackends(proxies: readonly Section[], report: Report): Section[] {
  const backends = proxies.filter(
    (section) => linesOf(section, 'server').length > 0 || linesOf(section, 'server-template').length > 0,
  )
  const named = new Set(proxies.flatMap((section) => webSocketRoutes(section, report)))
  const meant = backends.filter(
    (section) =>
      named.has(section.name) ||
      looksLikeWebSocket(section.name) ||
      linesOf(section, 'timeout', 'tunnel').length > 0 ||
      (section.type === 'listen' && webSocketAcls(section).length > 0),
  )
  if (meant.length > 0) return meant
  const usual = new Set(proxies.map((section) => setting(section, 'default_backend')?.words[1]))
  const broadest = backends.filter(({ type, name }) => type === 'listen' || usual.has(name))
  return broadest.length > 0 ? broadest : backends
}

function checkTimeouts(backend: Section, proxies: readonly Section[], report: Report): void {
  const tunnel = setting(backend, 'timeout', 'tunnel')
  if (tunnel) {
    const timeout = tunnel.words[2] ?? ''
    const level = idleLevel(duration(timeout, 'ms'))
    if (level) report.found('haproxy-tunnel-timeout', { timeout }, tunnel.place, level)
    // A limit of 0 is no limit of the tunnel's own: those of requests stay in force.
    if (duration(timeout, 'ms') !== 0) return
  }
  const frontends =
    backend.type === 'listen' ? [backend] : proxies.filter((section) => leadsTo(section, backend))
  const limits = [
    ...frontends.map((section) => setting(section, 'timeout', 'client')),
    setting(backend, 'timeout', 'server'),
  ].flatMap((line) => {
    const level = idleLevel(duration(line?.words[2] ?? '', 'ms'))
    return line && level ? [{ line, level }] : []
  })
  const shortest = limits.sort((a, b) => msOf(a.line) - msOf(b.line))[0]
  if (!shortest) return
  const { words, place } = shortest.line
  const args = { name: `timeout ${words[1]}`, timeout: inWords(words[2] ?? ''), backend: backend.name }
  report.found('haproxy-no-tunnel-timeout', args, place, shortest.level)
}

function msOf({ words }: Line): number {
  return duration(words[2] ?? '', 'ms') ?? Number.POSITIVE_INFINITY
}

/** A bare number is milliseconds, which few remember. */
function inWords(timeout: string): string {
  return /^\d+$/.test(timeout) ? `${timeout} ms` : timeout
}

function leadsTo(section: Section, backend: Section): boolean {
  if (section.type === 'backend') return false
  const target = setting(section, 'default_backend')?.words[1]
  return (
    target === backend.name || linesOf(section, 'use_backend').some(({ words }) => words[1] === backend.name)
  )
}

/** Patterns and maps in files decide where requests go. */
function noteFiles(section: Section, report: Report): void {
  for (const { words, place } of section.lines) {
    if (!/^(?:acl|use_backend|http-request)$/.test(words[0] ?? '')) continue
    const patterns = words.find((_, index) => words[index - 1] === '-f')
    const file = patterns ?? /\bmap(?:_\w+)?\(([^,)]+)/.exec(words.join(' '))?.[1]
    if (file) report.notRead(place, `the patterns in ${file}`)
  }
}

function checkFrontendTunnel(section: Section, report: Report): void {
  if (section.type !== 'frontend') return
  for (const { place } of linesOf(section, 'timeout', 'tunnel')) {
    report.found('haproxy-tunnel-in-frontend', { frontend: section.name }, place)
  }
}

/** Comparisons of Upgrade and Connection that some browser's handshake does not pass. */
function checkComparisons(line: Line, section: Section, report: Report): void {
  const [first, name] = line.words
  for (const test of testsIn(line)) {
    const wrong = misfit(test)
    if (!wrong) continue
    // Lines with one name are joined by or: another may fit what this one misses.
    const others = first === 'acl' ? (aclsOf(section).get(name ?? '') ?? []) : []
    if (others.some((other) => isAboutWebSockets(other) && !misfit(other))) continue
    report.found('haproxy-acl-case', wrong, line.place)
  }
}

/** Whether a line is for every browser's handshake: it has no condition, or one that holds. */
function appliesToHandshakes({ words }: Line, section: Section): boolean {
  const condition = conditionOf(words)
  const acls = aclsOf(section)
  return !condition || handshakes.every((request) => holds(condition, acls, request) === true)
}

/** Rules that take Upgrade or Connection away from handshakes. HAProxy writes a missing key itself. */
function checkHeaderRule(line: Line, section: Section, report: Report): void {
  const { words, place } = line
  const [way = '', action = '', name = ''] = words
  const header = name.toLowerCase()
  const end = words.findIndex((word, index) => index > 3 && (word === 'if' || word === 'unless'))
  const value = words.slice(3, end < 0 ? undefined : end).join(' ')
  const dropped =
    action === 'del-header' ||
    (action === 'set-header' && !value.includes('%[') && breaksHandshake(header, value))
  const names =
    way === 'http-request' ? ['upgrade', 'connection'] : ['upgrade', 'connection', 'sec-websocket-accept']
  if (!['http-request', 'http-response'].includes(way) || !dropped || !names.includes(header)) return
  if (appliesToHandshakes(line, section)) {
    report.found('haproxy-header-rule', { rule: words.join(' ') }, place)
  }
}

/** Rules that turn handshakes away, and let pages through. */
function checkDenied(line: Line, section: Section, report: Report): void {
  const { words, place } = line
  const [way, action = ''] = words
  const condition = conditionOf(words)
  const refuses = way === 'http-request' && /^(?:deny|reject|tarpit|redirect|return)$/.test(action)
  if (!refuses || !condition || !appliesToHandshakes(line, section)) return
  const acls = aclsOf(section)
  if (singlesOutHandshakes((request) => holds(condition, acls, request))) {
    report.found('haproxy-denied', { rule: words.join(' ') }, place)
  }
}

function checkServers(backend: Section, report: Report): void {
  const shared = setting(backend, 'default-server')?.words ?? []
  for (const { words, place } of linesOf(backend, 'server')) {
    const [, server = '', address = '', ...own] = words
    const options = [...shared, ...own]
    const value = (name: string) => options[options.lastIndexOf(name) + 1]
    const h2 = options.includes('proto') && value('proto') === 'h2'
    const onlyH2 = options.includes('alpn') && value('alpn') === 'h2'
    if (modeOf(backend) === 'http' && (h2 || onlyH2) && !options.includes('ws')) {
      report.found('haproxy-server-h2', { server }, place)
    }
    const maxconn = options.includes('maxconn') ? Number(value('maxconn')) : 0
    if (maxconn > 0 && maxconn < 100) report.found('haproxy-maxconn', { server, maxconn }, place)
    if (/:443$/.test(address) && modeOf(backend) === 'http' && !options.includes('ssl')) {
      report.found('haproxy-backend-tls', { server }, place)
    }
  }
}

/** A check that asks the path of WebSockets for an ordinary page. */
function checkHealth(backend: Section, report: Report): void {
  const check = setting(backend, 'option', 'httpchk')
  const sends = linesOf(backend, 'http-check', 'send')
  if (!check || linesOf(backend, 'http-check', 'expect').length > 0) return
  const all = [...check.words, ...sends.flatMap(({ words }) => words)]
  if (all.some((word) => /^upgrade\b|\bupgrade:/i.test(word))) return
  const path = all.find((word) => word.startsWith('/') && looksLikeWebSocket(word))
  const checked = linesOf(backend, 'server').some(({ words }) => words.includes('check'))
  if (path && checked) report.found('haproxy-health-check', { path }, (sends[0] ?? check).place)
}

function checkSticky(backend: Section, proxies: readonly Section[], report: Report): void {
  const servers = linesOf(backend, 'server').filter(({ words }) => !words.includes('backup'))
  const balance = setting(backend, 'balance')?.words[1] ?? 'roundrobin'
  const sticky = setting(backend, 'cookie') ?? setting(backend, 'stick') ?? setting(backend, 'stick-table')
  if (servers.length < 2 || sticky || !/^(?:roundrobin|static-rr|leastconn|random|first)/.test(balance))
    return
  const socketIo = proxies.some(
    (section) =>
      section.lines.some(({ words }) => words.some((word) => isSocketIo(word))) &&
      (section === backend || leadsTo(section, backend)),
  )
  if (!socketIo && !isSocketIo(backend.name)) return
  report.found('haproxy-sticky', { backend: backend.name }, (setting(backend, 'balance') ?? backend).place)
}
