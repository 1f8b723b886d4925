// Whatever was pasted or dropped: what it is, and what is in it.
import { pastedBytes } from './bytes.ts'
import { isHar, readHar } from './har.ts'
import type { Budget } from './inflate.ts'
import { isNetlog, mendNetlog, readNetlog } from './netlog.ts'
import { readPasted } from './paste.ts'
import { isPcap, readPcap } from './pcap.ts'
import { isPcapng, readPcapng } from './pcapng.ts'
import type { InputKind, Result } from './result.ts'
import { readPackets } from './tcp.ts'

const maxBytesAsText = 2 * 1024 * 1024

const budget = (): Budget => ({ left: 64 * 1024 * 1024, frames: 5000 })

const unknown: Result = { connections: [], notes: [{ what: 'unknownInput' }] }

/** Reads a text: JSON of a HAR or of a netlog, or bytes in hex or base64. */
export function readText(text: string): Result {
  if (/^\s*\{/.test(text)) return readJson(text)
  // What people paste as hex is short; a long text is something else.
  const bytes = text.length <= maxBytesAsText ? pastedBytes(text) : undefined
  return bytes ? readBytes(bytes) : unknown
}

/** Reads a file: a capture, JSON, a text of bytes, or frames as they are. */
export function readFile(bytes: Uint8Array): Result {
  if (isPcap(bytes) || isPcapng(bytes)) return readBytes(bytes)
  const text = textOf(bytes)
  if (text === undefined) return readBytes(bytes)
  const read = readText(text)
  return read.kind ? read : readBytes(bytes)
}

function readBytes(bytes: Uint8Array): Result {
  if (isPcap(bytes)) return capture('pcap', readPcap(bytes))
  if (isPcapng(bytes)) return capture('pcapng', readPcapng(bytes))
  const connection = readPasted(bytes, budget())
  return connection ? { kind: 'bytes', connections: [connection], notes: [] } : unknown
}

function capture(kind: InputKind, { packets, damaged }: ReturnType<typeof readPcap>): Result {
  const { connections, notes } = readPackets(packets, budget())
  return withNothing({
    kind,
    connections,
    notes: damaged ? [{ what: 'damaged', n: packets.length }, ...notes] : notes,
  })
}

function readJson(text: string): Result {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    data = mendNetlog(text)
  }
  if (isHar(data)) return withNothing({ kind: 'har', ...readHar(data) })
  if (isNetlog(data)) return withNothing({ kind: 'netlog', ...readNetlog(data, budget()) })
  return unknown
}

const withNothing = (result: Result): Result =>
  result.connections.length > 0 ? result : { ...result, notes: [{ what: 'nothing' }, ...result.notes] }

/** A file's text; undefined when it is none. */
function textOf(bytes: Uint8Array): string | undefined {
  // Bytes that no text has, near the beginning, save reading all of it.
  if (bytes.subarray(0, 1024).some((byte) => byte < 9 || byte === 0x7f)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
