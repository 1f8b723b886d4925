/** Where a proxy_pass of nginx leads and what it changes, as keys of a route. */
import type { Place } from './context.ts'
import type { Directive } from './directive.ts'
import { effective, type Scope } from './nginx-scope.ts'

type Keys = Record<string, unknown>

/** Where the parts of the conversion say what they leave out. */
export type LeaveOut = (place: Place, words: string) => void

/** What nginx has to be told for a WebSocket, and Holdfast not; and the fields that it writes by itself. */
const byItself =
  /^(?:upgrade|connection|x-forwarded-(?:for|proto|host|port|scheme)|forwarded|x-real-ip|x-scheme)$/i

/** The keys of a route; undefined where it cannot be known where it leads. */
export function upstreamsOf(
  scope: Scope,
  { path, exact }: { path: string; exact: boolean },
  groups: ReadonlyMap<string, Directive>,
  leave: LeaveOut,
): Keys | undefined {
  const pass = scope.own.find(({ name }) => name === 'proxy_pass')!
  const { scheme, authority, uri } = targetOf(pass.args[0] ?? '')
  const isVariable = pass.args[0]?.includes('$')
  if (!scheme || isVariable) {
    const why = isVariable ? 'where it leads is known at run time only' : 'it is no http:// or https://'
    leave(pass.place, `proxy_pass ${pass.args[0] ?? ''} was left out: ${why}`)
    return undefined
  }
  const secure = scheme === 'https'
  const group = groups.get(authority)
  const tls = secure ? tlsOf(scope, leave) : undefined
  const servers = group ? serversOf(group, leave) : [{ at: authority }]
  if (servers.length === 0) {
    leave(pass.place, `proxy_pass ${pass.args[0]} was left out: ${authority} has no server`)
    return undefined
  }
  const upstreams = servers.map(({ at, weight }) => {
    const url = at.startsWith('unix:') ? at : `${secure ? 'wss' : 'ws'}://${at}`
    if (secure && at.startsWith('unix:')) leave(pass.place, `TLS over ${at} is not spoken`)
    const mapping = { ...(weight && { weight }), ...(tls && { tls }) }
    return Object.keys(mapping).length > 0 ? { url, ...mapping } : url
  })
  return {
    ...pathOf(path, exact, uri, pass, leave),
    upstreams,
    ...balanceOf(group, leave),
    ...hostOf(scope),
    ...headersOf(scope, leave),
    ...connectOf(scope, leave),
  }
}

function serversOf({ block = [] }: Directive, leave: LeaveOut): { at: string; weight?: number }[] {
  return block
    .filter(({ name }) => name === 'server')
    .flatMap(({ args: [at = '', ...more], place }) => {
      const out = more.find((word) => word === 'down' || word === 'backup')
      if (out) {
        leave(place, `server ${at} was left out: ${out} has no like`)
        return []
      }
      const weight = Number(
        /^weight=(\d+)$/.exec(more.find((word) => word.startsWith('weight=')) ?? '')?.[1] ?? 1,
      )
      return [{ at, ...(weight > 1 && { weight: Math.min(weight, 1000) }) }]
    })
}

function balanceOf(group: Directive | undefined, leave: LeaveOut): Keys {
  const block = group?.block ?? []
  if (block.filter(({ name }) => name === 'server').length < 2) return {}
  if (block.some(({ name }) => name === 'ip_hash')) return { balance: 'hash(address)' }
  if (block.some(({ name }) => name === 'least_conn')) return {}
  if (block.some(({ name }) => name === 'random')) return { balance: 'random-two' }
  const hash = block.find(({ name }) => name === 'hash')
  if (!hash) return { balance: 'round-robin' }
  const [, kind, name] =
    /^\$(remote_addr|binary_remote_addr|cookie_|http_|arg_)([\w]*)$/.exec(hash.args[0] ?? '') ?? []
  if (kind?.endsWith('remote_addr') && !name) return { balance: 'hash(address)' }
  const by = { cookie_: 'cookie', http_: 'header', arg_: 'query' }[kind ?? '']
  if (by && name) return { balance: `hash(${by}:${by === 'header' ? name.replaceAll('_', '-') : name})` }
  leave(
    hash.place,
    `hash ${hash.args.join(' ')} was left out: hash(cookie:), (header:), (query:) and (address) are there`,
  )
  return {}
}

