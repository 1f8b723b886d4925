/** An nginx configuration as the beginning of one for Holdfast, and what of it was left out. */
import { readAmong } from './among.ts'
import { type ConfigFile, type ConfigProblem, type ReadFiles, Report } from './context.ts'
import { type LeaveOut, upstreamsOf } from './convert-nginx-upstreams.ts'
import type { Directive } from './directive.ts'
import { effective, httpScopes, type Scope, serverOf } from './nginx-scope.ts'
import { parseNginx, splitDump } from './nginx-syntax.ts'

/** A configuration for Holdfast, as far as one can be read out of nginx's: plain data, not checked. */
export interface ConvertedConfig {
  /** What `listen` holds: addresses, or sections with `tls` and `proxyProtocol`. */
  listen: (string | Record<string, unknown>)[]
  /** What `set_real_ip_from` named; absent without it. */
  trustedProxies?: string[]
  /** One for each location that passes requests on, in the order in which they are to match. */
  routes: Record<string, unknown>[]
}

/** What became of a configuration of nginx. */
export interface Conversion {
  /** The beginning of a configuration; it still has to be validated. */
  config: ConvertedConfig
  /** What has no like here or was not understood, each in a line, in the order of the files. */
  leftOut: ConfigProblem[]
}

/** What needs nothing here: Holdfast does it by itself, or it says how nginx runs. */
const needless = new Set([
  ...['http', 'events', 'stream', 'load_module', 'user', 'pid', 'worker_processes', 'if'],
  ...['listen', 'server_name', 'location', 'server', 'upstream', 'map', 'proxy_pass', 'proxy_set_header'],
  ...[
    'proxy_http_version',
    'proxy_read_timeout',
    'proxy_send_timeout',
    'proxy_connect_timeout',
    'proxy_buffering',
  ],
  ...[
    'proxy_request_buffering',
    'proxy_redirect',
    'proxy_cache_bypass',
    'proxy_buffers',
    'proxy_buffer_size',
  ],
  ...['ssl_certificate', 'ssl_certificate_key', 'set_real_ip_from', 'real_ip_header', 'real_ip_recursive'],
  ...[
    'keepalive_timeout',
    'keepalive_requests',
    'sendfile',
    'tcp_nopush',
    'tcp_nodelay',
    'types_hash_max_size',
  ],
  ...['default_type', 'types', 'include', 'server_tokens', 'client_max_body_size', 'http2', 'log_format'],
  ...[
    'server_names_hash_bucket_size',
    'proxy_ssl_server_name',
    'proxy_ssl_name',
    'proxy_ssl_trusted_certificate',
  ],
  ...[
    'proxy_ssl_verify',
    'proxy_ssl_certificate',
    'proxy_ssl_certificate_key',
    'proxy_ssl_verify_depth',
    'error_log',
  ],
])

/** Parameters of other protocols, which come by the dozen from files that are included. */
const otherProtocol = /^(?:uwsgi|fastcgi|scgi)_/

