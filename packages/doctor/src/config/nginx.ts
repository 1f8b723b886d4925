/** Finds what breaks WebSockets in nginx files. */

import { readAmong } from './among.ts'
import type { ConfigFile, ReadFiles, Report } from './context.ts'
import type { Directive } from './directive.ts'
import { checkDroppedHeaders, checkHeaders } from './nginx-headers.ts'
import {
  asksForUpgrade,
  ifsFor,
  isDiverted,
  type Nginx,
  own,
  show,
  webSocketScopes,
} from './nginx-proxies.ts'
import {
  effective,
  evaluate,
  httpScopes,
  isBlind,
  locationOf,
  type Scope,
  variablesOf,
} from './nginx-scope.ts'
import { parseNginx, splitDump } from './nginx-syntax.ts'
import { handshakes, pageRequest } from './truth.ts'
import {
  duration,
  endLike,
  idleLevel,
  isSocketIo,
  joinedPath,
  looksLikeWebSocket,
  slashMismatch,
} from './websocket.ts'

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
