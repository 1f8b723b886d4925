// What may be missing or come twice when a session goes on from what a dead node had written of it.
import { Duplex } from 'node:stream'
import { FrameParser, fakeClock, frame } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Session } from '../src/resume/session.ts'
import { heldPipe } from '../src/session/held-pipe.ts'
import {
  boundsOf,
  mostKeptBy,
  Rate,
  readCounters,
  type SessionCounters,
  writeCounters,
} from '../src/session/session-counters.ts'
import { readRecipe, writeRecipe } from '../src/session/session-recipe.ts'
import { readSize } from '../src/wire/index.ts'

const counters = fc
  .record({
    confirmed: fc.nat(1e6),
    unread: fc.nat(1e4),
    taken: fc.nat(1e6),
    token: fc.integer({ min: 1, max: 1e6 }),
    reattached: fc.nat(30),
    receivedRate: fc.nat(1e4),
    takenRate: fc.nat(1e4),
    mostKept: fc.nat(1e6),
    untold: fc.nat(1e6),
    epoch: fc.nat(30),
  })
  .map(({ unread, ...its }): Required<SessionCounters> => ({ ...its, received: its.confirmed + unread }))

const idle = {
  ...{ received: 100, confirmed: 100, taken: 5, token: 1 },
  ...{ reattached: 0, receivedRate: 0, takenRate: 0 },
  ...{ mostKept: 50, untold: 0, epoch: 0 },
}
const deps = {
  stallMs: 1e9,
  closeTimeoutMs: 5000,
  keepalive: false as const,
  closePolicy: {
    rejections: 'pass' as const,
    badGateway: 'close' as const,
    closeCodes: { badGateway: 1014, restart: 1012, tryAgain: 1013 },
  },
  messageBytes: 1e6,
}

/** A client's end of a connection: what the gateway writes waits here. */
class Wire extends Duplex {
  waiting = Buffer.alloc(0)
  override _read() {}
  override _write(chunk: Buffer, _: string, done: () => void) {
    this.waiting = Buffer.concat([this.waiting, chunk])
    done()
  }
}

/** Nodes that die, an upstream, and a client that counts what it gets; real sessions, and the network between them. */
class World {
  readonly #window: number
  readonly #clock = fakeClock()
  #session!: Session
  #wire!: Wire
  #parser = new FrameParser()
  #nonce = ''
  /** What the upstream has sent and the gateway has not read. */
  #onItsWay = Buffer.alloc(0)
  #epoch = 0
  #records: string[] = ['']
  /** Messages that gateways have read, and that the client has got. */
  #read = 0
  #got = 0
  /** As the client counts, and what it was told. */
  #received = 0
  said = 0

  constructor(window: number) {
    this.#window = window
    this.#begin({ received: 0, sent: 0 }, false)
  }

  /** Not with the client, though a gateway had it that is dead. */
  get missing(): number {
    return this.#read - this.#got - (this.#session.taken - this.#received)
  }

  #begin(before: ConstructorParameters<typeof Session>[2], resumed: boolean): void {
    const host = {
      onUsed() {},
      onOwesAck() {},
      onParked() {},
      onGrown() {},
      onOver() {},
      onEnding() {},
      onBroken: () => false,
    }
    const onFault = (error: unknown) => {
      throw error
    }
    const options = { ...deps, window: this.#window, clock: this.#clock }
    this.#session = new Session(options, { ...host, onFault }, before)
    this.#session.stream.user = { onPieces: () => undefined, onDrain() {}, onEndOfInput() {}, onClose() {} }
    this.#connect(resumed)
  }

