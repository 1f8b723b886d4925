// The least that a server of remote screens can say (RFC 6143): one screen of one colour, and which keys were pressed.
import type net from 'node:net'
import { tcpServer } from '@holdfast/testing'

const width = 64
const height = 32

/** Bytes of each message of the client by its type, where they do not depend on its contents. */
const lengths: Record<number, number> = { 0: 20, 3: 10, 4: 8, 5: 6 }

export interface RfbServer extends AsyncDisposable {
  readonly port: number
  /** Symbols of the keys that went down. */
  readonly keys: number[]
}

/** Starts one whose screen has this colour: red, green, blue. */
export async function rfbServer(colour: readonly [number, number, number]): Promise<RfbServer> {
  const keys: number[] = []
  const pixels = Buffer.alloc(width * height * 4, Buffer.from([...colour, 0]))
  const server = await tcpServer((socket) => void serve(socket, pixels, keys))
  return { port: server.port, keys, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

async function serve(socket: net.Socket, pixels: Buffer, keys: number[]): Promise<void> {
  const take = reader(socket)
  socket.on('error', () => {})
  socket.write('RFB 003.008\n')
  await take(12)
  socket.write(Buffer.from([1, 1])) // one way to prove oneself: none
  await take(1)
  socket.write(Buffer.alloc(4)) // which is enough
  await take(1)
  socket.write(serverInit('screen'))
  for (;;) {
    const type = (await take(1))[0]!
    if (type === 2) {
      const encodings = (await take(3)).readUInt16BE(1)
      await take(4 * encodings)
      continue
    }
    const length = lengths[type]
    if (length === undefined) return void socket.destroy()
    const rest = await take(length - 1)
    if (type === 4 && rest[0] === 1) keys.push(rest.readUInt32BE(3))
    if (type === 3 && rest[0] === 0) socket.write(update(pixels))
  }
}

function serverInit(name: string): Buffer {
  const head = Buffer.alloc(24)
  head.writeUInt16BE(width, 0)
  head.writeUInt16BE(height, 2)
  head.set([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16], 4)
  head.writeUInt32BE(name.length, 20)
  return Buffer.concat([head, Buffer.from(name)])
}

/** The whole screen as one rectangle of raw pixels. */
function update(pixels: Buffer): Buffer {
  const head = Buffer.alloc(16)
  head.writeUInt16BE(1, 2)
  head.writeUInt16BE(width, 8)
  head.writeUInt16BE(height, 10)
  return Buffer.concat([head, pixels])
}

/** Waits for so many bytes; never ends once the socket has. */
function reader(socket: net.Socket): (bytes: number) => Promise<Buffer> {
  let have = Buffer.alloc(0)
  let wake = () => {}
  socket.on('data', (chunk: Buffer) => {
    have = Buffer.concat([have, chunk])
    wake()
  })
  return async (bytes) => {
    while (have.length < bytes) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const taken = have.subarray(0, bytes)
    have = have.subarray(bytes)
    return taken
  }
}
