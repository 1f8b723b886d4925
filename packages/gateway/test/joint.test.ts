// What joins a wire to a socket of another process: the bytes of one are those of the other, and so is each end.
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, once } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../src/core/index.ts'
import { Joint } from '../src/wire/joint.ts'
import { StreamWire } from '../src/wire/stream-wire.ts'
import { wireOf } from '../src/wire/wire-of.ts'

/** Two ends of one connection. */
async function connection(path?: string): Promise<[net.Socket, net.Socket]> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true })
  await new Promise<void>((resolve) =>
    path ? server.listen(path, resolve) : server.listen(0, '127.0.0.1', resolve),
  )
  const accepted = once(server, 'connection')
  const options = path ? { path } : { port: (server.address() as net.AddressInfo).port, host: '127.0.0.1' }
  const socket = net.connect({ ...options, allowHalfOpen: true })
  const [other] = (await accepted) as [net.Socket]
  server.close()
  for (const end of [socket, other]) end.on('error', () => {})
  return [socket, other]
}

describe.each([
  ['a handle', wireOf],
  ['a stream', (socket: net.Socket) => new StreamWire(socket)],
] as const)('joined to %s', (_, farOf) => {
  /** A client, and the socket that another process would have. */
  async function joined() {
    const folder = mkdtempSync(join(tmpdir(), 'joint-'))
    const [client, near] = await connection()
    const [there, here] = await connection(join(folder, 's'))
    let isOver = false
    const joint = new Joint(new StreamWire(near), farOf(here), systemClock, () => {
      isOver = true
    })
    const heard = { client: 0, there: 0 }
    client.on('data', ({ length }) => (heard.client += length))
    return {
      client,
      there,
      joint,
      heard,
      isOver: () => isOver,
      /** Reads there from now on. */
      read: () => there.on('data', ({ length }) => (heard.there += length)),
      [Symbol.dispose]() {
        for (const end of [client, there]) end.destroy()
        joint.destroy()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  }

  test('an end of one half is one of the other, in either direction, behind the last bytes', async () => {
    using it = await joined()
    const { client, there } = it
    it.read()
    client.end(Buffer.alloc(300_000))
    await once(there, 'end')
    expect(it.heard.there).toBe(300_000)
    there.write(Buffer.alloc(200_000))
    there.end(Buffer.alloc(100_000))
    await once(client, 'end')
    expect(it.heard.client).toBe(300_000)
    await eventually('it is over', it.isOver)
  })

  test('whoever goes on after the other has ended its half is heard', async () => {
    using it = await joined()
    const { client, there } = it
    it.read()
    there.end('last words')
    await once(client, 'end')
    expect(it.heard.client).toBe(10)
    client.end(Buffer.alloc(300_000))
    await once(there, 'end')
    expect(it.heard.there).toBe(300_000)
    await eventually('it is over', it.isOver)
  })

  test('who ends its half while bytes wait for it gets all of them', async () => {
    using it = await joined()
    const { client, there } = it
    const bytes = 8 << 20
    client.end(Buffer.alloc(bytes))
    // Nothing is read, and the client is stopped.
    let [waiting, looks] = [0, 0]
    await eventually('bytes wait', () => {
      const same = client.writableLength > 0 && client.writableLength === waiting
      waiting = client.writableLength
      looks = same ? looks + 1 : 0
      return looks === 5
    })
    there.end('last words')
    it.read()
    await once(there, 'end')
    expect(it.heard).toMatchObject({ there: bytes })
    await eventually('the last words', () => it.heard.client === 10)
    await eventually('it is over', it.isOver)
  })

  test.each([
    ['the other process', 'there', 'client'],
    ['the client', 'client', 'there'],
  ] as const)('when %s closes it whole, the other end closes, though bytes wait', async (_, closed, told) => {
    using it = await joined()
    it[told].resume()
    for (const end of [it.client, it.there]) end.write(Buffer.alloc(1 << 20))
    it[told].on('end', () => it[told].end())
    it[closed].destroy()
    await eventually('the other end closes', () => it[told].closed)
    const look = setInterval(() => it.joint.look(), 20)
    await eventually('it is over', it.isOver).finally(() => clearInterval(look))
  })
})
