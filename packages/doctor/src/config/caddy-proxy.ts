/** What can be wrong with one reverse proxy of Caddy, from a Caddyfile or from JSON. */
import type { Place, Report } from './context.ts'
import {
  breaksHandshake,
  duration,
  idleLevel,
  isSocketIo,
  isSocketIoWithoutSlash,
  lifetimeLevel,
  looksLikeWebSocket,
  requestHeaders,
} from './websocket.ts'

/** A text of the configuration, and where it stands. */
export interface Text {
  text: string
  place: Place
}

/** A change of a header on the way to the server behind; without a value the header is removed. */
export interface HeaderOperation extends Text {
  header: string
  value?: string
}

/** A reverse proxy, however it was written. */
export interface CaddyProxy {
  place: Place
  /** The paths that lead to it, as its matchers and those around it say. */
  paths: readonly string[]
  /** Whether a matcher sends handshakes and no pages here. */
  upgrade: boolean
  /** Whether a matcher keeps every handshake away from here. */
  closed: boolean
  upstreams: readonly Text[]
  headers: readonly HeaderOperation[]
  versions: readonly Text[]
  readTimeout?: Text
  streamTimeout?: Text
  policy?: string
}

/** Checks the reverse proxies of one configuration. */
export function checkCaddyProxies(all: readonly CaddyProxy[], report: Report): void {
  const proxies = all.filter(({ closed }) => !closed)
  for (const proxy of proxies) {
    for (const operation of proxy.headers) checkHeader(operation, report)
    for (const upstream of proxy.upstreams) checkUpstream(upstream, report)
  }
  const meant = proxies.filter(
    ({ paths, upgrade, upstreams }) =>
      upgrade || paths.some(looksLikeWebSocket) || upstreams.some(({ text }) => looksLikeWebSocket(text)),
  )
  // When no proxy says that it is for WebSockets, all are looked at: somebody asks why they fail.
  for (const proxy of meant.length > 0 ? meant : proxies) checkProxy(proxy, report)
  // What speaks HTTP/2 beside others is for gRPC, unless it takes every path.
  const plain = proxies.some((proxy) => !http2Of(proxy))
  for (const proxy of meant.length > 0
    ? meant
    : proxies.filter(({ paths }) => !plain || paths.length === 0)) {
    const version = http2Of(proxy)
    if (version)
      report.found('caddy-h2c', { upstream: proxy.upstreams[0]?.text ?? 'the server' }, version.place)
  }
}

/** What makes a proxy speak HTTP/2, or HTTP/3, to the server behind, and nothing else. */
function http2Of({ versions, upstreams }: CaddyProxy): Text | undefined {
  const h2c = versions.find(({ text }) => text.toLowerCase() === 'h2c')
  const onlyHttp3 = versions.length === 1 && versions[0]?.text === '3' ? versions[0] : undefined
  return h2c ?? onlyHttp3 ?? upstreams.find(({ text }) => /^(?:h2c:\/\/|unix\+h2c\/)/.test(text))
}

function checkProxy(proxy: CaddyProxy, report: Report): void {
  const read = proxy.readTimeout
  const silence = idleLevel(read && duration(read.text, 'ns'))
  if (read && silence) report.found('caddy-read-timeout', { timeout: shown(read) }, read.place, silence)
  const stream = proxy.streamTimeout
  const lifetime = lifetimeLevel(stream && duration(stream.text, 'ns'))
  if (stream && lifetime)
    report.found('caddy-stream-timeout', { timeout: shown(stream) }, stream.place, lifetime)
  const sticky = /hash|cookie|header|query|^first$/.test(proxy.policy ?? 'random')
  if (proxy.upstreams.length > 1 && !sticky && proxy.paths.some(isSocketIo)) {
    report.found('caddy-sticky', {}, proxy.place)
  }
}

/** A bare number, in JSON, is nanoseconds. */
function shown({ text }: Text): string {
  return /^\d+$/.test(text) ? `${Number(text) / 1e9}s` : text
}

/** Checks a change of a request header, of a proxy or of the whole site. */
export function checkHeader({ text, place, header, value }: HeaderOperation, report: Report): void {
  const name = header.toLowerCase()
  if (value === undefined) {
    const prefix = name.replace(/\*$/, '')
    const gone = requestHeaders.some(
      (known) => known === name || (name.endsWith('*') && known.startsWith(prefix)),
    )
    if (gone) report.found('caddy-header-up', { operation: text }, place)
    return
  }
  // {>Name} is of Caddy 1 and means nothing now; other placeholders have values that are not known here.
  const dated = value.startsWith('{>')
  const copied = /^\{(?:http\.request\.)?header\.([\w-]+)\}$/.exec(value)?.[1]
  if (!dated && (copied ? copied.toLowerCase() === name : value.includes('{'))) return
  if (breaksHandshake(name, value)) report.found('caddy-header-up', { operation: text }, place)
}

function checkUpstream({ text, place }: Text, report: Report): void {
  const [, scheme = '', rest = text] = /^(\w[\w+]*):\/\/(.*)$/.exec(text) ?? []
  if (scheme.toLowerCase() === 'wss') {
    report.found('caddy-scheme', { upstream: text, fixed: `https://${rest.split('/', 1)[0]!}` }, place)
  }
  const network = /^(?:unix|tcp|udp|fd)[\w+]*\//.test(rest)
  if (!network && /^[^/{]+\//.test(rest)) {
    report.found(
      'caddy-upstream-path',
      { upstream: text, fixed: text.replace(rest, rest.split('/', 1)[0]!) },
      place,
    )
  }
}

/** Checks a path that leads to a proxy. */
export function checkPathMatcher({ text, place }: Text, report: Report): void {
  if (isSocketIoWithoutSlash(text)) report.found('caddy-exact-path', { path: text }, place)
}
