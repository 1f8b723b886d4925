// Memory of what is kept for clients: it is used again only when nobody can read or write anything of it any more.
import { startGateway, startUpstream } from '@holdfast/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Slabs } from '../src/resume/slabs.ts'
import { endLoan, lend, putBack, readSize, takeBuffer } from '../src/wire/read-buffers.ts'
import { resumeOptions, resumingClient } from './resuming.ts'

/** Bytes that lie in a buffer for reading. */
function lent(length: number, value: number): Buffer {
  return takeBuffer().subarray(0, length).fill(value)
}

/** The buffer in which they lie. */
const wholeOf = (bytes: Buffer) => Buffer.from(bytes.buffer)

function kept(slabs: Slabs, bytes: Buffer): Buffer {
  const copy = slabs.keep(bytes)
  slabs.hold(copy)
  return copy
}

/** Whether the memory is what the next read gets. */
function isFree(piece: Buffer): boolean {
  const next = takeBuffer()
  putBack(next)
  return next.buffer === piece.buffer
}

test('memory is free when the last piece in it is, and not before', () => {
  const slabs = new Slabs()
  const one = kept(slabs, lent(20_000, 1))
  const two = kept(slabs, lent(100, 2))
  expect(two.buffer).toBe(one.buffer)
  expect(slabs.cost).toBe(readSize)
  slabs.release(one, true)
  expect(isFree(one)).toBe(false)
  expect(two.every((byte) => byte === 2)).toBe(true)
  slabs.release(two, true)
  expect(isFree(two)).toBe(true)
  expect(slabs.cost).toBe(0)
})

test('what may still be written is left to the garbage collector', () => {
  const slabs = new Slabs()
  const early = kept(slabs, lent(20_000, 1))
  const other = kept(slabs, lent(20_000, 1))
  slabs.release(early, false)
  slabs.release(other, true)
  expect(isFree(other)).toBe(false)
  const left = kept(slabs, lent(20_000, 2))
  slabs.leave()
  slabs.release(left, true)
  expect(isFree(left)).toBe(false)
  expect(slabs.cost).toBe(0)
})

test('a few bytes do not get a buffer of their own, and what is not lent stays where it is', () => {
  const slabs = new Slabs()
  const few = lent(5000, 3)
  const copy = kept(slabs, few)
  few.fill(0)
  expect(copy.every((byte) => byte === 3)).toBe(true)
  const own = Buffer.alloc(20_000)
  expect(slabs.keep(own)).toBe(own)
  expect(slabs.cost).toBe(0)
})

test('a buffer that a read has filled by half is taken over, and is free when the last piece in it is', () => {
  const slabs = new Slabs()
  const read = lent(40_000, 4)
  lend(wholeOf(read))
  const all = slabs.keep(read)
  expect(all).toBe(read)
  // What comes of the same read is there already, however short.
  const [one, two] = [all.subarray(0, 30_000), slabs.keep(all.subarray(30_000))]
  slabs.hold(one)
  slabs.hold(two)
  slabs.settle(all)
  expect(endLoan()).toBe(false)
  expect(slabs.cost).toBe(readSize)
  slabs.release(one, true)
  expect(isFree(read)).toBe(false)
  slabs.release(two, true)
  expect(isFree(read)).toBe(true)
  expect(slabs.cost).toBe(0)
})

test('of a read of which nothing is kept, or little, the wire has its buffer again, or the garbage collector', () => {
  const slabs = new Slabs()
  const few = lent(30_000, 5)
  lend(wholeOf(few))
  expect(kept(slabs, few).buffer).not.toBe(few.buffer)
  expect(endLoan()).toBe(true)
  const nothing = lent(60_000, 6)
  lend(wholeOf(nothing))
  slabs.settle(slabs.keep(nothing))
  expect(endLoan()).toBe(false)
  expect(isFree(nothing)).toBe(false)
  // A copy of another wire's bytes that are lent no more.
  expect(slabs.keep(nothing)).not.toBe(nothing)
})

/** Writes over all memory that is said to be free: what still needs some of it has got something else in it then. */
function scribble(): void {
  const free = Array.from({ length: 8 }, takeBuffer)
  for (const buffer of free) putBack(buffer.fill(0xa5))
}

/** A message of so many bytes that no other has. */
const body = (of: number, n: number, size: number) => `${of}.${n};`.repeat(size).slice(0, size)

const index = fc.nat({ max: 2 })
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('send' as const), of: index, size: fc.nat({ max: 40_000 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('burst' as const), of: index, size: fc.nat({ max: 3000 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('ack', 'ack', 'stop', 'read', 'read', 'cut'),
      of: index,
      size: fc.nat({ max: 30 }),
    }),
  },
)

const turn = () => new Promise((resolve) => setImmediate(resolve))
/** Reads after which a socket reads into buffers that are used again, and some more. */
const warm = 24

test('each byte is what was sent, whatever clients acknowledge, do not read, or lose, and whoever gets the memory next', async () => {
  await using upstream = await startUpstream({ echo: false })
  await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
  const all = await Promise.all(
    [0, 1, 2].map(async () => {
      const client = await resumingClient(gateway.url, { acknowledges: false })
      return { client, server: await upstream.connection(), sent: [] as string[] }
    }),
  )
  const send = (of: number, size: number) => {
    const { server, sent } = all[of]!
    sent.push(body(of, sent.length, size))
    server.send(sent.at(-1)!)
  }
  const readsOf = async ({ client }: (typeof all)[0]) => {
    for (let n = 0; n < warm; n++) {
      client.ack()
      await turn()
    }
  }
  for (const [of, one] of all.entries()) {
    for (let n = 0; n < warm; n++) {
      send(of, 10)
      await one.client.until(n + 1)
    }
    await readsOf(one)
  }
  const acknowledged = all.map(({ client }) => client.received)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60 }), async (steps) => {
      for (const { do: what, of, size } of steps) {
        const { client } = all[of]!
        if (what === 'send') send(of, size)
        else if (what === 'burst') for (let n = 0; n < 12; n++) send(of, 200 + ((size * (n + 1)) % 3000))
        else if (what === 'ack') {
          acknowledged[of] = Math.max(acknowledged[of]!, client.received - size)
          client.ack(acknowledged[of])
        } else if (what === 'stop') client.connection!.stopReading()
        else if (what === 'read') client.connection!.startReading()
        else {
          // Of what it has not acknowledged some lies behind what it has, in the same memory: it is sent again.
          client.received = Math.max(client.received - size, acknowledged[of]!)
          client.messages.length = client.received
          client.cut()
          await client.open()
          await readsOf(all[of]!)
          acknowledged[of] = client.received
        }
        await turn()
        scribble()
      }
      for (const { client, sent } of all) {
        client.connection!.startReading()
        await client.until(sent.length)
        expect(client.messages.findIndex((text, n) => text !== sent[n])).toBe(-1)
      }
    }),
    // A failed wait is long: no smaller case is looked for.
    { numRuns: 20, endOnFailure: true },
  )
  for (const { client } of all) client.cut()
})