/** Reads one configuration: nginx.conf, one of its parts, or what `nginx -T` prints. Never throws. */
export function convertNginx(input: ConfigFile, { read }: { read?: ReadFiles } = {}): Conversion {
  const file = { path: input.path, text: input.text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n') }
  const report = new Report()
  const dump = splitDump(file)
  const { directives } = parseNginx(dump?.[0] ?? file, report, dump ? readAmong(dump) : read)
  const leftOut: ConfigProblem[] = [...report.problems]
  const seen = new Set<string>()
  const leave: LeaveOut = ({ file: path, line }, words) => {
    if (seen.has(`${path}:${line} ${words}`)) return
    seen.add(`${path}:${line} ${words}`)
    leftOut.push({ file: path, line, message: words })
  }
  const { scopes } = httpScopes(directives)
  for (const scope of scopes) leaveUnknown(scope, leave)
  for (const stream of directives.filter(({ name }) => name === 'stream'))
    leave(stream.place, 'stream: TCP without HTTP is not carried')
  const proxies = scopes.filter((scope) => scope.own.some(({ name }) => name === 'proxy_pass'))
  const servers = scopes.filter((scope) => scope.directive?.name === 'server')
  const proxying = servers.filter((server) => proxies.some((scope) => serverOf(scope) === server))
  const used = openToAll(proxying, leave)
  const upstreams = new Map(
    scopes
      .flatMap(({ own }) => own.filter(({ name }) => name === 'upstream'))
      .map((one) => [one.args[0] ?? '', one]),
  )
  const config: ConvertedConfig = {
    listen: listenersOf(used, leave),
    routes: named(used.flatMap((server) => routesOf(server, proxies, upstreams, leave)).sort(asNginxPicks)),
  }
  const trusted = scopes.flatMap(({ own }) => own).filter(({ name }) => name === 'set_real_ip_from')
  if (trusted.length > 0) config.trustedProxies = [...new Set(trusted.map(({ args }) => args[0] ?? ''))]
  return { config, leftOut }
}

function leaveUnknown({ own, directive }: Scope, leave: LeaveOut): void {
  if (directive?.name === 'if') return leave(directive.place, `if ${directive.args.join(' ')} was left out`)
  if (directive?.name === 'location' && !own.some(({ name }) => name === 'proxy_pass')) {
    const words = 'its requests go to the route that has the beginning of their path, if there is one'
    return leave(directive.place, `location ${directive.args.join(' ')} has no proxy_pass: ${words}`)
  }
  for (const { name, place } of own) {
    if (!needless.has(name) && !otherProtocol.test(name)) leave(place, `${name} was left out`)
  }
}

/** Here every route is on every listener: what is for this machine alone must not come out into the open. */
function openToAll(servers: readonly Scope[], leave: LeaveOut): Scope[] {
  const isLocal = (server: Scope) => {
    const addresses = server.own
      .filter(({ name }) => name === 'listen')
      .map(({ args }) => addressOf(args[0] ?? ''))
    return (
      addresses.length > 0 &&
      addresses.every((address) => /^(?:127\.|localhost:|\[::1\]|unix:)/.test(address))
    )
  }
  if (servers.every(isLocal)) return [...servers]
  return servers.filter((server) => {
    if (isLocal(server))
      leave(
        server.directive!.place,
        'this server was left out: it is for this machine only, and here every route is on every listener',
      )
    return !isLocal(server)
  })
}

function listenersOf(servers: readonly Scope[], leave: LeaveOut): ConvertedConfig['listen'] {
  const found = new Map<string, string | Record<string, unknown>>()
  for (const server of servers) {
    const own = server.own.filter(({ name }) => name === 'listen')
    for (const { args, place } of own.length > 0 ? own : [{ args: ['80'], place: server.directive!.place }]) {
      const address = addressOf(args[0] ?? '')
      const proxyProtocol = args.includes('proxy_protocol') && { proxyProtocol: true }
      if (!args.includes('ssl')) {
        if (!found.has(address)) found.set(address, proxyProtocol ? { address, ...proxyProtocol } : address)
        continue
      }
      const [cert] = effective(server, 'ssl_certificate')
      const [key] = effective(server, 'ssl_certificate_key')
      if (found.has(address))
        leave(place, `${address} has a certificate already; ${cert?.args[0] ?? 'this one'} was left out`)
      else if (cert?.args[0] && key?.args[0])
        found.set(address, { address, tls: { cert: cert.args[0], key: key.args[0] }, ...proxyProtocol })
      else leave(place, `${address} has no certificate`)
    }
  }
  // [::] takes IPv4 as well.
  for (const address of [...found.keys()]) {
    if (found.has(address.replace(/^0\.0\.0\.0:/, '[::]:')) && address.startsWith('0.0.0.0:'))
      found.delete(address)
  }
  return [...found.values()]
}

/** '80', '*:80', '10.0.0.1', '[::]:80' or 'unix:/path' as HOST:PORT. */
function addressOf(text: string): string {
  if (text.startsWith('unix:')) return text
  if (/^\d+$/.test(text)) return `0.0.0.0:${text}`
  const address = text.replace(/^\*/, '0.0.0.0')
  return /:\d+$/.test(address) ? address : `${address}:80`
}

interface Route {
  /** The name that it is for; undefined for all. */
  host?: string
  /** The path of its location, and whether it is that alone. */
  path: string
  exact: boolean
  keys: Record<string, unknown>
}

function routesOf(
  server: Scope,
  proxies: readonly Scope[],
  upstreams: ReadonlyMap<string, Directive>,
  leave: LeaveOut,
): Route[] {
  const hosts = hostsOf(server, leave)
  return proxies
    .filter((scope) => serverOf(scope) === server)
    .flatMap((scope) => {
      const place = scope.directive!.place
      const location = placeOf(scope, leave)
      if (!location) return []
      const [guard] = [...guards].flatMap((name) => effective(scope, name))
      if (guard && guard.args[0] !== 'off') {
        leave(
          place,
          `${location.path} was left out: ${guard.name} decides who may come in; see auth, origins and limits`,
        )
        return []
      }
      const keys = upstreamsOf(scope, location, upstreams, leave)
      if (!keys) return []
      if (hosts.length === 0)
        leave(place, 'no name of this server can be a host here; its routes are for every host')
      return (hosts.length > 0 ? hosts : [undefined]).map((host) => ({
        ...(host && { host }),
        ...location,
        keys,
      }))
    })
}

/** A route without what these say would let in everybody. */
const guards = new Set([
  'auth_request',
  'auth_basic',
  'auth_jwt',
  'deny',
  'internal',
  'secure_link',
  'ssl_verify_client',
])

/** Names of a server; `[undefined]` where it takes every name. */
function hostsOf(server: Scope, leave: LeaveOut): (string | undefined)[] {
  const names = server.own.filter(({ name }) => name === 'server_name').flatMap(({ args }) => args)
  if (names.length === 0 || names.includes('_') || names.includes('')) return [undefined]
  return names.flatMap((name) => {
    if (/^(?:\*\.)?[\w-]+(?:\.[\w-]+)*$/.test(name)) return [name.toLowerCase()]
    if (/^\.[\w-]+(?:\.[\w-]+)*$/.test(name)) return [name.slice(1).toLowerCase(), `*${name.toLowerCase()}`]
    leave(server.directive!.place, `server_name ${name} was left out: no expressions here`)
    return []
  })
}

/** Where a proxy_pass stands: the path of its location; undefined where that has no like. */
function placeOf(
  { directive, parent }: Scope,
  leave: LeaveOut,
): { path: string; exact: boolean } | undefined {
  if (directive?.name === 'server') return { path: '/', exact: false }
  const words = directive?.args ?? []
  const path = words.at(-1) ?? '/'
  if (directive?.name !== 'location' || parent?.directive?.name === 'if') {
    leave(directive!.place, `proxy_pass inside ${directive!.name} was left out`)
    return undefined
  }
  if (/^~/.test(words[0] ?? '') || !path.startsWith('/') || /[*%\\]/.test(path)) {
    leave(
      directive.place,
      `location ${words.join(' ')} was left out: write its beginning as match: { path: /…* }`,
    )
    return undefined
  }
  return { path, exact: words[0] === '=' }
}

/** nginx takes the name first, and then the exact path or the longest beginning, whatever stands first in the file. */
function asNginxPicks(a: Route, b: Route): number {
  const rank = ({ host }: Route) => (host === undefined ? 2 : host.startsWith('*') ? 1 : 0)
  const length = ({ host = '' }: Route) => (host.startsWith('*') ? host.length : 0)
  return (
    rank(a) - rank(b) ||
    length(b) - length(a) ||
    Number(b.exact) - Number(a.exact) ||
    b.path.length - a.path.length
  )
}

function named(routes: readonly Route[]): Record<string, unknown>[] {
  const names = new Map<string, number>()
  return routes.map(({ host, path, exact, keys }) => {
    const words = (`${host ?? ''}${path}`.match(/[A-Za-z0-9][A-Za-z0-9.]*/g) ?? []).join('-').slice(0, 56)
    const count = (names.get(words) ?? 0) + 1
    names.set(words, count)
    const pattern = exact ? path : `${path}*`
    const match = { ...(host && { host }), ...(pattern !== '/*' && { path: pattern }) }
    const name = (words || 'default') + (count > 1 ? `-${count}` : '')
    return { name, ...(Object.keys(match).length > 0 && { match }), ...keys }
  })
}
