// A session against a model of both ends: bytes arrive in pieces of any size, connections are cut between any two of them, the
// client returns, or takes its session over. What each end has in the end is what the other one sent.
import { Duplex } from 'node:stream'
import { FrameParser, fakeClock, frame, opcode } from '@holdfast/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Session } from '../src/resume/session.ts'

/** The gateway's end of a connection; what it writes waits here until it is delivered. */
class Wire extends Duplex {
  waiting = Buffer.alloc(0)
  override _read() {}
  override _write(chunk: Buffer, _: string, done: () => void) {
    this.waiting = Buffer.concat([this.waiting, chunk])
    done()
  }
}

/** Both ends of a session, and the network between. */
class World {
  readonly clock = fakeClock()
  /** What the upstream, and the client's application, have got. */
  readonly arrived: string[] = []
  readonly got: string[] = []
  readonly sent: string[] = []
  readonly said: string[] = []
  readonly faults: unknown[] = []
  readonly session: Session
  #wire: Wire | undefined
  /** Bytes of the client's on their way. */
  #leaving = Buffer.alloc(0)
  #nonce = ''
  #parser = new FrameParser()
  readonly #upstream = new FrameParser()
  /** Messages of the client's that the gateway has acknowledged. */
  #confirmed = 0

  constructor(window: number) {
    this.session = new Session(
      {
        window,
        stallMs: 1e9,
        closeTimeoutMs: 5000,
        keepalive: false,
        closePolicy: {
          rejections: 'pass',
          badGateway: 'close',
          closeCodes: { badGateway: 1014, restart: 1012, tryAgain: 1013 },
        },
        messageBytes: 1e6,
        clock: this.clock,
      },
      {
        onUsed() {},
        onOwesAck() {},
        onParked() {},
        onEnding() {},
        onGrown() {},
        onOver() {},
        onBroken: () => this.faults.push('the client broke a rule') > 0,
        onFault: (error) => this.faults.push(error),
      },
    )
    this.session.stream.user = {
      onPieces: (pieces) => {
        for (const { opcode: op, payload } of this.#upstream.push(Buffer.concat(pieces)))
          if (op < 8) this.arrived.push(String(payload))
        return undefined
      },
      onDrain() {},
      onEndOfInput() {},
      onClose() {},
    }
    this.#connect(false)
  }

  #connect(resumed: boolean) {
    if (resumed) this.session.returned(this.got.length)
    const wire = new Wire()
    wire.on('error', () => {})
    this.#wire = wire
    this.#leaving = Buffer.alloc(0)
    this.#parser = new FrameParser()
    this.#nonce = ''
    this.session.connect({ stream: wire, deflate: false }, { token: 't', protocol: '', resumed, for: 1 })
  }

