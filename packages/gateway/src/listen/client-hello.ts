// The first message of a TLS connection, read before TLS is: which name the client asks for, and which protocols it offers.
import type { Socket } from 'node:net'
import { peek } from './peek.ts'

export interface ClientHello {
  /** RFC 6066 3. */
  serverName?: string
  /** RFC 7301 3.1, in the order of the client. */
  protocols: string[]
}

export type ClientHelloReading =
  | { state: 'more' }
  /** Not one that can be read: TLS itself has to say so. */
  | { state: 'wrong' }
  | { state: 'done'; hello: ClientHello }

/** Bytes of a ClientHello that are looked at; those with post-quantum keys have 1 to 2 KiB. */
const maxHello = 16 * 1024
/**
 * Records that it may be cut into. What comes is read again from its beginning with each packet, so that crumbs would cost more
 * here than to send them. OpenSSL takes more of them, and shows its first certificate.
 */
const maxRecords = 64
const more: ClientHelloReading = { state: 'more' }
const wrong: ClientHelloReading = { state: 'wrong' }

/** Reads a ClientHello (RFC 8446 4.1.2, RFC 5246 7.4.1.2) from the bytes received so far, however they are cut into records. */
export function readClientHello(bytes: Uint8Array): ClientHelloReading {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: Buffer[] = []
  let have = 0
  let wanted = 4
  for (let at = 0; have < wanted; ) {
    if (parts.length === maxRecords) return wrong
    // RFC 8446 5.1: ContentType handshake(22), legacy_record_version, length.
    if (buffer.length > at && buffer[at] !== 22) return wrong
    if (buffer.length < at + 5) return more
    const length = buffer.readUInt16BE(at + 3)
    if (length === 0 || length > 2 ** 14) return wrong
    const part = buffer.subarray(at + 5, at + 5 + length)
    parts.push(part)
    have += part.length
    if (have >= 4 && wanted === 4) {
      const head = Buffer.concat(parts)
      // RFC 8446 4: HandshakeType client_hello(1), and three bytes of length.
      if (head[0] !== 1) return wrong
      wanted = 4 + head.readUIntBE(1, 3)
      if (wanted > maxHello) return wrong
    }
    if (part.length < length && have < wanted) return more
    at += 5 + length
  }
  const body = new Reader(Buffer.concat(parts).subarray(4, wanted))
  try {
    return { state: 'done', hello: readBody(body) }
  } catch {
    return wrong
  }
}

function readBody(body: Reader): ClientHello {
  body.take(2 + 32)
  body.vector(1)
  body.vector(2)
  body.vector(1)
  const hello: ClientHello = { protocols: [] }
  if (body.empty) return hello
  const extensions = body.vector(2)
  while (!extensions.empty) {
    const type = extensions.number(2)
    const data = extensions.vector(2)
    if (type === 0) hello.serverName ??= readServerName(data)
    else if (type === 16) hello.protocols = readProtocols(data)
  }
  return hello
}

/** RFC 6066 3: ServerNameList, in which only host_name(0) is known. */
function readServerName(data: Reader): string | undefined {
  const names = data.vector(2)
  while (!names.empty) {
    const type = names.number(1)
    const name = names.vector(2)
    if (type === 0) return name.rest().toString('latin1')
  }
  return undefined
}

function readProtocols(data: Reader): string[] {
  const names = data.vector(2)
  const found: string[] = []
  while (!names.empty) found.push(names.vector(1).rest().toString('latin1'))
  return found
}

/** Takes parts off the front of a buffer; throws when there are not enough bytes. */
class Reader {
  #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get empty(): boolean {
    return this.#bytes.length === 0
  }

  take(length: number): Buffer {
    if (this.#bytes.length < length) throw new RangeError('too short')
    const taken = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(length)
    return taken
  }

  number(length: 1 | 2): number {
    return this.take(length).readUIntBE(0, length)
  }

  /** RFC 8446 3.4: a vector with its length, of so many bytes, before it. */
  vector(lengthBytes: 1 | 2): Reader {
    return new Reader(this.take(this.number(lengthBytes)))
  }

  rest(): Buffer {
    return this.take(this.#bytes.length)
  }
}

/**
 * Looks at the ClientHello of a socket that nobody has read from, and calls `done` once; the bytes are put back. A socket that
 * ends or sends nothing of the kind within `timeoutMs`, of which `onLate` tells, is destroyed.
 */
export function peekClientHello(
  socket: Socket,
  timeoutMs: number,
  done: (hello: ClientHello | undefined) => void,
  onLate?: () => void,
): void {
  const read = (bytes: Buffer) => {
    const reading = readClientHello(bytes)
    if (reading.state === 'more') return undefined
    return { consumed: 0, act: () => done(reading.state === 'done' ? reading.hello : undefined) }
  }
  peek(socket, timeoutMs, read, onLate)
}
