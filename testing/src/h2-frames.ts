// HTTP/2 by hand (RFC 9113), for what a well-behaved client would never send.
import { once } from 'node:events'
import tls from 'node:tls'
import { Changes } from './changes.ts'

/** One frame. */
export function h2Frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Fields as literals without indexing (RFC 7541 6.2.2), so that the order of frames does not matter. */
export function h2Fields(fields: [name: string, value: string][]): Buffer {
  const text = (value: string) => {
    if (value.length > 126) throw new Error('too long for one byte of length')
    return Buffer.from(`${String.fromCharCode(value.length)}${value}`, 'latin1')
  }
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}

const opening: [string, string][] = [
  [':method', 'CONNECT'],
  [':protocol', 'websocket'],
  [':scheme', 'https'],
  [':path', '/'],
  [':authority', 'localhost'],
  ['sec-websocket-version', '13'],
]

/** HEADERS of an extended CONNECT (RFC 8441), and of a GET; RST_STREAM. */
export const h2Connect = (stream: number) => h2Frame(1, 4, stream, h2Fields(opening))
export const h2Get = (stream: number) =>
  h2Frame(1, 5, stream, h2Fields([[':method', 'GET'], ...opening.slice(2, 5)]))
export const h2Reset = (stream: number, code = 8) => h2Frame(3, 0, stream, Buffer.from([0, 0, 0, code]))

export interface H2Seen {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

/** A connection on which frames are written as they are given. */
export interface RawH2 extends AsyncDisposable {
  readonly seen: readonly H2Seen[]
  readonly ended: boolean
  write(...frames: Uint8Array[]): void
  /** Reads on, or stops reading. */
  read(on: boolean): void
  /** Waits until the frames so far satisfy this; fails after ten seconds. */
  until<T>(what: string, find: (seen: readonly H2Seen[]) => T | undefined | false): Promise<T>
  /** Codes of the RST_STREAMs of a stream, or of all. */
  resets(stream?: number): number[]
}

export interface RawH2Options {
  /** Whether SETTINGS and PINGs are acknowledged. Default true. */
  acknowledges?: boolean
}

export async function rawH2(url: string | URL, { acknowledges = true }: RawH2Options = {}): Promise<RawH2> {
  const { hostname, port } = new URL(url)
  const socket = tls.connect({
    host: hostname,
    port: Number(port),
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  })
  const seen: H2Seen[] = []
  const changes = new Changes()
  let rest: Buffer = Buffer.alloc(0)
  let ended = false
  const take = (frame: H2Seen) => {
    seen.push(frame)
    if (!acknowledges || !socket.writable) return
    if ((frame.type === 4 || frame.type === 6) && (frame.flags & 1) === 0)
      socket.write(h2Frame(frame.type, 1, 0, frame.type === 6 ? frame.payload : undefined))
  }
  socket.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3)
      take({ type: rest[3]!, flags: rest[4]!, stream: rest.readUInt32BE(5), payload: rest.subarray(9, end) })
      rest = rest.subarray(end)
    }
    changes.notify()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    ended = true
    changes.notify()
  })
  await once(socket, 'secureConnect')
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), h2Frame(4, 0, 0)]))
  const h2: RawH2 = {
    seen,
    get ended() {
      return ended
    },
    write: (...frames) => void (socket.writable && socket.write(Buffer.concat(frames))),
    read: (on) => void (on ? socket.resume() : socket.pause()),
    until: (what, find) => changes.until(what, () => find(seen) || undefined) as never,
    resets: (stream) =>
      seen
        .filter((frame) => frame.type === 3 && (stream === undefined || frame.stream === stream))
        .map(({ payload }) => payload.readUInt32BE(0)),
    async [Symbol.asyncDispose]() {
      if (ended) return
      const closed = once(socket, 'close')
      socket.destroy()
      await closed
    },
  }
  await h2.until('the acknowledgement of SETTINGS', (all) =>
    all.some(({ type, flags }) => type === 4 && flags === 1),
  )
  return h2
}
