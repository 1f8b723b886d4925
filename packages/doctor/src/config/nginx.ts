/** Finds what breaks WebSockets in nginx files. */

import { readAmong } from './among.ts'
import type { ConfigFile, ReadFiles, Report } from './context.ts'
import type { Directive } from './directive.ts'
import {
  around,
  conditionHolds,
  effective,
  evaluate,
  httpScopes,
  isBlind,
  locationOf,
  reached,
  type Scope,
  serverOf,
  undefinedVariable,
  type Variables,
  variablesOf,
} from './nginx-scope.ts'
import { parseNginx, splitDump } from './nginx-syntax.ts'
import { handshakes, pageRequest } from './truth.ts'
import {
  answerHeaders,
  duration,
  endLike,
  idleLevel,
  isSocketIo,
  joinedPath,
  looksLikeWebSocket,
  requestHeaders,
  slashMismatch,
} from './websocket.ts'

interface Nginx {
  scopes: readonly Scope[]
  variables: Variables
  upstreams: ReadonlyMap<string, Directive>
  /** Whether every definition must be in what was read. */
  whole: boolean
  report: Report
}

/** Reads one configuration: nginx.conf with its includes, one of its parts, or what `nginx -T` prints. */
export function readNginx(file: ConfigFile, report: Report, read?: ReadFiles): void {
  const dump = splitDump(file)
  const { directives, partial } = parseNginx(dump?.[0] ?? file, report, dump ? readAmong(dump) : read)
  const { scopes, whole } = httpScopes(directives)
  const upstreams = new Map<string, Directive>()
  for (const scope of scopes) {
    for (const directive of scope.own)
      if (directive.name === 'upstream') upstreams.set(directive.args[0] ?? '', directive)
  }
  const nginx: Nginx = {
    scopes,
    variables: variablesOf(directives),
    upstreams,
    whole: whole && !partial,
    report,
  }
  const proxies = scopes.filter((scope) => own(scope, 'proxy_pass'))
  for (const scope of proxies) checkTarget(nginx, scope)
  for (const scope of webSocketScopes(nginx, proxies)) {
    checkIfs(nginx, scope)
    if (!isDiverted(nginx, scope)) checkProxy(nginx, scope)
  }
  for (const scope of scopes) {
    checkOtherPass(nginx, scope)
    checkRequestBuffers(nginx, scope)
  }
  for (const stream of directives.filter(({ name }) => name === 'stream')) checkStream(stream, report)
}

function own(scope: Scope, name: string): Directive | undefined {
  return scope.own.find((directive) => directive.name === name)
}

/** The header that is sent to the server behind: of several with one name the last, as most servers see it. */
function header(scope: Scope, name: string): Directive | undefined {
  return effective(scope, 'proxy_set_header').findLast(({ args }) => args[0]?.toLowerCase() === name)
}

function asksForUpgrade({ args: [name = '', value = ''] }: Directive): boolean {
  return name.toLowerCase() === 'upgrade' || (name.toLowerCase() === 'connection' && /upgrade/i.test(value))
}

/**
 * The proxied blocks that WebSockets are meant to go through. When nothing in the configuration says so, they are
 * those that take most requests of each server: somebody asks why WebSockets fail.
 */
function webSocketScopes(nginx: Nginx, all: readonly Scope[]): readonly Scope[] {
  const proxies = all.filter((scope) =>
    handshakes.some((request) => reached(scope, nginx.variables, request) !== false),
  )
  const meant = proxies.filter((scope) => {
    const target = own(scope, 'proxy_pass')?.args[0] ?? ''
    const name =
      serverOf(scope)
        ?.own.find((directive) => directive.name === 'server_name')
        ?.args.join(' ') ?? ''
    if (looksLikeWebSocket(`${locationOf(scope)} ${target} ${name.replace(/\..*/, '')}`)) return true
    return effective(scope, 'proxy_set_header').some(asksForUpgrade)
  })
  const losing = proxies.filter((scope) => around(scope, 'proxy_set_header').some(asksForUpgrade))
  if (meant.length > 0 || losing.length > 0) return meant.length > 0 ? meant : losing
  const broadest = new Map<Scope | undefined, Scope>()
  for (const scope of proxies) {
    const server = serverOf(scope)
    const known = broadest.get(server)
    if (!known || locationOf(scope).length < locationOf(known).length) broadest.set(server, scope)
  }
  return nginx.scopes.filter((scope) => [...broadest.values()].includes(scope))
}

/** The ifs of a location, and of the server around it, with what they do to some browser's handshake. */
function ifsFor({ scopes, variables }: Nginx, scope: Scope) {
  const places = [scope, serverOf(scope)]
  return scopes.flatMap((inner) => {
    const { directive, parent } = inner
    if (directive?.name !== 'if' || !places.includes(parent)) return []
    const truths = handshakes.map((request) => conditionHolds(directive, variables, request))
    return [{ inner, directive, truths }]
  })
}

