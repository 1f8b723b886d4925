// What waits for a wire that writes nothing any more, and how much for one that does.
import { once } from 'node:events'
import net from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { libuv } from '../src/wire/libuv.ts'
import { mostHeld } from '../src/wire/read-buffers.ts'
import { StreamWire } from '../src/wire/stream-wire.ts'
import { wireOf } from '../src/wire/wire-of.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

test.runIf(libuv)('a wire keeps a few buffers until it has written, and none when it is gone', async () => {
  const server = net.createServer((socket) => socket.pause()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  const [peer] = (await once(server, 'connection')) as [net.Socket]
  if (socket.connecting) await once(socket, 'connect')
  const wire = wireOf(socket)
  expect(wire).not.toBeInstanceOf(StreamWire)
  while (wire.writableLength === 0) wire.write(Buffer.alloc(1 << 20))

  const waiting = (count: number) =>
    Array.from({ length: count }, () => {
      const buffer = Buffer.allocUnsafeSlow(64 * 1024)
      wire.putBackLater(buffer)
      return new WeakRef(buffer)
    })
  const kept = (refs: WeakRef<Buffer>[]) => {
    collectGarbage()
    return refs.filter((ref) => ref.deref()).length
  }
  const some = waiting(20)
  await expect.poll(() => kept(some), { interval: 20 }).toBe(mostHeld)
  wire.destroy()
  const more = waiting(20)
  await expect.poll(() => kept([...some, ...more]), { interval: 20 }).toBe(0)
  peer.destroy()
  server.close()
})
