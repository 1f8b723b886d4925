import { code } from '@holdfast/close-codes'
import { dial } from './arguments.ts'
import type { Close, ResumeEvent, SessionEnd } from './close-event.ts'
import type { Connection, Data, WebSocketClass } from './connection.ts'
import { page } from './host.ts'
import type { Clock } from './options.ts'
import { asksWhy } from './platform.ts'
import { detach, failed, wakeEvents } from './reconnecting-websocket.ts'
import { type Control, prefixLength, readControl } from './resume-control.ts'
import { next, type SessionState } from './resume-state.ts'
import { byteLength, copy } from './send-queue.ts'

const version = 'holdfast.v1'
const none = 'holdfast.none'

/** PROTOCOL.md section 5: what is acknowledged at once, and after how many milliseconds the rest. */
const ackMessages = 64
const ackBytes = 2 ** 16
const ackMs = 1000

/** PROTOCOL.md section 9: how many milliseconds something may not be acknowledged, or nothing may come, before a `ping`. */
const unacknowledgedMs = 5000
const silenceMs = 20_000

/** The same: how long nothing may come after it, and how often that is doubled where it was too short: "up to 60 s". */
const pongMs = 3000
const maxDoublings = 4

/** Events of a page or a worker around which a link may die. One that comes out of the back/forward cache is visible again. */
const pageEvents = [...wakeEvents, 'pagehide']

/**
 * A session in the place of a connection: each time that the socket connects it is dialled again, and is open from `welcome`
 * on. With a server that does not resume it is the connection. Source: PROTOCOL.md.
 */
export class Session implements Connection {
  onopen: Connection['onopen'] = null
  onmessage: Connection['onmessage'] = null
  onerror: Connection['onerror'] = null
  onclose: Connection['onclose'] = null
  protocol = ''

  /** What the `resume` event is to say; false: the session has just begun. */
  resumed: Pick<ResumeEvent, 'awayMs' | 'lost' | 'doubled'> | false = false
  /** Something went through on the latest connection. */
  moved = false
  /** The session had a connection until now, and goes on. */
  isCut = false
  /** The connection ended in a way that ends the session too. */
  isOver = false

  readonly #clock: Clock
  /** Tells that the gateway has the session no more. False: nobody wants the one that begins in its place. */
  readonly #replaced: () => boolean
  #state: SessionState = 'away'
  #native!: Connection
  /** Makes the connection once more, without the offers of this protocol. */
  #again: (() => void) | undefined
  /** Whether the server takes those offers; undefined as long as nobody knows. */
  #takesOffers: boolean | undefined
  /** How many handshakes had to go without them. */
  #refusals = 0
  /** The last `welcome` of the session. */
  #welcome: Control | undefined
  #why: string | undefined
  /** What connections were given and nobody has acknowledged, in order; how many of the session's messages came before. */
  readonly #sent: Data[] = []
  #confirmed = 0
  /** U+0000 and the nonce of the connection; '' before its `welcome`. */
  #prefix = ''
  /** How many messages were delivered; how many of these are not acknowledged, and their bytes. */
  #received = 0
  #owed = 0
  #owedBytes = 0
  #ackTimer: unknown
  #probeTimer: unknown
  /** The last ping has no pong. */
  #probing = false
  /** How many pongs did not come since something has gone through. */
  #missed = 0
  #lostAt = 0
  #binaryType = 'blob'

  constructor(clock: Clock, replaced: () => boolean) {
    this.#clock = clock
    this.#replaced = replaced
  }

  get url(): string {
    return this.#native.url
  }

  get extensions(): string {
    return this.#native.extensions
  }

  get readyState(): number {
    return this.#native.readyState
  }

  get bufferedAmount(): number {
    return this.#native.bufferedAmount
  }

  set binaryType(type: string) {
    this.#binaryType = this.#native.binaryType = type
  }

  /** Whether there is a session, with a connection or without. */
  get isAlive(): boolean {
    return !!this.#welcome
  }

  /** Takes messages that no connection was given. */
  keep(waiting: Data[]): void {
    this.#sent.push(...waiting)
  }

