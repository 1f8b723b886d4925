// A client of PROTOCOL.md for tests: small, on a bare socket, and independent of @holdfast/client.
import { inflateRawSync } from 'node:zlib'
import { Changes, frame, opcode, type RawClient, type RawClientOptions, rawClient } from '@holdfast/testing'

export interface SeenWelcome {
  token: string
  protocol: string
  received: number
  resumed: boolean
  window: number
  for: number
  lost?: number
  doubled?: number
  over?: { why: string; received?: number }
}

export interface ResumingOptions extends RawClientOptions {
  /** How it connects: over HTTP/2, for one. Default: `rawClient`. */
  connect?: (url: string, options: RawClientOptions) => Promise<RawClient>
  /** Whether each data message is acknowledged as it comes. Default true. */
  acknowledges?: boolean
  /** Whether each `ping` is answered. Default true. */
  answers?: boolean
}

/** One session, over any number of connections. */
export class ResumingClient {
  /** Another gateway's from the next connection on. */
  url: string
  readonly options: ResumingOptions
  readonly changes = new Changes()
  /** Data messages received, over all connections. */
  readonly messages: string[] = []
  readonly welcomes: SeenWelcome[] = []
  /** Control messages received on the connection of the moment. */
  says: Record<string, unknown>[] = []
  connection: RawClient | undefined
  nonce = ''
  token: string | undefined
  received = 0
  sent = 0
  /** What it adds up to where gateways were lost: PROTOCOL.md, section 11. */
  readonly atMost = { lost: 0, doubled: 0 }
  /** Data messages that the gateway has not acknowledged, with their numbers. */
  unacknowledged: { number: number; payload: string }[] = []

  constructor(url: string, options: ResumingOptions = {}) {
    this.url = url
    this.options = options
  }

  get welcome(): SeenWelcome {
    return this.welcomes.at(-1)!
  }

  get offers(): string[] {
    const back = this.token === undefined ? [] : [`holdfast.v1.${this.token}.${this.received}`]
    return [...(this.options.protocols ?? []), 'holdfast.none', 'holdfast.v1', ...back]
  }

  /** Connects without waiting for `welcome`. */
  async dial(): Promise<RawClient> {
    const { connect = rawClient, ...options } = this.options
    const before = this.welcomes.length
    const connection = await connect(this.url, { ...options, protocols: this.offers })
    this.connection = connection
    connection.changes.subscribe(() => this.changes.notify())
    this.nonce = ''
    this.says = []
    connection.onMessage = ({ payload, compressed }) => {
      const data = compressed ? inflate(payload) : payload
      if (this.connection === connection || before === this.welcomes.length) this.#onMessage(data, connection)
    }
    // What came together with the 101 was read before somebody listened.
    for (const { payload, compressed } of connection.messages.slice())
      this.#onMessage(compressed ? inflate(payload) : payload, connection)
    return connection
  }

  /** Connects, waits for `welcome`, acknowledges, and sends again what the gateway has not. */
  async open(): Promise<SeenWelcome> {
    const before = this.welcomes.length
    const connection = await this.dial()
    await this.changes.until('welcome', () => this.welcomes.length > before || connection.ending, {
      detail: () => connection.describe(),
    })
    const { welcome } = this
    if (this.welcomes.length === before) throw new Error(`no welcome: ${connection.describe()}`)
    if (!welcome.resumed) {
      this.unacknowledged = []
      this.sent = 0
    }
    this.ack()
    const missing = Math.max(0, this.sent - this.unacknowledged.length - welcome.received)
    this.unacknowledged = this.unacknowledged.filter(({ number }) => number > welcome.received)
    // Where a gateway was lost, what is sent again comes next in its count.
    if (welcome.lost) {
      this.atMost.lost += welcome.lost + missing
      this.atMost.doubled += this.unacknowledged.length
      this.unacknowledged = this.unacknowledged.map(({ payload }, n) => ({
        number: welcome.received + n + 1,
        payload,
      }))
      this.sent = welcome.received + this.unacknowledged.length
    }
    for (const { payload } of this.unacknowledged) connection.text(payload)
    return welcome
  }

  #onMessage(payload: Buffer, connection: RawClient): void {
    const text = payload.toString()
    if (this.nonce === '') {
      this.nonce = text.slice(1, 17)
      const welcome: SeenWelcome = JSON.parse(text.slice(17))
      this.welcomes.push(welcome)
      this.token = welcome.token
      if (!welcome.resumed) this.received = 0
    } else if (text.startsWith(`\0${this.nonce}`)) {
      const says = JSON.parse(text.slice(17))
      this.says.push(says)
      if (says.type === 'ping' && connection.stream.writable && (this.options.answers ?? true))
        this.say({ type: 'pong', id: says.id })
      if (says.type === 'ack')
        this.unacknowledged = this.unacknowledged.filter(({ number }) => number > says.received)
    } else {
      this.received++
      this.messages.push(text)
      if ((this.options.acknowledges ?? true) && connection.stream.writable) this.ack()
    }
    this.changes.notify()
  }

  /** Sends a data message, or keeps it for the next connection. */
  send(payload: string): void {
    this.sent++
    this.unacknowledged.push({ number: this.sent, payload })
    if (this.connection?.stream.writable) this.connection.text(payload)
  }

  /** Sends a control message. */
  say(body: object): void {
    this.connection?.text(`\0${this.nonce}${JSON.stringify(body)}`)
  }

  ack(received = this.received): void {
    this.say({ type: 'ack', received })
  }

  /** Resets TCP. */
  cut(): void {
    this.connection?.reset()
  }

  async until(count: number): Promise<string[]> {
    await this.changes.until(`${count} messages`, () => this.messages.length >= count, {
      detail: () => `${this.messages.length}: ${JSON.stringify(this.messages).slice(-400)}`,
    })
    return this.messages
  }

  async heard(what: string, find: (says: Record<string, unknown>) => boolean) {
    return this.changes.until(what, () => this.says.find(find), { detail: () => JSON.stringify(this.says) })
  }
}

function inflate(payload: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]), { finishFlush: 2 })
}

/** `resume` of a route, with the defaults of the configuration file. */
export function resumeOptions(some: object = {}) {
  return { for: 60_000, buffer: 1024 * 1024, total: 256 * 1024 * 1024, stall: 120_000, ...some }
}

export async function resumingClient(url: string, options: ResumingOptions = {}): Promise<ResumingClient> {
  const client = new ResumingClient(url, options)
  await client.open()
  return client
}

/** A message of the vectors as a client's frames. */
export function clientFrames({
  text,
  hex,
  frames,
}: {
  text?: string
  hex?: string
  frames?: number[]
}): Buffer {
  const payload = text === undefined ? Buffer.from(hex ?? '', 'hex') : Buffer.from(text)
  const sizes = frames ?? [payload.length]
  let at = 0
  return Buffer.concat(
    sizes.map((size, n) => {
      const first = n > 0 ? opcode.continuation : text === undefined ? opcode.binary : opcode.text
      const part = payload.subarray(at, at + size)
      at += size
      return frame({ opcode: first, payload: part, fin: n === sizes.length - 1, mask: true })
    }),
  )
}