/** Does an if inside of this block take every handshake elsewhere? */
function isDiverted(nginx: Nginx, scope: Scope): boolean {
  return ifsFor(nginx, scope).some(({ inner, truths }) => {
    const leaves = inner.own.some(
      ({ name, args }) => /^(?:proxy_pass|return)$/.test(name) || (name === 'rewrite' && args.length > 2),
    )
    return inner.parent === scope && leaves && truths.every((truth) => truth === true)
  })
}

/** An if that looks at Upgrade or Connection and answers a handshake with an error or a redirect. */
function checkIfs(nginx: Nginx, scope: Scope): void {
  for (const { inner, directive, truths } of ifsFor(nginx, scope)) {
    const answer = own(inner, 'return')
    const code = answer?.args[0] ?? ''
    const subject = directive.args.find((word) => word.includes('$')) ?? ''
    const looksAt = (request: (typeof handshakes)[number]) =>
      evaluate(subject.replace(/^\(|\)$/g, ''), nginx.variables, request)
    const aboutHandshakes = handshakes.some((request) => looksAt(request) !== looksAt(pageRequest))
    const jumps = effective(inner, 'error_page').some(({ args }) => args.includes(code))
    if (!answer || !truths.includes(true) || !aboutHandshakes || jumps || !/^[345]\d\d$/.test(code)) continue
    const condition = directive.args.join(' ').replace(/ \)$/, ')')
    nginx.report.found('nginx-if', { condition, action: show(answer) }, directive.place)
  }
}

function checkTarget({ report }: Nginx, scope: Scope): void {
  const pass = own(scope, 'proxy_pass')
  const url = pass?.args[0] ?? ''
  if (!pass) return
  if (/^wss?:/i.test(url)) {
    report.found('nginx-scheme', { url, fixed: url.replace(/^ws/i, 'http') }, pass.place)
  } else if (/^http:\/\/[^/:]+:443(?:\/|$)/.test(url)) {
    const fixed = url.replace(/^http:(.*?):443/, 'https:$1')
    report.found('nginx-backend-tls', { url, fixed }, pass.place)
  }
}

function checkProxy(nginx: Nginx, scope: Scope): void {
  const { report } = nginx
  const pass = own(scope, 'proxy_pass')
  if (!pass) return
  const version = effective(scope, 'proxy_http_version')[0]
  if (version ? version.args[0] !== '1.1' : !isBlind(scope)) {
    const spoken = version?.args[0] ?? '1.0'
    report.found('nginx-http-version', { version: spoken }, (version ?? pass).place)
  }
  checkHeaders(nginx, scope, pass)
  checkDroppedHeaders(nginx, scope)
  const timeout = effective(scope, 'proxy_read_timeout')[0]
  const level = idleLevel(duration(timeout?.args.join(' ') ?? '', 's'))
  if (timeout && level)
    report.found('nginx-read-timeout', { timeout: timeout.args.join(' ') }, timeout.place, level)
  else if (!timeout && !isBlind(scope))
    report.found('nginx-default-timeout', { location: locationOf(scope) }, pass.place)
  checkPath(nginx, scope, pass)
  checkSticky(nginx, scope, pass)
  const buffer = effective(scope, 'proxy_buffer_size')[0]
  if (buffer && size(buffer.args[0]) < 4096) {
    report.found('nginx-header-buffers', { directive: show(buffer) }, buffer.place)
  }
}

function checkHeaders(nginx: Nginx, scope: Scope, pass: Directive): void {
  const { report, variables } = nginx
  const location = locationOf(scope)
  const upgrade = header(scope, 'upgrade')
  const connection = header(scope, 'connection')
  const blind = isBlind(scope)
  if (!blind && !upgrade && !connection && around(scope, 'proxy_set_header').some(asksForUpgrade)) {
    const line = effective(scope, 'proxy_set_header')[0] ?? pass
    report.found('nginx-headers-not-inherited', { location }, line.place)
    return
  }
  const sent = valuesOf(upgrade?.args[1] ?? '', variables).find(
    (value) => value.toLowerCase() !== 'websocket',
  )
  if ((upgrade || !blind) && sent !== undefined) {
    report.found('nginx-upgrade-header', { location, value: sent || 'nothing' }, (upgrade ?? pass).place)
  }
  if (!connection && blind) return
  const value = connection?.args[1] ?? 'close'
  const missing = nginx.whole ? undefinedVariable(value, variables) : undefined
  if (missing) {
    report.found('nginx-map-missing', { variable: missing }, (connection ?? pass).place)
    return
  }
  const tokens = valuesOf(value, variables).find((text) => !/(?:^|[\s,])upgrade(?:$|[\s,])/i.test(text))
  if (tokens === undefined) return
  const map = variables.maps.get(value.replace(/^\$\{?(\w+)\}?$/, '$1').toLowerCase())
  if (map) report.found('nginx-map-value', { variable: value, value: tokens }, map.place)
  else {
    report.found(
      'nginx-connection-header',
      { location, value: tokens || 'nothing' },
      (connection ?? pass).place,
    )
  }
}

