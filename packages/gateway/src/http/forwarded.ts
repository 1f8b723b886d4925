import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { unixPeer } from '../core/index.ts'
import {
  type ForwardedElement,
  forwardedNode,
  plainNode,
  readForwardedEnd,
  writeForwarded,
} from './forwarded-elements.ts'
import { type HeaderList, members, values } from './headers.ts'

/** Whether an address is one of `trustedProxies`, whose forwarded headers are believed. */
export type Trust = (address: string) => boolean

/**
 * Makes the test for `trustedProxies`: addresses and CIDR ranges, IPv4 or IPv6. An IPv4-mapped IPv6 address counts
 * as its IPv4 address on both sides. `unix:` is whoever comes over a socket of the file system.
 *
 * @throws {RangeError} for an entry that is neither.
 */
export function trustProxies(ranges: readonly string[]): Trust {
  if (ranges.length === 0) return () => false
  const list = new BlockList()
  const unix = ranges.includes(unixPeer)
  for (const range of ranges) {
    if (range === unixPeer) continue
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
    if (text === unixPeer) return unix
    const { address } = plainAddress(text)
    if (isIPv4(address)) return list.check(address, 'ipv4')
    return isIPv6(address) && list.check(address, 'ipv6')
  }
}

/** An address without its zone, and as IPv4 when it is IPv4-mapped IPv6 (RFC 4291 2.5.5.2). */
function plainAddress(text: string): { address: string; mapped: boolean } {
  const address = text.split('%', 1)[0]!
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

/** What the proxies before the peer say of the path that the request took, from the client on. */
interface ForwardedPath {
  /** As in X-Forwarded-For. */
  nodes: string[]
  /** How many of them trusted proxies have written; what stands before those may be made up. */
  proven: number
  /** The client's address as the first of these proxies saw it; undefined when there is none. */
  address: string | undefined
  /** How the client reached that proxy. */
  proto: string | undefined
  host: string | undefined
}

/** Of a request that says nothing of it, as most that come from clients. */
const nothingSaid: ForwardedPath = {
  nodes: [],
  proven: 0,
  address: undefined,
  proto: undefined,
  host: undefined,
}

/**
 * The path as X-Forwarded-For, -Proto and -Host have it; as Forwarded has it only where there is none of them. A proxy
 * that writes these often knows nothing of Forwarded and hands on what the client has made up.
 */
function forwardedPath(peer: string, headers: HeaderList, trusted: Trust): ForwardedPath {
  const [nodes, protos, hosts] = ['for', 'proto', 'host'].map((what) =>
    members(values(headers, `x-forwarded-${what}`)),
  ) as [string[], string[], string[]]
  if (nodes.length + protos.length + hosts.length > 0) {
    const walked = walk(peer, nodes.map(plainNode), trusted)
    // Proxies that add to these lists add to each of them; others write what the client used, alone.
    const own = (list: string[]) => list[Math.max(0, list.length - (walked.proven || list.length))]
    return { ...walked, proto: schemeOf(own(protos)), host: own(hosts) }
  }
  const elements = readForwardedEnd(values(headers, 'forwarded').filter(Boolean).join(', '))
  const walked = walk(
    peer,
    elements.map((element) => plainNode(element.for ?? 'unknown')),
    trusted,
  )
  const proven = elements.slice(elements.length - walked.proven)
  const first = (name: 'proto' | 'host') => proven.find((element) => element[name])?.[name]
  return { ...walked, proto: schemeOf(first('proto')), host: first('host') }
}

/**
 * From the right, while the proxy that has written an entry is trusted. An entry that is no address ends the walk at the
 * proxy that wrote it.
 */
function walk(
  peer: string,
  nodes: string[],
  trusted: Trust,
): Pick<ForwardedPath, 'nodes' | 'proven' | 'address'> {
  let address: string | undefined
  let proven = 0
  while (proven < nodes.length && trusted(address ?? peer)) {
    const before = withoutPort(nodes[nodes.length - ++proven]!)
    if (before === undefined) break
    address = before
  }
  return { nodes, proven, address }
}

/** RFC 3986 3.1. */
function schemeOf(proto: string | undefined): string | undefined {
  return proto !== undefined && /^[A-Za-z][A-Za-z0-9+.-]*$/.test(proto) ? proto : undefined
}

/**
 * The client's address: the peer's, or, while that is a trusted proxy, the one before it in X-Forwarded-For (or
 * Forwarded), from the right.
 */
export function clientAddress(from: string, headers: HeaderList, trusted: Trust): string {
  const peer = normaliseAddress(from)
  return trusted(peer) ? (forwardedPath(peer, headers, trusted).address ?? peer) : peer
}

/** '203.0.113.7', '203.0.113.7:443', '2001:db8::1' or '[2001:db8::1]:443' as an address. */
function withoutPort(entry: string): string | undefined {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(entry)?.[1]
  const address = normaliseAddress(bracketed ?? entry.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1'))
  return isIPv4(address) || isIPv6(address) ? address : undefined
}

const thisNetwork = trustProxies([
  unixPeer,
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1',
  'fc00::/7',
])

/** Whether a request from the loopback or a private network says for whom it is. Strangers on the internet do that, too. */
export function looksLikeProxy(peer: string, headers: HeaderList): boolean {
  return headers.some(([name]) => /^(?:forwarded|x-forwarded-for)$/i.test(name)) && thisNetwork(peer)
}

/** Fields that a client could use to lie about where it comes from. */
function tellsOrigin(name: string): boolean {
  return /^(?:forwarded|x-real-ip|x-forwarded-.*)$/i.test(name)
}

/** Those of them that are written anew. */
const setHere = /^(?:forwarded|x-forwarded-(?:for|host|proto))$/i

export interface Hop {
  /** The address of whoever sent us the request: the socket's, or the PROXY header's. */
  peer: string
  /** Whether the request came over TLS. */
  tls: boolean
  /** The Host header or `:authority`. */
  authority: string
}

/**
 * The end-to-end headers with X-Forwarded-For, -Proto, -Host and Forwarded (RFC 7239) set at the end. The four say the
 * same: the path so far, if the peer is trusted, and the peer; protocol and host are those that the client used, by the
 * word of the first trusted proxy.
 * X-Real-IP and the other X-Forwarded fields are handed on from a trusted peer and dropped otherwise.
 */
export function forwardHeaders(headers: HeaderList, hop: Hop, trusted: Trust): HeaderList {
  const peer = normaliseAddress(hop.peer)
  const believed = trusted(peer) ? headers.filter(([name]) => tellsOrigin(name)) : []
  const before = believed.length > 0 ? forwardedPath(peer, believed, trusted) : nothingSaid
  const nodes = [...before.nodes, isIPv4(peer) || isIPv6(peer) ? peer : 'unknown']
  const proto = before.proto ?? (hop.tls ? 'https' : 'http')
  const host = before.host ?? hop.authority
  const elements: ForwardedElement[] = nodes.map((node) => ({ for: forwardedNode(node) }))
  Object.assign(elements[0]!, host !== '' && { host }, { proto })
  return [
    ...headers.filter(([name]) => !tellsOrigin(name)),
    ...believed.filter(([name]) => !setHere.test(name)),
    ['X-Forwarded-For', nodes.join(', ')],
    ['X-Forwarded-Proto', proto],
    ...(host === '' ? [] : [['X-Forwarded-Host', host] as [string, string]]),
    ['Forwarded', writeForwarded(elements)],
  ]
}
