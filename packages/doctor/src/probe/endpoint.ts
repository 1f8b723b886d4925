import net from 'node:net'
import { type Finding, finding } from '../findings.ts'

/** What a URL says about where a WebSocket is. */
export interface Endpoint {
  /** As a WebSocket URL: `wss://example.com/ws`. */
  url: string
  secure: boolean
  /** A name or an address, without the brackets of IPv6. */
  host: string
  port: number
  /** The request target: path and query. */
  target: string
  /** The Host header that a client sends. */
  authority: string
  /** The origin of a page from the same place. */
  origin: string
}

const schemes: Record<string, { secure: boolean; port: number }> = {
  'ws:': { secure: false, port: 80 },
  'http:': { secure: false, port: 80 },
  'wss:': { secure: true, port: 443 },
  'https:': { secure: true, port: 443 },
}

/** Reads a URL; http and https are taken for ws and wss, as browsers do. */
export function readEndpoint(text: string): { endpoint?: Endpoint; finding: Finding } {
  const where = { layer: 'url' } as const
  const url = parse(text)
  if (!url || url.host === '') return { finding: finding('url-invalid', { url: text }, where) }
  const scheme = schemes[url.protocol]
  if (!scheme) return { finding: finding('url-scheme', { scheme: url.protocol.slice(0, -1) }, where) }
  // WHATWG WebSockets 3.1: a URL with a fragment is a SyntaxError.
  if (url.hash) return { finding: finding('url-fragment', { fragment: url.hash }, where) }
  const { secure } = scheme
  const port = url.port === '' ? scheme.port : Number(url.port)
  const authority = port === scheme.port ? url.hostname : `${url.hostname}:${port}`
  const target = `${url.pathname || '/'}${url.search}`
  const endpoint: Endpoint = {
    url: `${secure ? 'wss' : 'ws'}://${authority}${target}`,
    secure,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    target,
    authority,
    origin: `${secure ? 'https' : 'http'}://${authority}`,
  }
  return { endpoint, finding: finding('url-valid', { url: endpoint.url }, where) }
}

/** A URL, also one written without its scheme: `localhost:8080/ws`. */
function parse(text: string): URL | undefined {
  const written = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `ws://${text}`
  return URL.canParse(written) ? new URL(written) : undefined
}

/** The endpoint of an upstream: a URL without a path gets that of the public one. */
export function readUpstream(text: string, target: string): ReturnType<typeof readEndpoint> {
  const read = readEndpoint(text)
  const bare = /^(?:[a-z][a-z0-9+.-]*:\/\/)?[^/?#]*\/?$/i.test(text)
  if (!read.endpoint || !bare || target === '/') return read
  const base = read.endpoint.url.slice(0, -read.endpoint.target.length)
  return readEndpoint(base + target)
}

/** An address as it stands before a port. */
export function bracketed(address: string): string {
  return net.isIPv6(address) ? `[${address}]` : address
}
