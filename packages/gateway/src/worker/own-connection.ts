// A connection of this worker's own, with known bytes both ways: it begins here and goes on in a worker of the next version.
// Whoever has its two ends sees each byte that is lost, doubled or changed.
import type net from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../core/index.ts'
import type { Gateway, Packed } from '../gateway.ts'
import { messageFrame } from '../wire/index.ts'
import type { MoveOutcome } from './worker-messages.ts'

/** Payloads, in bytes: each form of a header, and what does not fit into one read. */
const payloads = [0, 1, 125, 126, 5000, 65_535, 65_536, 200_000]
/** Milliseconds in which all of it must arrive. */
const arriveWithinMs = 5000
/** Milliseconds in which it must stand still, to be moved. */
const standStillWithinMs = 1000

export interface OwnConnectionDeps {
  gateway: Pick<Gateway, 'openOwn' | 'packOwn'>
  /** Two ends of one socket. */
  pair: () => Promise<{ here: net.Socket; there: net.Socket }>
  /** Moves it to that worker. */
  move: (packed: Packed, to: number) => Promise<MoveOutcome>
  clock: Clock
}

/**
 * Tries one worker. The result says what is wrong with it, in words; undefined: nothing.
 *
 * @throws {Error} This worker could not make the connection: that says nothing about the other.
 */
export async function tryWithOwnConnection(to: number, deps: OwnConnectionDeps): Promise<string | undefined> {
  const { gateway, pair, move, clock } = deps
  const [client, upstream] = [await pair(), await pair()]
  const ends = [client.here, upstream.here]
  for (const end of ends) end.on('error', () => {})
  try {
    const connection = gateway.openOwn(client.there, upstream.there)
    const ways = [
      new Way(client.here, upstream.here, true, clock),
      new Way(upstream.here, client.here, false, clock),
    ]
    // A part of it, which ends within a frame, goes through this process.
    for (const way of ways) way.begin()
    await Promise.all(ways.map((way) => way.hasBegun))
    const packed = await gateway.packOwn(connection, standStillWithinMs)
    if (!packed) throw new Error('the connection does not stand still')
    if ((await move(packed, to)) !== 'moved') return 'it did not take over a connection'
    for (const way of ways) way.goOn()
    const faults = await Promise.all(ways.map((way) => way.over))
    return faults.find((fault) => fault !== undefined)
  } finally {
    for (const end of ends) end.destroy()
  }
}

/** The bytes of one direction. */
class Way {
  readonly #from: Duplex
  readonly #bytes: Buffer
  readonly #first: number
  #arrived = 0
  #started: () => void = () => {}
  #settle: (fault?: string) => void = () => {}
  /** The first of it has arrived, or something else has. */
  readonly hasBegun: Promise<void>
  /** Resolves when all of it has arrived; else to what is wrong. */
  readonly over: Promise<string | undefined>

  constructor(from: Duplex, to: Duplex, masked: boolean, clock: Clock) {
    this.#from = from
    this.#bytes = Buffer.concat(
      payloads.map((size) => messageFrame({ type: 'binary', data: known(size) }, masked)),
    )
    const whole = payloads
      .slice(0, 4)
      .reduce((sum, size) => sum + messageFrame({ type: 'binary', data: known(size) }, masked).length, 0)
    // Two bytes more: a part of the next header.
    this.#first = whole + 2
    const what = masked ? 'from client to upstream' : 'from upstream to client'
    this.hasBegun = new Promise((resolve) => {
      this.#started = resolve
    })
    this.over = new Promise((resolve) => {
      const late = () =>
        this.#settle(
          `${this.#arrived} of ${this.#bytes.length} bytes of the gateway's own connection arrived ${what}`,
        )
      const timer = clock.setTimeout(late, arriveWithinMs)
      this.#settle = (fault) => {
        clock.clearTimeout(timer)
        this.#started()
        resolve(fault)
      }
    })
    to.on('data', (chunk: Buffer) => {
      const expected = this.#bytes.subarray(this.#arrived, this.#arrived + chunk.length)
      this.#arrived += chunk.length
      if (!chunk.equals(expected))
        this.#settle(`bytes of the gateway's own connection were lost or changed ${what}`)
      // A header that is not whole waits in the process that reads it.
      else if (this.#arrived === this.#bytes.length) this.#settle()
      else if (this.#arrived >= this.#first - 2) this.#started()
    })
    to.once('close', () => this.#settle(`the gateway's own connection ended`))
  }

  begin(): void {
    this.#from.write(this.#bytes.subarray(0, this.#first))
  }

  goOn(): void {
    this.#from.write(this.#bytes.subarray(this.#first))
  }
}

/** So many bytes, no two of which that are near each other are alike. */
function known(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + size) & 0xff
  return bytes
}