  /** Forgets the session, and says what has become of its messages. */
  end(): SessionEnd {
    const end = { why: this.#why, confirmed: this.#confirmed, unconfirmed: this.#sent.splice(0) }
    this.#welcome = this.#why = undefined
    this.#received = this.#confirmed = 0
    return end
  }

  /** Makes the next connection of the session, or of a new one. */
  dial(Class: WebSocketClass, url: string, protocols: string | string[]): this {
    const connect = (offered: string | string[]) => {
      const native = dial(Class, url, offered)
      this.#native = native
      native.binaryType = this.#binaryType
      native.onopen = () => this.#selected(native.protocol)
      native.onmessage = (event) => this.#message(event)
      native.onerror = (event) => this.#failed(event)
      native.onclose = (event) => this.#closed(event)
    }
    this.#become('greeting')
    this.moved = this.isOver = false
    const token = this.#welcome ? [`${version}.${this.#welcome.token}.${this.#received}`] : []
    connect(this.#takesOffers === false ? protocols : [protocols, none, version, token].flat())
    this.#again = () => {
      this.#drop()
      connect(protocols)
    }
    return this
  }

  send(data: Data): void {
    if (this.#prefix) {
      if (this.#sent.push(copy(data)) === 1) this.#watch()
    }
    this.#native.send(data)
  }

  /** Ends the session; or gives the connection up, where nobody listens any more. */
  close(code?: number, reason?: string): void {
    if (this.onclose || this.#state === 'plain') this.#native.close(code, reason)
    else this.#lose()
  }

  #become(event: SessionState): void {
    this.#state = next(this.#state, event)
  }

  /**
   * Lets go of a connection without a Close, which would end the session. A page cannot do more than listen no more; the
   * gateway ends the connection when the session has come back.
   */
  #drop(): void {
    const native = this.#native
    detach(native)
    if (native.terminate) native.terminate()
    else if (!native.readyState) native.close()
  }

  /** There is no connection any more. */
  #lose(): void {
    this.isCut = !!this.#prefix && !this.isOver
    if (this.isCut) this.#lostAt = this.#clock.now()
    this.#drop()
    this.#clock.clearTimeout(this.#ackTimer)
    this.#clock.clearTimeout(this.#probeTimer)
    for (const type of pageEvents) page.removeEventListener?.(type, this.#page)
    this.#prefix = ''
    this.#probing = false
    this.#become('away')
  }

  #lost(close: Close = failed): void {
    this.#lose()
    this.onclose?.(close)
  }

