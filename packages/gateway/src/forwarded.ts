import { BlockList, isIPv4, isIPv6 } from 'node:net'
import type { HeaderList } from './upgrade-request.ts'

/** Whether an address is one of `trustedProxies`, whose forwarded headers are believed. */
export type Trust = (address: string) => boolean

/**
 * Makes the test for `trustedProxies`: addresses and CIDR ranges, IPv4 or IPv6. An IPv4-mapped IPv6 address counts
 * as its IPv4 address on both sides.
 *
 * @throws {RangeError} for an entry that is neither.
 */
export function trustProxies(ranges: readonly string[]): Trust {
  if (ranges.length === 0) return () => false
  const list = new BlockList()
  for (const range of ranges) {
    const [, text = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(range) ?? []
    const { address, mapped } = plainAddress(text)
    const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined
    const most = family === 'ipv4' ? 32 : 128
    const prefix = bits === undefined ? most : Number(bits) - (mapped ? 96 : 0)
    if (!family || prefix < 0 || prefix > most) {
      throw new RangeError(`trustedProxies: write an address or a range such as 10.0.0.0/8, got '${range}'`)
    }
    list.addSubnet(address, prefix, family)
  }
  return (text) => {
    const { address } = plainAddress(text)
    if (isIPv4(address)) return list.check(address, 'ipv4')
    return isIPv6(address) && list.check(address, 'ipv6')
  }
}

/** An address without its zone, and as IPv4 when it is IPv4-mapped IPv6 (RFC 4291 2.5.5.2). */
function plainAddress(text: string): { address: string; mapped: boolean } {
  const address = text.replace(/%.*$/, '')
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (dotted && isIPv4(dotted[1]!)) return { address: dotted[1]!, mapped: true }
  // The cheap test first: the other is a long regular expression.
  if (!/ffff/i.test(address) || !isIPv6(address)) return { address, mapped: false }
  const canonical = new URL(`http://[${address}]`).hostname
  const groups = /^\[::ffff:([0-9a-f]+):([0-9a-f]+)\]$/.exec(canonical)
  if (!groups) return { address, mapped: false }
  const [high, low] = [Number.parseInt(groups[1]!, 16), Number.parseInt(groups[2]!, 16)]
  return { address: `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`, mapped: true }
}

/** An address in the form in which it is counted and shown: no zone, IPv4-mapped IPv6 as IPv4. */
export function normaliseAddress(address: string): string {
  return plainAddress(address).address
}

/**
 * The client's address: the peer's, or, while that is a trusted proxy, the one before it in X-Forwarded-For,
 * from the right. An entry that is no address ends the walk at the proxy that wrote it.
 */
export function clientAddress(peer: string, headers: HeaderList, trusted: Trust): string {
  let address = normaliseAddress(peer)
  const entries = members(values(headers, 'x-forwarded-for'))
  while (entries.length > 0 && trusted(address)) {
    const before = withoutPort(entries.pop()!)
    if (before === undefined) break
    address = before
  }
  return address
}

/** '203.0.113.7', '203.0.113.7:443', '2001:db8::1' or '[2001:db8::1]:443' as an address. */
function withoutPort(entry: string): string | undefined {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(entry)?.[1]
  const address = normaliseAddress(bracketed ?? entry.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1'))
  return isIPv4(address) || isIPv6(address) ? address : undefined
}

/** Fields that a client could use to lie about where it comes from. */
const tellsOrigin = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
])

export interface Hop {
  /** The address of whoever sent us the request: the socket's, or the PROXY header's. */
  peer: string
  /** Whether the request came over TLS. */
  tls: boolean
  /** The Host header or `:authority`. */
  authority: string
}

/**
 * The end-to-end headers with X-Forwarded-For, -Proto, -Host and Forwarded (RFC 7239) set at the end. What came of
 * these is appended to when the peer is a trusted proxy and dropped otherwise, with X-Real-IP and X-Forwarded-Port.
 */
