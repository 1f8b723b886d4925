// A side that stops reading stops the other side, and costs the gateway next to nothing.

import { setTimeout as wait } from 'node:timers/promises'
import { frame, type Holdfast, opcode, rawClient, rawUpstream, startHoldfast } from '@holdfast/testing'
import { expect, test } from 'vitest'

const GB = 1024 ** 3
const MB = 1024 ** 2
const payload = Buffer.alloc(MB, 'x')

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

/** Lets buffers and code grow to their size before anything is measured. */
async function warmUp(url: string, upstream: Awaited<ReturnType<typeof rawUpstream>>) {
  await using client = await rawClient(url, { keepsFrames: false })
  const connection = await upstream.connection()
  for (const [from, to, mask] of [
    [connection, client, false],
    [client, connection, true],
  ] as const) {
    const before = to.bytes
    const bytes = frame({ opcode: opcode.binary, payload, mask })
    await from.flood(bytes, 128).done
    await expect.poll(() => to.bytes - before, { timeout: 20_000 }).toBe(128 * bytes.length)
  }
}

test.each(['client', 'upstream'] as const)(
  'a %s that stops reading 1 GB stops its peer and costs less than 4 MB; reading on, it gets every byte',
  async (stopped) => {
    await using upstream = await rawUpstream({ keepsFrames: false })
    await using holdfast = await startHoldfast({ args: ['--upstream', upstream.url, '--workers', '1'] })
    await warmUp(holdfast.url, upstream)
    await using client = await rawClient(holdfast.url, { keepsFrames: false })
    const connection = await upstream.connection()
    const reader = stopped === 'client' ? client : connection
    const writer = stopped === 'client' ? connection : client
    const bytes = frame({ opcode: opcode.binary, payload, mask: stopped === 'upstream' })
    const count = GB / MB

    reader.stopReading()
    const before = memory(holdfast)
    const flood = writer.flood(bytes, count)
    const written = await standstill(() => flood.written)
    expect(written).toBeLessThan(64 * MB)
    expect(memory(holdfast) - before).toBeLessThan(4 * MB)

    reader.startReading()
    await flood.done
    await expect.poll(() => reader.bytes, { timeout: 60_000 }).toBe(count * bytes.length)
  },
  120_000,
)