  /** The handshake is done, and says what the other side is. */
  #selected(protocol: string): void {
    // Once it may have been the network.
    if (this.#again || this.#refusals++) this.#takesOffers ??= !!this.#again
    if (protocol === version) return
    if (this.#welcome && !this.#replaced()) return this.#breach()
    this.#become('plain')
    this.protocol = protocol === none ? '' : protocol
    this.onopen?.({})
  }

  #failed(event: { error?: { code?: string } }): void {
    // "A server that was not reached has refused nothing": outside a page the system has a code for that.
    if (((asksWhy || !event.error?.code) && this.#retried()) || this.#prefix) return
    if (this.#state === 'greeting') this.#lose()
    this.onerror?.(event)
  }

  /**
   * PROTOCOL.md section 2: "A client whose first handshake fails before `open` SHOULD try once more without the entries 2
   * to 4". True: it does.
   */
  #retried(): boolean {
    const again = this.#takesOffers === undefined && this.#again
    this.#again = undefined
    if (again) again()
    return !!again
  }

  #closed(event: Close): void {
    if (this.#retried()) return
    // PROTOCOL.md section 8: the gateway's own Close "1008 `nothing acknowledged`" ends a connection and no session.
    const close = this.#prefix && event.reason === 'nothing acknowledged' ? failed : event
    // A Close in place of `welcome` says nothing about the session; another one ends it. Deno has 0 for none.
    this.isOver = !!this.#prefix && !!close.code && close.code !== code.abnormalClosure
    this.#lost(close)
  }

  #message(event: { data: unknown }): void {
    const { data } = event
    if (this.#state === 'plain') return this.onmessage?.(event)
    if (!this.#prefix) return this.#greeted(`${data}`)
    if (typeof data === 'string' && data.startsWith(this.#prefix)) this.#told(readControl(data))
    else {
      // Before the listeners: what one that throws has seen was received.
      this.#received++
      this.moved = true
      this.onmessage?.(event)
      this.#owedBytes += byteLength(data as Data)
      if (++this.#owed >= ackMessages || this.#owedBytes >= Math.min(ackBytes, this.#welcome!.window / 2))
        this.#ack()
      else this.#ackTimer ??= this.#clock.setTimeout(() => this.#ack(), ackMs)
    }
    // A link on which something comes is slow, not dead.
    if (this.#probing) this.#expectPong()
    else if (!this.#sent.length) this.#watch()
  }

  /** The first message of a connection: only `welcome` will do. */
  #greeted(text: string): void {
    const control = readControl(text)
    if (control?.type !== 'welcome' || (control.resumed && !this.#welcome)) return this.#breach()
    const { received, resumed, lost = 0, doubled = 0, over = {} } = control
    if (lost) this.#confirmed = Math.min(this.#confirmed, received)
    if (this.#welcome && !resumed) {
      this.#why = over.why
      this.#acknowledged(over.received ?? 0)
      if (!this.#replaced()) return this.#breach()
    }
    if (received < this.#confirmed || !this.#acknowledged(received)) return this.#breach()
    this.resumed = resumed && { awayMs: this.#clock.now() - this.#lostAt, lost, doubled }
    this.#welcome = control
    this.#prefix = text.slice(0, prefixLength)
    this.protocol = control.protocol
    this.#become('attached')
    // PROTOCOL.md section 4: "It MUST then send `ack` at once, before anything else".
    this.#ack()
    for (const message of this.#sent) this.#native.send(message)
    this.#watch()
    for (const type of pageEvents) page.addEventListener?.(type, this.#page)
    this.onopen?.({})
  }

  /** A control message, or something with its nonce that is none. */
  #told(control: Control | undefined): void {
    if (!control) return this.#breach()
    const { type, id, received } = control
    const confirmed = this.#confirmed
    if (type === 'ping') this.#say({ type: 'pong', id })
    if (type === 'ack' && !this.#acknowledged(received)) return this.#breach()
    if (type === 'pong') this.#probing = false
    if (this.#confirmed > confirmed) {
      this.moved = true
      this.#missed = 0
    }
    this.#watch()
  }

  /** So many messages of the session have arrived; fewer than it knows of says nothing. False: so many were not sent. */
  #acknowledged(received: number): boolean {
    const arrived = received - this.#confirmed
    if (arrived > this.#sent.length) return false
    if (arrived > 0) {
      this.#sent.splice(0, arrived)
      this.#confirmed = received
    }
    return true
  }

  /** Sends a control message, where there is a connection that knows them. */
  #say(body: object): void {
    if (this.#prefix) this.#native.send(this.#prefix + JSON.stringify(body))
  }

  #ack(): void {
    this.#clock.clearTimeout(this.#ackTimer)
    this.#ackTimer = undefined
    this.#owed = this.#owedBytes = 0
    this.#say({ type: 'ack', received: this.#received })
  }

  /** Waits until something of its own is not acknowledged for too long, or until nothing was heard for too long. */
  #watch(): void {
    if (this.#prefix && !this.#probing)
      this.#wait(this.#sent.length ? unacknowledgedMs : silenceMs, this.#probe)
  }

  #wait(ms: number, act: () => void): void {
    this.#clock.clearTimeout(this.#probeTimer)
    this.#probeTimer = this.#clock.setTimeout(act, ms)
  }

  #probe = (): void => {
    this.#probing = true
    this.#say({ type: 'ping', id: 0 })
    this.#expectPong()
  }

  #expectPong(): void {
    this.#wait(pongMs * 2 ** Math.min(this.#missed, maxDoublings), () => {
      this.#missed++
      this.#lost()
    })
  }

  #page = ({ type, persisted }: { type: string; persisted?: boolean }): void => {
    if (type === 'pagehide') persisted || this.#say({ type: 'bye' })
    else this.#probe()
  }

  /** PROTOCOL.md section 3: "closes with 1002". A page cannot say that, and says nothing. */
  #breach(): void {
    const native = this.#native
    detach(native)
    try {
      native.close(code.protocolError)
    } catch {
      native.close()
    }
    if (!this.#welcome) {
      // The server may have selected what it does not know.
      this.#takesOffers = undefined
      if (this.#retried()) return
    }
    this.isOver = true
    this.#lost({ ...failed, code: code.protocolError })
  }
}
