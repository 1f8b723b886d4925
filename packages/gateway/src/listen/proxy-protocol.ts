import { isIPv4, isIPv6, type Socket } from 'node:net'
import { peek } from './peek.ts'

/** What the first bytes of a connection say. `length` is how many of them the header takes. */
export type ProxyHeader =
  | { state: 'more' }
  | { state: 'done'; length: number; address?: { host: string; port: number } }
  | { state: 'wrong'; why: string }

/** Longest version 1 line with its CRLF: the specification's worst case, 'PROXY UNKNOWN' with two IPv6 addresses. */
export const maxVersion1 = 107
/** Longest version 2 header taken: 16 bytes of head and 4 KiB of addresses and TLVs, where real senders need some hundreds. */
export const maxVersion2 = 16 + 4096

const prefix1 = Buffer.from('PROXY ', 'latin1')
const prefix2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const more: ProxyHeader = { state: 'more' }

/**
 * Reads a PROXY protocol header, version 1 or 2, from the bytes received so far (HAProxy's proxy-protocol.txt,
 * 2.1 and 2.2). Says `wrong` at the first byte that cannot belong to one. No `address` means that the sender gave
 * none (UNKNOWN, LOCAL, or not TCP over IP): the connection's own address then holds.
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length === 0) return more
  const prefix = buffer[0] === prefix1[0] ? prefix1 : prefix2
  const seen = Math.min(buffer.length, prefix.length)
  if (buffer.compare(prefix, 0, seen, 0, seen) !== 0) return wrong('no PROXY header')
  if (seen < prefix.length) return more
  return prefix === prefix1 ? readVersion1(buffer) : readVersion2(buffer)
}

function readVersion1(buffer: Buffer): ProxyHeader {
  const newline = buffer.subarray(0, maxVersion1).indexOf(0x0a)
  if (newline === -1) return buffer.length < maxVersion1 ? more : wrong('line too long')
  if (buffer[newline - 1] !== 0x0d) return wrong('line does not end in CRLF')
  const length = newline + 1
  const words = buffer.toString('latin1', prefix1.length, newline - 1).split(' ')
  // 2.1: "For "UNKNOWN", the rest of the line before the CRLF may be omitted by the sender, and the receiver must
  // ignore anything presented before the CRLF is found."
  if (words[0] === 'UNKNOWN') return { state: 'done', length }
  const isAddress = words[0] === 'TCP4' ? isIPv4 : words[0] === 'TCP6' ? isIPv6 : undefined
  if (!isAddress) return wrong('unknown protocol')
  const [, source = '', destination = '', sourcePort = '', destinationPort = ''] = words
  const addresses = [source, destination]
  if (words.length !== 5 || !addresses.every((a) => isAddress(a) && !a.includes('%'))) {
    return wrong('bad address')
  }
  if (!isPort(sourcePort) || !isPort(destinationPort)) return wrong('bad port')
  return { state: 'done', length, address: { host: source, port: Number(sourcePort) } }
}

/** A decimal port without leading zeros, as 2.1 wants it. */
function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65535
}

/** Address bytes by family and protocol; the other values "must be rejected as invalid by receivers" (2.2). */
const addressBytes = new Map([
  [0x00, 0], // unspecified
  [0x11, 12], // TCP over IPv4
  [0x12, 12], // UDP over IPv4
  [0x21, 36], // TCP over IPv6
  [0x22, 36], // UDP over IPv6
  [0x31, 216], // UNIX stream
  [0x32, 216], // UNIX datagram
])

function readVersion2(buffer: Buffer): ProxyHeader {
  if (buffer.length < 14) return buffer.length < 13 || buffer[12]! >> 4 === 2 ? more : wrong('bad version')
  if (buffer[12] !== 0x20 && buffer[12] !== 0x21) return wrong('bad version or command')
  // 2.2: "LOCAL : the connection was established on purpose by the proxy without being relayed. [...] The receiver
  // must accept this connection as valid and must use the real connection endpoints and discard the protocol block
  // including the family which is ignored."
  const local = buffer[12] === 0x20
  const family = buffer[13]!
  const needed = local ? 0 : addressBytes.get(family)
  if (needed === undefined) return wrong('unknown family')
  if (buffer.length < 16) return more
  const length = 16 + buffer.readUInt16BE(14)
  if (length > maxVersion2) return wrong('header too long')
  if (length < 16 + needed) return wrong('header too short')
  if (buffer.length < length) return more
  if (local) return { state: 'done', length }
  if (family === 0x11) return { state: 'done', length, address: readIPv4(buffer) }
  if (family === 0x21) return { state: 'done', length, address: readIPv6(buffer) }
  return { state: 'done', length }
}

function readIPv4(buffer: Buffer): { host: string; port: number } {
  return { host: buffer.subarray(16, 20).join('.'), port: buffer.readUInt16BE(24) }
}

function readIPv6(buffer: Buffer): { host: string; port: number } {
  const groups = Array.from({ length: 8 }, (_, i) => buffer.readUInt16BE(16 + 2 * i).toString(16))
  // The URL parser writes IPv6 addresses in the canonical form of RFC 5952.
  const host = new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
  return { host, port: buffer.readUInt16BE(48) }
}

function wrong(why: string): ProxyHeader {
  return { state: 'wrong', why }
}

/**
 * Takes the PROXY header off an accepted socket and calls `done` once, with the address that it gave. The bytes
 * behind the header are put back, and the socket is as unread as a fresh one. Without a valid header within
 * `timeout` milliseconds the socket is destroyed and `done` is never called.
 */
export function takeProxyHeader(
  socket: Socket,
  timeout: number,
  done: (address: { host: string; port: number } | undefined) => void,
): void {
  peek(socket, timeout, (bytes) => {
    const header = readProxyHeader(bytes)
    if (header.state === 'more') return undefined
    if (header.state === 'wrong') return 'refuse'
    return { consumed: header.length, act: () => done(header.address) }
  })
}
