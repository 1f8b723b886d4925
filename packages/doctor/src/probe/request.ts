import { randomBytes } from 'node:crypto'
import type { Endpoint } from './endpoint.ts'

/** HTTP header fields in order; a name may stand in it more than once. */
export type HeaderList = readonly (readonly [name: string, value: string])[]

/** What the user asked to be sent. */
export interface Wishes {
  /** Subprotocols to offer, in order. */
  protocols: readonly string[]
  /** Headers beside those of the handshake, such as Cookie, Authorization or Origin. */
  headers: HeaderList
}

/** How a request differs from the handshake that the user asked for, to find out what an answer hangs on. */
export interface Variation {
  /** False: a plain GET, as it arrives when a proxy has dropped Upgrade and Connection. */
  upgrade?: boolean
  /** '1.0': as a proxy sends that speaks the old version to its upstream. */
  version?: '1.0' | '1.1'
  /** Sent in place of the user's Origin; null: none is sent. */
  origin?: string | null
  protocols?: readonly string[]
  /** False: without the headers that the user gave. */
  userHeaders?: boolean
  /** Bytes of a cookie to add: its name and its value. */
  cookieBytes?: number
  target?: string
}

export interface UpgradeRequest {
  key: string
  /** Everything up to the empty line. */
  text: string
}

/** RFC 7692, as browsers offer it. */
export const extensionOffer = 'permessage-deflate; client_max_window_bits'

/** Writes the opening handshake (RFC 6455 4.1), or a variation of it. */
export function buildRequest(endpoint: Endpoint, wishes: Wishes, variation: Variation = {}): UpgradeRequest {
  const { upgrade = true, version = '1.1', target = endpoint.target } = variation
  const key = randomBytes(16).toString('base64')
  const headers = userHeaders(wishes.headers, variation)
  const host = headerOf(headers, 'host') ?? endpoint.authority
  const others = headers.filter(([name]) => name.toLowerCase() !== 'host')
  const agent = headerOf(headers, 'user-agent') === undefined ? [['User-Agent', 'holdfast-check']] : []
  const protocols = variation.protocols ?? wishes.protocols
  const lines = [
    `GET ${target} HTTP/${version}`,
    `Host: ${host}`,
    ...(upgrade ? handshakeLines(key, protocols) : ['Connection: close']),
    ...[...agent, ...others].map(([name, value]) => `${name}: ${value}`),
  ]
  return { key, text: [...lines, '', ''].join('\r\n') }
}

function handshakeLines(key: string, protocols: readonly string[]): string[] {
  return [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
    ...(protocols.length > 0 ? [`Sec-WebSocket-Protocol: ${protocols.join(', ')}`] : []),
    `Sec-WebSocket-Extensions: ${extensionOffer}`,
  ]
}

function userHeaders(given: HeaderList, variation: Variation): HeaderList {
  const { userHeaders = true, origin, cookieBytes = 0 } = variation
  const kept = userHeaders ? given : []
  const others = origin === undefined ? kept : kept.filter(([name]) => name.toLowerCase() !== 'origin')
  return [
    ...others,
    ...(origin ? [['Origin', origin] as const] : []),
    ...(cookieBytes > 0 ? [['Cookie', cookie(cookieBytes)] as const] : []),
  ]
}

/** A cookie of `bytes` bytes, as RFC 6265 6.1 counts: its name and its value. */
function cookie(bytes: number): string {
  const name = 'holdfast-check'
  return `${name}=${'x'.repeat(bytes - name.length)}`
}

/** The value of a header, of several the first. */
export function headerOf(headers: HeaderList, name: string): string | undefined {
  return headers.find(([other]) => other.toLowerCase() === name)?.[1]
}