/** What a value is for each browser's handshake, where it is known. */
function valuesOf(value: string, variables: Variables): string[] {
  return handshakes.flatMap((request) => evaluate(value, variables, request) ?? [])
}

/** Headers of the handshake that are set to nothing on their way there, or hidden on their way back. */
function checkDroppedHeaders({ report }: Nginx, scope: Scope): void {
  const kept = requestHeaders.filter((name) => name.startsWith('sec-'))
  const emptied = effective(scope, 'proxy_set_header').filter(
    ({ args: [name = '', value] }) => value === '' && kept.includes(name.toLowerCase()),
  )
  // Connection is written by nginx itself.
  const hidden = effective(scope, 'proxy_hide_header').filter(({ args: [name = ''] }) =>
    answerHeaders.some((known) => known !== 'connection' && known === name.toLowerCase()),
  )
  const off = effective(scope, 'proxy_pass_request_headers').filter(({ args }) => args[0] === 'off')
  for (const directive of [...emptied, ...hidden, ...off]) {
    report.found('nginx-handshake-headers', { directive: show(directive) }, directive.place)
  }
}

function checkPath({ report }: Nginx, scope: Scope, pass: Directive): void {
  const args = scope.directive?.name === 'location' ? scope.directive.args : []
  const prefix = args.length === 1 ? args[0] : args[0] === '^~' ? args[1] : undefined
  const target = /^https?:\/\/[^/$]+(\/[^$]*)?$/.exec(pass.args[0] ?? '')?.[1]
  if (!prefix || target === undefined || !slashMismatch(prefix, target)) return
  // Without any path proxy_pass would replace nothing, so with / alone it is the location that gets a slash.
  const url = (pass.args[0] ?? '').slice(0, -target.length)
  const fixed =
    target === '/'
      ? `location ${[...args.slice(0, -1), `${prefix}/`].join(' ')} {`
      : `proxy_pass ${url}${endLike(prefix, target)};`
  const paths = { ...joinedPath(prefix, target), fixed }
  report.found('nginx-path-slash', { location: prefix, target, ...paths }, pass.place)
}

function checkSticky({ report, upstreams }: Nginx, scope: Scope, pass: Directive): void {
  const name = /^https?:\/\/([^/:]+)/.exec(pass.args[0] ?? '')?.[1] ?? ''
  const upstream = upstreams.get(name)
  if (!upstream?.block || !isSocketIo(locationOf(scope))) return
  const servers = upstream.block.filter((entry) => entry.name === 'server' && !entry.args.includes('backup'))
  const sticky = upstream.block.some((entry) => ['ip_hash', 'hash', 'sticky'].includes(entry.name))
  if (servers.length > 1 && !sticky) report.found('nginx-sticky', { upstream: name }, upstream.place)
}

function checkOtherPass({ report }: Nginx, scope: Scope): void {
  const other = scope.own.find(({ name }) => /^(?:fastcgi|uwsgi|scgi|grpc)_pass$/.test(name))
  if (!other || scope.directive?.name !== 'location') return
  const location = locationOf(scope)
  if (!looksLikeWebSocket(location) && !effective(scope, 'proxy_set_header').some(asksForUpgrade)) return
  report.found('nginx-wrong-pass', { directive: other.name, location }, other.place)
}

function checkRequestBuffers({ report }: Nginx, scope: Scope): void {
  const buffers = own(scope, 'large_client_header_buffers')
  if (buffers && size(buffers.args[1]) < 4096) {
    report.found('nginx-header-buffers', { directive: show(buffers) }, buffers.place)
  }
}

function checkStream(stream: Directive, report: Report): void {
  const list = [...(stream.block ?? []), ...(stream.block ?? []).flatMap(({ block }) => block ?? [])]
  for (const { name, args, place } of list) {
    const level = name === 'proxy_timeout' ? idleLevel(duration(args.join(' '), 's')) : undefined
    if (level) report.found('nginx-stream-timeout', { timeout: args.join(' ') }, place, level)
  }
}

/** Bytes of `8k`; infinite when it cannot be read. */
function size(text = ''): number {
  const [, amount, unit] = /^(\d+)([kKmM]?)$/.exec(text) ?? []
  return amount ? Number(amount) * (unit === '' ? 1 : 1024) : Number.POSITIVE_INFINITY
}

function show({ name, args }: Directive): string {
  return [name, ...args.map((arg) => arg || '""')].join(' ')
}