/** With a path in proxy_pass nginx puts that in the place of what the location has matched. */
function pathOf(
  path: string,
  exact: boolean,
  uri: string | undefined,
  pass: Directive,
  leave: LeaveOut,
): Keys {
  if (uri === undefined || uri === path) return {}
  if (exact) return { rewrite: { from: path, to: uri } }
  if (path.endsWith('/') && uri.endsWith('/')) {
    if (uri === '/') return { strip: path.slice(0, -1) }
    return { rewrite: { from: `${path}*`, to: `${uri}*` } }
  }
  leave(
    pass.place,
    `the path of proxy_pass ${pass.args[0]} was left out: ${path} and ${uri} do not both end in /`,
  )
  return {}
}

/** Without a Host of its own nginx sends the one in proxy_pass. */
function hostOf(scope: Scope): Keys {
  const [, value] =
    effective(scope, 'proxy_set_header').find(({ args }) => /^host$/i.test(args[0] ?? ''))?.args ?? []
  if (value === undefined || value === '$proxy_host') return { host: 'upstream' }
  return value.includes('$') ? {} : { host: value }
}

function headersOf(scope: Scope, leave: LeaveOut): Keys {
  const set: Record<string, string> = {}
  const remove: string[] = []
  for (const {
    args: [name = '', value = ''],
    place,
  } of effective(scope, 'proxy_set_header')) {
    if (byItself.test(name) || /^host$/i.test(name)) continue
    if (value === '') remove.push(name)
    else if (value === '$remote_addr') set[name] = '{client.address}'
    else if (value.includes('$')) leave(place, `${name} was left out: ${value} is a variable of nginx`)
    else set[name] = value
  }
  const headers = { ...(Object.keys(set).length > 0 && { set }), ...(remove.length > 0 && { remove }) }
  return Object.keys(headers).length > 0 ? { headers } : {}
}

function connectOf(scope: Scope, leave: LeaveOut): Keys {
  const [connect] = effective(scope, 'proxy_connect_timeout')
  if (!connect) return {}
  const [, count, unit = 's'] = /^(\d+)(ms|s|m)?$/.exec(connect.args[0] ?? '') ?? []
  if (count && Number(count) > 0) return { timeouts: { connect: `${Number(count)}${unit}` } }
  leave(connect.place, `proxy_connect_timeout ${connect.args[0]} was left out`)
  return {}
}

function tlsOf(scope: Scope, leave: LeaveOut): Keys | undefined {
  const [verify] = effective(scope, 'proxy_ssl_verify')
  const pass = scope.own.find(({ name }) => name === 'proxy_pass')!
  if (verify?.args[0] !== 'on')
    leave(
      pass.place,
      'nginx does not check the certificate of this server, Holdfast does: tls: { ca } or { verify: false }',
    )
  const keys = {
    ca: 'proxy_ssl_trusted_certificate',
    serverName: 'proxy_ssl_name',
    cert: 'proxy_ssl_certificate',
    key: 'proxy_ssl_certificate_key',
  }
  const tls = Object.entries(keys).flatMap(([key, name]) => {
    const value = effective(scope, name)[0]?.args[0]
    return value && !value.includes('$') ? [[key, value]] : []
  })
  return tls.length > 0 ? Object.fromEntries(tls) : undefined
}

/** The parts of `http://name/uri` and `http://unix:/path:/uri`. */
function targetOf(text: string): { scheme?: 'http' | 'https'; authority: string; uri?: string } {
  const scheme = (['http', 'https'] as const).find((one) => text.toLowerCase().startsWith(`${one}://`))
  if (!scheme) return { authority: '' }
  const rest = text.slice(scheme.length + 3)
  const isSocket = rest.startsWith('unix:')
  const end = isSocket ? rest.indexOf(':', 'unix:'.length) : rest.indexOf('/')
  if (end < 0) return { scheme, authority: rest }
  const uri = rest.slice(isSocket ? end + 1 : end)
  return { scheme, authority: rest.slice(0, end), ...(uri && { uri }) }
}
