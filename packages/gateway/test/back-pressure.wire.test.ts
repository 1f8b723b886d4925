// A side that stops reading stops the other side, and costs the gateway next to nothing.

import { setTimeout as wait } from 'node:timers/promises'
import {
  eventually,
  frame,
  type Holdfast,
  opcode,
  rawClient,
  rawUpstream,
  runtime,
  startHoldfast,
} from '@holdfast/testing'
import { expect, test } from 'vitest'

const GB = 1024 ** 3
const MB = 1024 ** 2
const payload = Buffer.alloc(MB, 'x')

/** Stopped at once, so that what one costs stands out from what a runtime takes for itself now and then. */
const stoppedAtOnce = 8

/** Resolves when the count has not moved for half a second: the writer is stopped. */
async function standstill(count: () => number): Promise<number> {
  for (let last = -1, same = 0; ; ) {
    const now = count()
    same = now === last ? same + 1 : 0
    if (same === 5) return now
    last = now
    await wait(100)
  }
}

/** The process that carries the bytes. */
function memory(holdfast: Holdfast): number {
  const { supervisor, workers } = holdfast.rss()
  return workers[0] ?? supervisor
}

/**
 * Lets code, heap and the allocator grow to their size before anything is measured: a read that has been handed on is
 * garbage until the next collection, and its memory stays with the process. What a stopped connection really holds is
 * some 160 KiB.
 */
async function warmUp(url: string, upstream: Awaited<ReturnType<typeof rawUpstream>>) {
  const clients = await Promise.all(
    Array.from({ length: 2 * stoppedAtOnce }, () => rawClient(url, { keepsFrames: false })),
  )
  const connections = await Promise.all(clients.map(() => upstream.connection()))
  for (const [from, to, mask] of [
    [connections, clients, false],
    [clients, connections, true],
  ] as const) {
    const bytes = frame({ opcode: opcode.binary, payload, mask })
    await Promise.all(from.map((peer) => peer.flood(bytes, 24).done))
    const received = () => to.reduce((sum, peer) => sum + peer.bytes, 0)
    await expect.poll(received).toBe(2 * stoppedAtOnce * 24 * bytes.length)
  }
  for (const client of clients) await client[Symbol.asyncDispose]()
}

test.each(['client', 'upstream'] as const)(
  'a %s that stops reading 1 GB stops its peer and costs less than 4 MB; reading on, it gets every byte',
  async (stopped) => {
    await using upstream = await rawUpstream({ keepsFrames: false })
    await using holdfast = await startHoldfast({ args: ['--upstream', upstream.url, '--workers', '1'] })
    await warmUp(holdfast.url, upstream)
    const opening = Array.from({ length: stoppedAtOnce }, () =>
      rawClient(holdfast.url, { keepsFrames: false }),
    )
    const clients = await Promise.all(opening)
    const connections = await Promise.all(clients.map(() => upstream.connection()))
    const [readers, writers] = stopped === 'client' ? [clients, connections] : [connections, clients]
    const bytes = frame({ opcode: opcode.binary, payload, mask: stopped === 'upstream' })
    const count = GB / MB

    for (const reader of readers) reader.stopReading()
    const before = memory(holdfast)
    const floods = writers.map((writer) => writer.flood(bytes, count))
    const written = await standstill(() => floods.reduce((sum, flood) => sum + flood.written, 0))
    expect(written / stoppedAtOnce).toBeLessThan(64 * MB)
    expect((memory(holdfast) - before) / stoppedAtOnce).toBeLessThan(4 * MB)

    // One of them goes on.
    readers[0]!.startReading()
    await floods[0]!.done
    await expect.poll(() => readers[0]!.bytes, { timeout: 60_000 }).toBe(count * bytes.length)
    for (const client of clients) client.reset()
  },
)

// Bun has no space for young objects that could be kept small.
test.skipIf(runtime().name === 'bun')(
  'a client that is held, reads nothing and sends 79 MB of Pings costs less than 30 MB',
  async () => {
    const upstream = await rawUpstream()
    const routes = [{ name: 'all', upstreams: [upstream.url], hold: { for: '120s' } }]
    await using holdfast = await startHoldfast({ config: { workers: 1, routes } })
    await using client = await rawClient(holdfast.url)
    await upstream.connection()
    client.socket.pause()
    await upstream[Symbol.asyncDispose]()
    await eventually('the hold', async () => {
      const { body } = await holdfast.api('/api/state')
      return (body as { routes: { connections: { held: number } }[] }).routes[0]!.connections.held === 1
    })
    const before = memory(holdfast)
    const pings = Array.from({ length: 2000 }, () =>
      frame({ opcode: opcode.ping, payload: Buffer.alloc(125), mask: true }),
    )
    await client.flood(Buffer.concat(pings), 300).done
    expect(memory(holdfast) - before).toBeLessThan(30 * MB)
  },
)
