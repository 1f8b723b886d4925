import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import { type HostPort, type UpstreamOptions, unixPath, unixPeer } from '../core/index.ts'
import { nearest, proposal, show, Wrong } from './errors.ts'
import { pathOfPattern } from './migration-hints.ts'
import { namesSocket, readUnixAddress, readUnixUpstream, unixPattern } from './unix-socket.ts'

/** What an address to listen on looks like, for editors. */
export const addressPattern = '^(\\[[0-9A-Fa-f:.]+\\]|[^\\[\\]:/\\s]+):[0-9]{1,5}$'

/** The same with a socket of the file system. */
export const listenPattern = `${addressPattern}|^${unixPattern}$`

/** Reads an address to listen on: `127.0.0.1:8080`, or `unix:/run/holdfast.sock`. */
export function readListenAddress(text: string): HostPort | Wrong {
  return /^unix:/i.test(text) ? readUnixAddress(text) : readAddress(text)
}

/** Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost:0`. */
export function readAddress(text: string): HostPort | Wrong {
  const wrong = `must be HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, not ${show(text)}`
  if (/^[a-z]+:\/\//i.test(text)) return new Wrong(wrong, 'leave the scheme out; a tls key makes it wss')
  const [, bare] = /^(?:\*?:)?(\d{1,5})$/.exec(text) ?? []
  if (bare) {
    const fix = proposal(readAddress, `127.0.0.1:${bare}`)
    return new Wrong(wrong, fix && `${fix}, or 0.0.0.0:${bare} for every interface`)
  }
  const [, six, name, port] = /^(?:\[([^\]]*)\]|([^[\]:/\s]+)):(\d{1,5})$/.exec(text) ?? []
  if (port === undefined) return new Wrong(wrong, addressFix(text))
  if (Number(port) > 65535) return new Wrong(`has a port above 65535: ${show(text)}`)
  const host =
    six === undefined ? hostname(name ?? '') : isIPv6(six) && !six.includes('%') && six.toLowerCase()
  return host ? { host, port: Number(port) } : new Wrong(wrong)
}

function addressFix(text: string): string | undefined {
  const [, six, port] = /^(.*):(\d{2,5})$/.exec(text) ?? []
  if (six && isIPv6(six)) return proposal(readAddress, `[${six}]:${port}`)
  return isIP(text) ? proposal(readAddress, `${isIPv6(text) ? `[${text}]` : text}:8080`) : undefined
}

/** An IPv4 address, or a DNS name in lower case and ASCII. */
function hostname(text: string): string | undefined {
  if (isIPv4(text)) return text
  // Dotted numbers that are no address must not be looked up as a name.
  if (/^[\d.]*$/.test(text)) return undefined
  const ascii = domainToASCII(text)
  const label = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/
  const fits = ascii !== '' && ascii.length <= 253 && ascii.split('.').every((part) => label.test(part))
  return fits ? ascii : undefined
}

/** Whether an address or name is this machine's own, so that nobody else reaches what listens there. */
export function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return host.toLowerCase() === 'localhost'
  return host === '::1' || /^(::ffff:)?127\./i.test(host)
}

/** Whether two addresses cannot be bound both. Parts may be missing, since a list with a fault comes here too. */
export function collide(a: Partial<HostPort>, b: Partial<HostPort>): boolean {
  if (!a?.host || !b?.host) return false
  if (unixPath(a.host) !== undefined) return a.host === b.host
  if (!a.port || a.port !== b.port) return false
  // Node opens :: for IPv4 as well.
  if (a.host === b.host || a.host === '::' || b.host === '::') return true
  return (a.host === '0.0.0.0' || b.host === '0.0.0.0') && !`${a.host}${b.host}`.includes(':')
}

const schemes = ['ws', 'wss', 'http', 'https']

/** What an upstream's URL looks like, for editors. */
export const upstreamPattern =
  '^((ws|wss|http|https)://[^\\s?#@]+|((ws|wss|http|https)\\+)?unix:(//)?(/|%2[Ff])[^\\s?#]+)$'

/**
 * Reads an upstream's URL. `http` and `https` are dialled as `ws` and `wss` and named so; a default port and a
 * slash at the end are left out of the name, so that one upstream has one name however it was written.
 */
