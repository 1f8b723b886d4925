// A server behind the seam whose connections do as the test says, for what is about time and order.
import type { Clock } from '@holdfast/testing'
import type { RestartServer, RestartSocket } from '../src/index.ts'

export class ScriptedSocket implements RestartSocket {
  readonly key = this
  readonly handle = this
  /** What was done to it: ping, close with its arguments, terminate. Each with the time. */
  readonly told: { at: number; what: string; code?: number; reason?: string }[] = []
  /** Milliseconds until the Pong; undefined: it never comes. */
  pongAfter: number | undefined = 0
  /** Milliseconds from the Close until it is gone; undefined: it never goes. */
  goneAfter: number | undefined = 0
  open = true
  readonly #server: ScriptedServer
  readonly #clock: Clock
  readonly #pongs = new Set<(payload: string) => void>()
  readonly #closes = new Set<() => void>()

  constructor(server: ScriptedServer, clock: Clock) {
    this.#server = server
    this.#clock = clock
  }

  isOpen(): boolean {
    return this.open
  }

  ping(payload: string): void {
    this.#note({ what: `ping ${payload}` })
    if (this.pongAfter !== undefined) this.#clock.setTimeout(() => this.pong(payload), this.pongAfter)
  }

  pong(payload: string): void {
    for (const listener of [...this.#pongs]) listener(payload)
  }

  close(code: number, reason: string): void {
    this.#note({ what: 'close', code, reason })
    this.open = false
    if (this.goneAfter !== undefined) this.#clock.setTimeout(() => this.go(), this.goneAfter)
  }

  terminate(): void {
    this.#note({ what: 'terminate' })
    this.go()
  }

  go(): void {
    this.open = false
    this.#server.live.delete(this)
    for (const listener of [...this.#closes]) listener()
  }

  onPong(listener: (payload: string) => void): () => void {
    this.#pongs.add(listener)
    return () => this.#pongs.delete(listener)
  }

  onClosed(listener: () => void): () => void {
    this.#closes.add(listener)
    return () => this.#closes.delete(listener)
  }

  /** How many listeners it has. */
  get listeners(): number {
    return this.#pongs.size + this.#closes.size
  }

  #note(note: { what: string; code?: number; reason?: string }): void {
    this.told.push({ at: this.#clock.now(), ...note })
  }
}

export class ScriptedServer implements RestartServer {
  readonly live = new Set<ScriptedSocket>()
  readonly calls: string[] = []
  /** Whether it closes when it is asked to; otherwise only when it is cut. */
  closes = true
  readonly #clock: Clock
  #cut = () => {}

  constructor(clock: Clock, sockets = 0) {
    this.#clock = clock
    for (let i = 0; i < sockets; i++) this.connect()
  }

  connect(): ScriptedSocket {
    const socket = new ScriptedSocket(this, this.#clock)
    this.live.add(socket)
    return socket
  }

  sockets(): Iterable<ScriptedSocket> {
    return this.live
  }

  refuse(): void {
    this.calls.push('refuse')
  }

  async close(): Promise<void> {
    this.calls.push('close')
    const cut = new Promise<void>((resolve) => {
      this.#cut = resolve
    })
    if (!this.closes) await cut
  }

  cut(): void {
    this.calls.push('cut')
    this.#cut()
  }

  release(): void {
    this.calls.push('release')
  }
}
