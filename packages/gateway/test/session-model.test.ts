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
        onParked() {},
        onGrown() {},
        onOver() {},
        onBroken: () => this.faults.push('the client broke a rule') > 0,
        onFault: (error) => this.faults.push(error),
      },
    )
    this.session.stream.on('data', (bytes: Buffer) => {
      for (const { opcode: op, payload } of this.#upstream.push(bytes))
        if (op < 8) this.arrived.push(String(payload))
    })
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
    const text = `${this.sent.length}:${'s'.repeat(size)}`
    this.sent.push(text)
    this.session.stream.write(frame({ opcode: opcode.text, payload: text }))
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

  get isQuiet() {
    const none = !this.#wire?.waiting.length && this.#leaving.length === 0
    return none && this.#confirmed === this.said.length
  }
}

const size = fc.nat({ max: 300 })
const bytes = fc.nat({ max: 400 })
const step = fc.oneof(
  fc.record({ do: fc.constant('serverSends' as const), with: size }),
  fc.record({ do: fc.constant('clientSays' as const), with: size }),
  fc.record({ do: fc.constant('down' as const), with: bytes }),
  fc.record({ do: fc.constant('up' as const), with: bytes }),
  fc.record({ do: fc.constantFrom('ack' as const, 'cut' as const, 'back' as const), with: fc.constant(0) }),
)
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('each message arrives once and in order, wherever connections are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 64, max: 2000 }),
      fc.array(step, { maxLength: 60 }),
      async (window, steps) => {
        const world = new World(window)
        for (const { do: what, with: amount } of steps) {
          world[what](amount)
          await turn()
        }
        world.cut()
        world.back()
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
      },
    ),
    { numRuns: 100 },
  )
})