export function readUpstream(text: string): Omit<UpstreamOptions, 'weight'> | Wrong {
  if (namesSocket(text)) return readUnixUpstream(text)
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? []
  if (scheme === undefined || !schemes.includes(scheme.toLowerCase())) return noScheme(text, scheme, rest)
  const authority = /^[^/?#]*/.exec(rest ?? '')?.[0] ?? ''
  const six = bracketed(authority)
  if (six) {
    const fix = proposal(readUpstream, `${scheme}://${six}${rest?.slice(authority.length)}`)
    return new Wrong('needs brackets around its IPv6 address', fix)
  }
  // A URL may hold a password, so from here on the text is not shown.
  if (/[\s\\\p{Cc}]/u.test(text) || !URL.canParse(text)) return new Wrong('is not a valid URL')
  const url = new URL(text)
  // URLs allow more in a host than a name to look up has, such as braces and dollars.
  if (!/^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)$/.test(url.hostname)) return new Wrong('is not a valid URL')
  if (url.username || url.password || text.includes('@')) {
    return new Wrong('must not hold a user name or password', 'Holdfast hands on what the client sends')
  }
  if (text.includes('?')) return new Wrong('must not hold a query', 'the request brings its own')
  if (text.includes('#')) return new Wrong('must not hold a fragment', 'leave out the # and what follows')
  if (url.port === '0') return new Wrong('must not have port 0', 'write the port that the server listens on')
  const tls = url.protocol === 'wss:' || url.protocol === 'https:'
  let path = url.pathname
  while (path.endsWith('/')) path = path.slice(0, -1)
  return {
    name: `${tls ? 'wss' : 'ws'}://${url.host}${path}`,
    tls,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (tls ? 443 : 80) : Number(url.port),
    path,
  }
}

/** An IPv6 address without brackets, with them; what can be a port behind it is one. */
function bracketed(authority: string): string | undefined {
  const [, address = '', port] = /^(.*):(\d{2,5})$/.exec(authority) ?? []
  if (isIPv6(address)) return `[${address}]:${port}`
  return isIPv6(authority) ? `[${authority}]` : undefined
}

function noScheme(text: string, scheme: string | undefined, rest: string | undefined): Wrong {
  const wrong = 'must be a URL that begins with ws://, wss://, http:// or https://'
  if (text.includes('@')) return new Wrong(wrong)
  const not = `${wrong}, not ${show(text)}`
  const [, bare] = /^:?(\d{1,5})$/.exec(text) ?? []
  if (bare) return new Wrong(not, proposal(readUpstream, `ws://localhost:${bare}`))
  const near = scheme && nearest(scheme, schemes)
  const meant = `${near}://${rest}`
  if (near && !(readUpstream(meant) instanceof Wrong)) return new Wrong(not, `did you mean '${meant}'?`)
  // A host and no other scheme: 'mailto:x' is one of those.
  const looksRight = scheme === undefined && /^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?(\/\S*)?$/i.test(text)
  return new Wrong(not, looksRight ? proposal(readUpstream, `ws://${text}`) : undefined)
}

/** What an origin looks like, for editors. */
export const originPattern = '^(null|[A-Za-z][A-Za-z0-9+.-]*://[^/?#\\s]+)$'

/**
 * Reads an origin and writes it as a browser does in its `Origin` header (RFC 6454 6.2): lower case, no default
 * port, no path.
 */
export function readOrigin(text: string): string | Wrong {
  if (text === 'null') return text
  if (text === '*') return new Wrong("must not be '*'", 'leave origins out to allow every origin')
  const [, scheme, authority, rest] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#\s\\@]+)([/?#].*)?$/is.exec(text) ?? []
  if (scheme === undefined || authority === undefined || /\p{Cc}/u.test(text)) {
    return new Wrong(`must be an origin such as https://chat.example.com, not ${show(text)}`)
  }
  const origin = serialised(scheme.toLowerCase(), authority)
  if (origin === undefined) return new Wrong(`is not a valid origin: ${show(text)}`)
  if (/^wss?:/.test(origin)) {
    const fix = proposal(readOrigin, origin.replace(/^ws/, 'http'))
    return new Wrong(`must be the origin of the page, not of the WebSocket: ${show(text)}`, fix)
  }
  return rest ? new Wrong(`must have no path: ${show(text)}`, proposal(readOrigin, origin)) : origin
}

