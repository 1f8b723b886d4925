// PROTOCOL.md section 11: what `resume` says of a gateway that was lost is never less than what happened, whatever was sent, however old
// that is what the next gateway knows, and whenever the one before died.
import { fakeClock } from '@holdfast/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { scripted } from '../scripted-connection.ts'
import { openSocket } from './open-socket.ts'

const nonce = 'AAECAwQFBgcICQoL'

/** Gateways that die, and the upstream behind them, which counts. */
class World {
  readonly clock = fakeClock()
  readonly #scripted = scripted()
  readonly #opened
  /** What the upstream has read, in order. */
  readonly read: string[] = []
  sent = 0
  /** What the gateway of the moment has, and how many of the session's messages came before. */
  #has: string[] = []
  #before = 0
  /** How many of these the upstream has read, by which it confirms later. */
  #readOf = 0
  #confirmed = 0
  /** What others can find: the counts that were ever written since the last takeover. */
  #written = [0]
  /** How many messages of the connection of the moment the gateway has looked at. */
  #seen = 0

  constructor(window: number) {
    const { Class } = this.#scripted
    this.window = window
    this.#opened = openSocket('ws://x/', [], { WebSocket: Class, clock: this.clock })
    this.#greet({ resumed: false })
  }

  readonly window: number

  #greet(more: object): void {
    const last = this.#scripted.last()
    Object.assign(last, { protocol: 'holdfast.v1' }).open()
    this.#seen = 0
    const given = { token: 't', protocol: '', window: this.window, for: 60_000 }
    const welcome = { type: 'welcome', ...given, received: this.#before + this.#has.length, ...more }
    last.receive(`\0${nonce}${JSON.stringify(welcome)}`)
  }

  get said(): { lost: number; doubled: number } {
    const { resumes } = this.#opened
    const own = resumes.map(({ lost }) => (lost > 0 ? lost - 1 : 0))
    return {
      lost: own.reduce((sum, one) => sum + one, 0),
      doubled: resumes.reduce((sum, { doubled }) => sum + doubled, 0),
    }
  }

  /** The application sends some. */
  sends(count: number): void {
    for (let n = 0; n < count; n++) this.#opened.socket.send(`${this.sent++}`)
  }

  /** So many arrive at the gateway. */
  arrive(count: number): void {
    const { sent } = this.#scripted.last()
    for (let n = 0; n < count && this.#seen < sent.length; this.#seen++) {
      const data = `${sent[this.#seen]}`
      if (data.startsWith('\0')) continue
      this.#has.push(data)
      n++
    }
  }

  reads(count: number): void {
    this.read.push(...this.#has.slice(this.#readOf, this.#readOf + count))
    this.#readOf = Math.min(this.#has.length, this.#readOf + count)
  }

  confirms(count: number): void {
    this.#confirmed = Math.min(this.#readOf, this.#confirmed + count)
  }

  writes(): void {
    this.#written.push(this.#before + this.#confirmed)
  }

  acknowledges(): void {
    const received = this.#before + this.#has.length
    this.#scripted.last().receive(`\0${nonce}${JSON.stringify({ type: 'ack', received })}`)
  }

  async #comesBack(): Promise<void> {
    const { made, last } = this.#scripted
    const before = made.length
    last().end(1006, '', false)
    while (made.length === before) await this.clock.advance(1000)
  }

  /** The network breaks, so many times before a `welcome` is read. */
  async breaks(times: number): Promise<void> {
    for (let n = 0; n <= times % 3; n++) await this.#comesBack()
    this.#greet({ resumed: true })
  }

  /** The gateway dies. Some of what it had is read all the same, and the next one finds something that was written before. */
  async dies(which: number): Promise<void> {
    this.reads(which % 7)
    const found = this.#written[which % this.#written.length]!
    this.#before = found
    this.#has = []
    this.#readOf = this.#confirmed = 0
    this.#written = [found]
    for (let n = 0; n <= which % 3; n++) await this.#comesBack()
    this.#greet({ resumed: true, received: found, lost: 1 })
  }

  all(): void {
    // The window lets them go a few at a time.
    for (let before = -1; before < this.read.length; ) {
      before = this.read.length
      this.acknowledges()
      this.arrive(1e6)
      this.reads(1e6)
    }
  }
}

const step = fc.record({
  do: fc.constantFrom(
    ...(['sends', 'arrive', 'reads', 'confirms', 'writes', 'acknowledges', 'breaks', 'dies'] as const),
  ),
  with: fc.nat({ max: 40 }),
})

it('says at least what is missing and what came twice of its own messages when gateways die', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(40, 200, 2 ** 20),
      fc.array(step, { maxLength: 40, size: 'max' }),
      async (window, steps) => {
        const world = new World(window)
        for (const { do: what, with: amount } of steps) await world[what](amount)
        world.all()
        const unique = new Set(world.read)
        const { lost, doubled } = world.said
        expect(lost).toBeGreaterThanOrEqual(world.sent - unique.size)
        expect(doubled).toBeGreaterThanOrEqual(world.read.length - unique.size)
        if (!steps.some((one) => one.do === 'dies')) expect(lost + doubled).toBe(0)
      },
    ),
    { numRuns: 100 },
  )
})
