// The socket between a carrier and the other processes takes nobody who has not the secret of the moment.
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, fakeClock, once } from '@holdfast/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { JointCarrier, secretBytes, socketName } from '../src/worker/carrier.ts'

let folder: string
let path: string
const clock = fakeClock()
let carrier: JointCarrier
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carrier-'))
  path = join(folder, socketName(process.pid))
  carrier = new JointCarrier({ worker: 1, clock, onEmpty() {} })
  carrier.open(folder)
})
afterEach(async () => {
  await carrier.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Two ends of one socket, and what was said to join them. */
async function pairWithSecret() {
  const { write } = net.Socket.prototype
  let secret = Buffer.alloc(0)
  net.Socket.prototype.write = function (this: net.Socket, ...args: Parameters<typeof write>) {
    if (args[0] instanceof Buffer && args[0].length === secretBytes) secret = args[0]
    return write.apply(this, args)
  } as typeof write
  try {
    return { ...(await carrier.pair()), secret }
  } finally {
    net.Socket.prototype.write = write
  }
}

/** Says this to it; resolves when it is let go of, with what it heard. */
function stranger(says: Buffer): { socket: net.Socket; over: Promise<string> } {
  const socket = net.connect(path, () => socket.write(says))
  let heard = ''
  socket.on('error', () => {}).on('data', (bytes) => (heard += bytes))
  return { socket, over: new Promise((resolve) => socket.on('close', () => resolve(heard))) }
}

async function talks(here: net.Socket, there: net.Socket): Promise<void> {
  here.write('to there')
  expect(String((await once(there.resume(), 'data'))[0])).toBe('to there')
}

test('a secret opens one way, once: said again it opens nothing, and what it has opened is not touched', async () => {
  const { here, there, secret } = await pairWithSecret()
  expect(secret.length).toBe(secretBytes)
  expect(await stranger(secret).over).toBe('')
  const next = await pairWithSecret()
  expect(next.secret.equals(secret)).toBe(false)
  expect(await stranger(secret).over).toBe('')
  await talks(here, there)
  await talks(next.here, next.there)
  for (const end of [here, there, next.here, next.there]) end.destroy()
})

test('whoever says nothing, or a part of a secret, is let go of after a while, and whoever says another at once', async () => {
  const { here, there } = await carrier.pair()
  const [silent, halting] = [stranger(Buffer.alloc(0)), stranger(Buffer.alloc(secretBytes - 1))]
  expect(await stranger(Buffer.alloc(secretBytes, 1)).over).toBe('')
  clock.tick(1999)
  await talks(here, there)
  expect([silent, halting].map(({ socket }) => socket.closed)).toEqual([false, false])
  clock.tick(1)
  expect(await Promise.all([silent.over, halting.over])).toEqual(['', ''])
  for (const end of [here, there]) end.destroy()
})

test('many who say nothing keep nobody out for longer than that', async () => {
  const { here, there } = await carrier.pair()
  const crowd = Array.from({ length: 100 }, () => stranger(Buffer.alloc(0)))
  // Those that are too many go at once.
  await eventually('the surplus is closed', () => crowd.filter(({ socket }) => socket.closed).length >= 36)
  clock.tick(2000)
  await Promise.all(crowd.map(({ over }) => over))
  const next = await carrier.pair()
  await talks(next.here, next.there)
  for (const end of [here, there, next.here, next.there]) end.destroy()
})
