/** Finds what breaks WebSockets in HAProxy files. */
import type { ConfigFile, Report } from './context.ts'
import { type Line, parseHaproxy, type Section } from './haproxy-syntax.ts'
import { breaksHandshake, duration, idleLevel, isSocketIo, looksLikeWebSocket } from './websocket.ts'

/** Reads the files of one configuration. */
export function readHaproxy(files: readonly ConfigFile[], report: Report): void {
  const sections = parseHaproxy(files, report)
  const proxies = sections.filter(({ type }) => ['frontend', 'backend', 'listen'].includes(type))
  for (const section of proxies) {
    for (const line of section.lines) {
      checkComparisons(line, report)
      checkHeaderRule(line, report)
    }
    checkFrontendTunnel(section, report)
  }
  for (const backend of webSocketBackends(proxies)) {
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
    .filter(({ words: [, name = '', ...test] }) => {
      const path = /^path|^url|^base/.test(test[0] ?? '')
      const host = /hdr.*\(host\)/i.test(test[0] ?? '')
      const upgrade = /hdr.*\((?:upgrade|sec-websocket)/i.test(test.join(' '))
      const patterns = test.slice(1).filter((word) => (path || host ? looksLikeWebSocket(word) : false))
      return upgrade || looksLikeWebSocket(name) || patterns.length > 0
    })
    .map(({ words }) => words[1] ?? '')
}

/** The lines by which WebSockets are sent to a backend of their own, with the backend's name. */
function webSocketRoutes(section: Section): { backend: string; line: Line }[] {
  const acls = webSocketAcls(section)
  return linesOf(section, 'use_backend').flatMap((line) => {
    const [, backend = '', ...condition] = line.words
    const meant = condition.some(
      (word) =>
        acls.includes(word) ||
        /hdr.*\(upgrade\)/i.test(word) ||
        (word.startsWith('/') && looksLikeWebSocket(word)),
    )
    return meant ? [{ backend, line }] : []
  })
}

/**
 * The backends that WebSockets are meant to go to. When nothing in the configuration says so, those that take most
 * requests: somebody asks why WebSockets fail.
 */
function webSocketBackends(proxies: readonly Section[]): Section[] {
  const backends = proxies.filter(
    (section) => linesOf(section, 'server').length > 0 || linesOf(section, 'server-template').length > 0,
  )
  const named = new Set(proxies.flatMap(webSocketRoutes).map(({ backend }) => backend))
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

function checkFrontendTunnel(section: Section, report: Report): void {
  if (section.type !== 'frontend') return
  for (const { place } of linesOf(section, 'timeout', 'tunnel')) {
    report.found('haproxy-tunnel-in-frontend', { frontend: section.name }, place)
  }
}

/** Comparisons of Upgrade and Connection that no browser's handshake passes because of a capital letter. */
function checkComparisons({ words, place }: Line, report: Report): void {
  words.forEach((word, index) => {
    const header = /^\{?(?:req\.)?(?:f?hdr|hdr_\w+)\((upgrade|connection)\)$/i.exec(word)?.[1]
    if (!header) return
    const patterns = comparison(words, index + 1)
    // hdr() looks at each part between commas, so what Firefox adds does no harm.
    const value = header.toLowerCase() === 'upgrade' ? 'websocket' : 'Upgrade'
    const near = patterns.filter((pattern) => value.toLowerCase().includes(pattern.toLowerCase()))
    if (near.length > 0 && !patterns.some((pattern) => value.includes(pattern))) {
      report.found('haproxy-acl-case', { header, pattern: near[0] ?? '' }, place)
    }
  })
}

/** The patterns behind a header, where they are compared as text and capital letters count. */
function comparison(words: readonly string[], from: number): string[] {
  let method = 'str'
  for (let index = from; index < words.length; index++) {
    const word = words[index] ?? ''
    if (word === '-i' || word === '-f' || word === '-M') return []
    if (word === '-m') method = words[++index] ?? ''
    else if (!word.startsWith('-')) {
      const patterns = words.slice(index, index + 50)
      const end = patterns.indexOf('}')
      const textual = ['str', 'beg', 'end', 'sub', 'dom', 'dir'].includes(method)
      return textual ? patterns.slice(0, end < 0 ? undefined : end) : []
    }
  }
  return []
}

/** Rules that take Upgrade or Connection away, on every request. HAProxy writes a missing key itself. */
function checkHeaderRule({ words, place }: Line, report: Report): void {
  const [way = '', action = '', name = '', ...rest] = words
  if (rest.includes('if') || rest.includes('unless')) return
  const header = name.toLowerCase()
  const value = rest.join(' ')
  const dropped =
    action === 'del-header' ||
    (action === 'set-header' && !value.includes('%[') && breaksHandshake(header, value))
  const names =
    way === 'http-request' ? ['upgrade', 'connection'] : ['upgrade', 'connection', 'sec-websocket-accept']
  if (!['http-request', 'http-response'].includes(way) || !dropped || !names.includes(header)) return
  report.found('haproxy-header-rule', { rule: words.join(' ') }, place)
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