  #connect(resumed: boolean): void {
    this.#wire = new Wire()
    this.#wire.on('error', () => {})
    this.#parser = new FrameParser()
    this.#nonce = ''
    this.#session.connect(
      { stream: this.#wire, deflate: false },
      { token: 't', protocol: '', resumed, for: 1 },
    )
  }

  /** A burst of messages as short as can be, or longer ones; the gateway reads it in parts, and stops when it has to. */
  sends(count: number): void {
    const size = count % 3 === 0 ? 0 : count % 200
    const burst = Array.from({ length: 10 * count }, () => frame({ opcode: 1, payload: 'x'.repeat(size) }))
    this.#onItsWay = Buffer.concat([this.#onItsWay, ...burst])
    this.reads()
  }

  reads(): void {
    const { stream } = this.#session
    while (this.#onItsWay.length > 0 && !stream.writableNeedDrain) {
      const before = this.#session.taken
      stream.write(Buffer.from(this.#onItsWay.subarray(0, readSize)))
      this.#onItsWay = this.#onItsWay.subarray(readSize)
      this.#read += this.#session.taken - before
    }
  }

  /** So many bytes come down to the client. */
  async gets(count: number): Promise<void> {
    const part = this.#wire.waiting.subarray(0, 97 * count)
    this.#wire.waiting = this.#wire.waiting.subarray(97 * count)
    for (const { payload } of this.#parser.push(part)) this.#hear(String(payload))
    await turn()
  }

  #hear(text: string): void {
    if (this.#nonce === '') {
      this.#nonce = text.slice(1, 17)
      this.said += JSON.parse(text.slice(17)).lost ?? 0
    } else if (!text.startsWith(`\0${this.#nonce}`)) {
      this.#got++
      this.#received++
    }
  }

  async acknowledges(): Promise<void> {
    if (this.#nonce === '') return
    const payload = `\0${this.#nonce}${JSON.stringify({ type: 'ack', received: this.#received })}`
    this.#wire.push(frame({ opcode: 1, payload, mask: true }))
    await turn()
  }

  /** Its counters go to the store. */
  writes(): void {
    const { received, taken, window, untold } = this.#session
    this.#records.push(
      writeCounters({
        ...{ ...idle, received, confirmed: received, taken },
        ...{ mostKept: mostKeptBy(window), untold: untold?.lost ?? 0, epoch: this.#epoch },
      }),
    )
  }

  /** The network breaks, and the client comes back. */
  breaks(): void {
    this.#session.returned(this.#received)
    this.#connect(true)
  }

  /** The node dies, with all that it had, and the next one finds an old record, of this epoch or of one before. */
  async dies(which: number): Promise<void> {
    // What the client has not got by now does not come any more.
    this.#wire.destroy()
    this.#session.discard()
    const record = this.#records[this.#records.length - 1 - (which % Math.min(3, this.#records.length))]!
    this.#records = [record]
    const epoch = ++this.#epoch
    const { received, lost, doubled } = boundsOf(readCounters(record)!, {
      epoch,
      window: this.#window,
      silentMs: 0,
    })
    this.#onItsWay = Buffer.alloc(0)
    this.#begin({ received, sent: this.#received, untold: { lost, doubled } }, true)
    // Most clients read `welcome`; some nodes die before.
    if (which % 4 !== 0) await this.gets(9)
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))
const step = fc.record({
  do: fc.constantFrom(
    ...(['sends', 'sends', 'reads', 'gets', 'acknowledges', 'writes', 'breaks', 'dies'] as const),
  ),
  with: fc.nat({ max: 100 }),
})

describe('the counters of a session', () => {
  test('are read as they were written, also by the version after and before', () => {
    fc.assert(
      fc.property(counters, (its) => {
        const written = writeCounters(its)
        expect(readCounters(written)).toEqual(its)
        expect(readCounters(`${written} 7`)).toEqual(its)
        expect(readCounters(written.replace(/^1/, '0'))).toEqual(its)
        expect(readCounters(written.replace(/^1/, '3'))).toBeUndefined()
      }),
    )
    expect(readCounters('')).toMatchObject({ received: 0, taken: 0, token: 1 })
    for (const wrong of ['1', '1 2 3', '1 -1 0 0 0 0 0 0', '1 x 0 0 0 0 0 0', 'nothing'])
      expect(readCounters(wrong)).toBeUndefined()
  })

  test('of a node of the version before are read, and bounded by what is kept here', () => {
    // As that version has written them.
    const golden = '1 120 100 7 3 0 40 2'
    const its = readCounters(golden)!
    expect(its).toEqual({
      ...{ received: 120, confirmed: 100, taken: 7, token: 3, reattached: 0 },
      ...{ receivedRate: 40, takenRate: 2 },
    })
    expect(boundsOf(its, { epoch: 4, window: 1000, silentMs: 500 })).toEqual({
      ...{ received: 100, lost: mostKeptBy(1000), doubled: 196 },
    })
  })

  test('bound what the upstream sends, whatever and whenever that is, however old they are, and whichever nodes die', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 16, max: 4000 }),
        fc.array(step, { maxLength: 40, size: 'max' }),
        async (window, steps) => {
          const world = new World(window)
          for (const { do: what, with: amount } of steps) await world[what](amount)
          await world.gets(1e6)
          expect(world.said).toBeGreaterThanOrEqual(world.missing)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('are wider by what each node may have kept that had the session and wrote nothing', () => {
    const its = readCounters(writeCounters({ ...idle, mostKept: 50, untold: 7, epoch: 2 }))!
    const lost = (epoch: number) => boundsOf(its, { epoch, window: 1, silentMs: 0 }).lost
    expect([3, 4, 5].map(lost)).toEqual([57, 107, 157])
    expect(boundsOf(readCounters('')!, { epoch: 2, window: 1000, silentMs: 0 }).lost).toBe(
      2 * mostKeptBy(1000),
    )
  })

  test('of a session on which nothing happens say that its client sends little again', () => {
    const rate = new Rate(0)
    for (let at = 1000; at < 5000; at += 1000) rate.look(100, at)
    expect(rate.look(100, 20_000)).toBe(0)
    expect(boundsOf(idle, { epoch: 1, window: 1, silentMs: 30_000 })).toMatchObject({
      ...{ received: 100, doubled: 16 },
    })
  })
})

describe('the recipe of a session', () => {
  const recipe = { route: 'chat', key: 'abc', identity: 'who', protocol: 'p', replay: '{"a":1}' }

  test('is read as it was written, by its own version and the next', () => {
    expect(readRecipe(writeRecipe(recipe))).toEqual(recipe)
    const of = (v: number, more: object = {}) => JSON.stringify({ v, ...recipe, ...more })
    expect(readRecipe(of(0))).toEqual(recipe)
    expect(readRecipe(of(3))).toBeUndefined()
    for (const wrong of ['', '{}', 'null', of(1, { route: 7 }), of(1, { held: { session: 's' } })])
      expect(readRecipe(wrong)).toBeUndefined()
  })

  test('makes a connection that is held from its beginning, with what was remembered', () => {
    expect(heldPipe(recipe, true).hold).toMatchObject({ replay: { a: 1 }, departed: 1006, heldFor: 0 })
    expect(heldPipe(recipe, false).hold).toBeUndefined()
  })
})