  serverSends(size: number) {
    this.session.stream.write(this.#next(size))
  }

  /** Several messages in one write. */
  serverBursts(size: number) {
    this.session.stream.write(Buffer.concat([0, 1, 2, 3, 4].map((n) => this.#next((size * n) % 127))))
  }

  #next(size: number): Buffer {
    const text = `${this.sent.length}:${'s'.repeat(size)}`
    this.sent.push(text)
    return frame({ opcode: opcode.text, payload: text })
  }

  /** More than what waits for the upstream before it is held up. */
  clientSaysMuch(size: number) {
    for (let n = 0; n < 3; n++) this.clientSays(100 * size)
  }

  /** Its upstream takes nothing, or does again. */
  stops() {
    this.session.stream.pause()
  }

  goesOn() {
    this.session.stream.resume()
  }

  clientSays(size: number) {
    const text = `${this.said.length}:${'c'.repeat(size)}`
    this.said.push(text)
    // Before `welcome` it keeps what it has to say.
    if (this.#nonce) this.#write(text)
  }

  #write(text: string) {
    this.#leaving = Buffer.concat([this.#leaving, frame({ opcode: opcode.text, payload: text, mask: true })])
  }

  #say(body: object) {
    this.#write(`\0${this.#nonce}${JSON.stringify(body)}`)
  }

  /** So many bytes arrive at the client. */
  down(bytes: number) {
    const wire = this.#wire
    if (!wire) return
    const part = wire.waiting.subarray(0, bytes)
    wire.waiting = wire.waiting.subarray(bytes)
    for (const { payload } of this.#parser.push(part)) this.#hear(String(payload))
  }

  #hear(text: string) {
    if (!this.#nonce) {
      this.#nonce = text.slice(1, 17)
      const { received } = JSON.parse(text.slice(17))
      this.#confirmed = received
      this.#say({ type: 'ack', received: this.got.length })
      for (const kept of this.said.slice(received)) this.#write(kept)
    } else if (text.startsWith(`\0${this.#nonce}`)) {
      const { type, received } = JSON.parse(text.slice(17))
      if (type === 'ack') this.#confirmed = received
    } else this.got.push(text)
  }

  /** So many bytes arrive at the gateway. */
  up(bytes: number) {
    const part = this.#leaving.subarray(0, bytes)
    this.#leaving = this.#leaving.subarray(bytes)
    if (part.length > 0) this.#wire?.push(Buffer.from(part))
  }

  ack() {
    if (this.#nonce) this.#say({ type: 'ack', received: this.got.length })
  }

  cut() {
    this.#wire?.destroy()
    this.#wire = undefined
    this.#nonce = ''
  }

  back() {
    this.#connect(true)
  }

  /** How many bytes wait to be delivered. */
  onItsWay(direction: 'down' | 'up'): number {
    return direction === 'down' ? (this.#wire?.waiting.length ?? 0) : this.#leaving.length
  }

  get isQuiet() {
    const none = !this.#wire?.waiting.length && this.#leaving.length === 0
    return none && this.#confirmed === this.said.length
  }
}

const full = process.env.HOLDFAST_FULL === '1'
const seeds = full ? 1000 : 5
const size = fc.nat({ max: 300 })
const bytes = fc.nat({ max: 400 })
const step = fc.oneof(
  fc.record({ do: fc.constant('serverSends' as const), with: size }),
  fc.record({ do: fc.constant('serverBursts' as const), with: size }),
  fc.record({ do: fc.constant('clientSays' as const), with: size }),
  fc.record({ do: fc.constant('clientSaysMuch' as const), with: size }),
  fc.record({ do: fc.constant('down' as const), with: bytes }),
  fc.record({ do: fc.constant('up' as const), with: fc.oneof(bytes, fc.constant(1e5)) }),
  fc.record({
    do: fc.constantFrom('ack' as const, 'cut' as const, 'back' as const, 'stops' as const, 'goesOn' as const),
    with: fc.constant(0),
  }),
)
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A last return, which is not cut: each end has all that the other one sent. */
async function expectAll(world: World) {
  world.cut()
  world.back()
  world.goesOn()
  for (let n = 0; n < 1000 && !(world.isQuiet && world.got.length === world.sent.length); n++) {
    world.clock.tick(1000)
    world.session.tick(world.clock.now())
    world.down(1e6)
    world.up(1e6)
    world.ack()
    await turn()
  }
  expect(world.faults).toEqual([])
  expect(world.got).toEqual(world.sent)
  expect(world.arrived).toEqual(world.said)
}

test('each message arrives once and in order, wherever connections are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 64, max: 2000 }),
      fc.array(step, { maxLength: 60 }),
      fc.boolean(),
      async (window, steps, isStuck) => {
        const world = new World(window)
        if (isStuck) {
          world.down(1e6)
          world.stops()
        }
        for (const { do: what, with: amount } of steps) {
          world[what](amount)
          await turn()
        }
        await expectAll(world)
      },
    ),
    { numRuns: 100 },
  )
})

test(
  `a return that is cut at each of its bytes, in either direction, loses nothing: ${seeds} seeds`,
  async () => {
    const few = fc.array(size, { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(few, few, fc.boolean(), async (owed, kept, acknowledges) => {
        const world = new World(2000)
        world.down(1e6)
        world.up(1e6)
        for (const direction of ['down', 'up'] as const) {
          world.cut()
          for (const one of owed) world.serverSends(one)
          for (const one of kept) world.clientSays(one)
          for (let bytes = 0; ; bytes++) {
            world.back()
            await turn()
            // What the client says, it says behind `welcome`.
            if (direction === 'up') world.down(1e6)
            const length = world.onItsWay(direction)
            world[direction](bytes)
            if (acknowledges) world.ack()
            await turn()
            if (bytes >= length) break
            world.cut()
          }
        }
        await expectAll(world)
      }),
      { numRuns: seeds },
    )
  },
  full ? 900_000 : 60_000,
)