export function forwardHeaders(headers: HeaderList, hop: Hop, trusted: Trust): HeaderList {
  const peer = normaliseAddress(hop.peer)
  const believed: HeaderList = trusted(peer)
    ? headers.filter(([name]) => tellsOrigin.has(name.toLowerCase()))
    : []
  const scheme = hop.tls ? 'https' : 'http'
  const before = (name: string) => values(believed, name).filter((value) => value !== '')
  return [
    ...headers.filter(([name]) => !tellsOrigin.has(name.toLowerCase())),
    ...believed.filter(([name]) => /^x-(?:real-ip|forwarded-port)$/i.test(name)),
    ['X-Forwarded-For', [...before('x-forwarded-for'), peer].join(', ')],
    ['X-Forwarded-Proto', before('x-forwarded-proto').join(', ') || scheme],
    ['X-Forwarded-Host', before('x-forwarded-host').join(', ') || hop.authority],
    ['Forwarded', [...before('forwarded'), forwardedElement(peer, scheme, hop.authority)].join(', ')],
  ]
}

function forwardedElement(peer: string, scheme: string, authority: string): string {
  // RFC 7239 6: "Note that an IPv6 address is always enclosed in square brackets", and 4: "Note that as ":" and
  // "[]" are not valid characters in "token", IPv6 addresses are written as "quoted-string"."
  const node = isIPv4(peer) ? peer : isIPv6(peer) ? `"[${peer}]"` : 'unknown'
  const host = /^[!#$%&'*+.^_`|~\w-]+$/.test(authority)
    ? authority
    : `"${authority.replace(/[\\"]/g, '\\$&')}"`
  return authority === '' ? `for=${node};proto=${scheme}` : `for=${node};host=${host};proto=${scheme}`
}

/** The fields of one hop, which end here whatever Connection says (RFC 9110 7.6.1, and 11.7 for the proxy's own). */
const hopByHop = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The headers without those that concern one hop only. */
export function endToEnd(headers: HeaderList): HeaderList {
  // RFC 9110 7.6.1: "Intermediaries MUST parse a received Connection header field before a message is forwarded
  // and, for each connection-option in this field, remove any header or trailer field(s) from the message with
  // the same name as the connection-option"
  const named = new Set(tokens(values(headers, 'connection')))
  return headers.filter(([name]) => !hopByHop.has(name.toLowerCase()) && !named.has(name.toLowerCase()))
}

/** Every value of a header, in order; `name` in lower case. */
export function values(headers: HeaderList, name: string): string[] {
  const found: string[] = []
  for (const [field, value] of headers) {
    if (field.length === name.length && field.toLowerCase() === name) found.push(value)
  }
  return found
}

/** The members of comma-separated lists, empty ones left out (RFC 9110 5.6.1.2). */
export function members(lists: readonly string[]): string[] {
  return lists
    .join(',')
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '')
}

/** The members of comma-separated lists of names that are compared without regard to case, in lower case. */
export function tokens(lists: readonly string[]): string[] {
  return members(lists).map((member) => member.toLowerCase())
}

/** Pairs of Node's flat `rawHeaders`. HTTP/2 pseudo-headers are left out. */
export function headerList(rawHeaders: readonly string[]): HeaderList {
  const list: HeaderList = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!rawHeaders[i]!.startsWith(':')) list.push([rawHeaders[i]!, rawHeaders[i + 1]!])
  }
  return list
}

/** Headers as Node's `setHeader` takes them: by lower-case name, with every value of each. */
export function groupHeaders(headers: HeaderList): Record<string, string | string[]> {
  const grouped = new Map<string, string | string[]>()
  for (const [field, value] of headers) {
    const name = field.toLowerCase()
    const before = grouped.get(name)
    if (before === undefined) grouped.set(name, value)
    else if (typeof before === 'string') grouped.set(name, [before, value])
    else before.push(value)
  }
  return Object.fromEntries(grouped)
}

/** The same with one line for each, as Node's HTTP/2 wants many of them; only Set-Cookie cannot be joined. */
export function joinHeaders(headers: HeaderList): Record<string, string | string[]> {
  const grouped = groupHeaders(headers)
  for (const [name, value] of Object.entries(grouped)) {
    // RFC 9110 5.3: "A recipient MAY combine multiple field lines within a field section that have the same field name
    // into one field line [...] by appending each subsequent field line value to the initial field line value in order,
    // separated by a comma [...] and optional whitespace"
    if (name !== 'set-cookie' && typeof value !== 'string') grouped[name] = value.join(', ')
  }
  return grouped
}