function serialised(scheme: string, authority: string): string | undefined {
  const text = `${scheme}://${authority}`
  if (!URL.canParse(text)) return undefined
  // For schemes such as chrome-extension the URL standard has no origin, browsers send scheme and host.
  return ['http', 'https', 'ws', 'wss'].includes(scheme) ? new URL(text).origin : text.toLowerCase()
}

/** Reads an address or a CIDR range: `10.0.0.0/8`, `::1`; or `unix:`, who comes over a socket of the file system. */
export function readRange(text: string): string | Wrong {
  if (text === unixPeer) return text
  const [, address, bits] = /^([0-9a-f:.]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? []
  const kind = address === undefined ? 0 : isIP(address)
  const wrong = `must be an address or a range such as 10.0.0.0/8, not ${show(text)}`
  if (address === undefined || kind === 0) return new Wrong(wrong)
  const most = kind === 4 ? 32 : 128
  if (bits === undefined) return address
  if (Number(bits) > most) return new Wrong(wrong, `write a prefix length from 0 to ${most}`)
  try {
    new BlockList().addSubnet(address, Number(bits), kind === 4 ? 'ipv4' : 'ipv6')
    return text
  } catch {
    return new Wrong(wrong)
  }
}

/** Reads `match.host`: a name, an address, or `*.` and a name; in lower case and ASCII. */
export function readHostPattern(text: string): string | Wrong {
  const wrong = `must be a host such as chat.example.com or *.example.com, not ${show(text)}`
  if (text === '*') return new Wrong(wrong, 'leave host out to match every host')
  if (/^\[?[0-9a-f.]*:[0-9a-f:.]*\]?$/i.test(text)) {
    const address = text.replace(/^\[|\]$/g, '')
    if (isIPv6(address)) return new URL(`http://[${address}]`).hostname
  }
  if (/^[a-z]+:\/\//i.test(text)) return new Wrong(wrong, 'leave the scheme out')
  if (/:\d*$/.test(text)) return new Wrong(wrong, 'leave the port out; a route serves every listener')
  if (text.includes('/')) return new Wrong(wrong, 'put the path into match.path')
  const wild = text.startsWith('*.') ? '*.' : ''
  const name = hostname(text.slice(wild.length).replace(/\.$/, ''))
  return name === undefined ? new Wrong(wrong) : wild + name
}

/** What `match.path` looks like, for editors. */
export const pathPattern = '^/[^*%?#\\\\\\s]*\\*?$'

/** Reads `match.path`: a path, or the beginning of one and `*`. */
export function readPathPattern(text: string): string | Wrong {
  const wrong = `must be a path such as /ws, or the beginning of one and *, not ${show(text)}`
  const meant = pathOfPattern(text)
  if (meant !== undefined && meant !== text)
    return new Wrong(
      `${wrong}: there are no expressions and no placeholders`,
      proposal(readPathPattern, meant),
    )
  if (!text.startsWith('/'))
    return new Wrong(wrong, text.includes('://') ? undefined : proposal(readPathPattern, `/${text}`))
  if (text.slice(0, -1).includes('*')) {
    return new Wrong(`has a * that is not at its end: ${show(text)}`, 'write a route for each beginning')
  }
  if (text.includes('%')) return new Wrong(`must be written without percent-encoding: ${show(text)}`)
  if (/[?#]/.test(text)) return new Wrong(`must hold no query or fragment: ${show(text)}`)
  if (/[\s\\\p{Cc}]/u.test(text) || /\/\/|\/\.{1,2}(\/|\*?$)/.test(text)) {
    return new Wrong(`must hold no space, backslash, empty or dot segment: ${show(text)}`)
  }
  return text
}

/** Reads `sessions`. Only the memory of the process is here yet. */
export function readSessions(text: string): 'memory' | Wrong {
  if (text === 'memory') return text
  if (/^rediss?:/i.test(text)) return new Wrong('cannot be redis in this version', 'write memory')
  return new Wrong(`must be memory, not ${show(text)}`)
}
