import { code } from '@holdfast/close-codes'
import { dial } from './arguments.ts'
import type { Close } from './close-event.ts'
import type { Connection, Data } from './connection.ts'
import { page } from './host.ts'
import type { Clock } from './options.ts'
import { asksWhy, closeWith } from './platform.ts'
import { detach, failed } from './reconnecting-websocket.ts'
import { type Control, prefixLength, readControl } from './resume-control.ts'
import { ackBytes, ackMessages, ackMs, cost, none, version } from './resume-protocol.ts'
import { next, type SessionState } from './resume-state.ts'
import { byteLength, copy } from './send-queue.ts'
import type { Session } from './session.ts'
import { letGo, liveness, pageEvents } from './session-link.ts'

/**
 * A session that has not begun. `replaced` tells that the gateway has the session no more; false: nobody wants the one that
 * begins in its place. One closure and no class: with `this.#` before each name it would be 115 bytes more, gzipped, and a page
 * has 6,000 for all.
 */
export function newSession(clock: Clock, replaced: () => boolean): Session {
  let state: SessionState = 'away'
  let native: Connection
  let binaryType = 'blob'
  /** Makes the connection once more, without the offers of this protocol. */
  let again: (() => void) | false | undefined
  /** Whether the server takes those offers; undefined as long as nobody knows. */
  let takesOffers: boolean | undefined
  /** How many handshakes had to go without them. */
  let refusals = 0
  /** The last `welcome` of the session. */
  let welcome: Control | undefined
  let why: string | undefined
  /** What nobody has acknowledged, in order; how many of the session's messages came before. */
  const unconfirmed: Data[] = []
  let confirmed = 0
  /** How many of those the connection was given, and what they count of the window. */
  let given = 0
  let ahead = 0
  /** Bytes of those that it was not given. */
  let waiting = 0
  /** `close()` was called, with these: the Close goes behind all of them. */
  let goodbye: [code?: number, reason?: string] | undefined
  /** U+0000 and the nonce of the connection; '' before its `welcome`. */
  let prefix = ''
  /** How many messages were delivered; how many of these are not acknowledged, and their bytes. */
  let delivered = 0
  let owed = 0
  let owedBytes = 0
  let ackTimer: unknown
  const [stop, reached, heard, probe, watch] = liveness(say, unconfirmed, onLost, clock)
  let lostAt = 0

  const self = {
    protocol: '',

    get url() {
      return native.url
    },

    get extensions() {
      return native.extensions
    },

    get readyState() {
      return native.readyState
    },

    get bufferedAmount() {
      return native.bufferedAmount + waiting
    },

    set binaryType(type: string) {
      binaryType = native.binaryType = type
    },

    get isAlive() {
      return !!welcome
    },

    keep(messages) {
      for (const data of messages) {
        waiting += byteLength(data)
        unconfirmed.push(data)
      }
    },

    end() {
      const end = { why, confirmed, unconfirmed: unconfirmed.splice(0) }
      welcome = why = undefined
      delivered = confirmed = waiting = 0
      return end
    },

    dial(Class, url, protocols) {
      const connect = (offered: string | string[]) => {
        native = dial(Class, url, offered)
        native.binaryType = binaryType
        native.onopen = () => onSelected(native.protocol)
        native.onmessage = onMessage
        native.onerror = onFailed
        native.onclose = onClosed
      }
      become('greeting')
      self.moved = self.isOver = false
      goodbye = undefined
      const back = welcome ? `${version}.${welcome.token}.${delivered}` : []
      connect(takesOffers === false ? protocols : [protocols, none, version, back].flat())
      again = () => {
        letGo(native)
        connect(protocols)
      }
      return self
    },

    send(data) {
      if (!prefix) return native.send(data)
      self.keep([copy(data)])
      if (unconfirmed.length === 1) watch()
      give()
    },

    /** Ends the session; or gives the connection up, where nobody listens any more. */
    close(...end) {
      if (!self.onclose && state !== 'plain') return lose()
      goodbye = end
      give()
    },
    // The handlers are set by whoever uses it.
  } as Partial<Session> as Session

  function become(event: SessionState): void {
    state = next(state, event)
  }

  /** PROTOCOL.md section 5: "a client SHOULD send no data message while more than `window` bytes [...] are not acknowledged". */
  function give(): void {
    for (; given < unconfirmed.length; given++) {
      if (ahead > welcome!.window) return
      const data = unconfirmed[given]!
      ahead += cost(data)
      waiting -= byteLength(data)
      native.send(data)
    }
    if (goodbye) native.close(...goodbye)
  }

  /** There is no connection any more. */
  function lose(): void {
    self.isCut = !!prefix && !self.isOver
    if (prefix) lostAt = clock.now()
    letGo(native)
    clock.clearTimeout(ackTimer)
    stop()
    for (const type of pageEvents) page.removeEventListener?.(type, onPage)
    prefix = ''
    become('away')
  }

  function onLost(close: Close = failed): void {
    lose()
    self.onclose?.(close)
  }

  /** The handshake is done, and says what the other side is. */
  function onSelected(protocol: string): void {
    // Once it may have been the network.
    if (again || refusals++) takesOffers ??= !!again
    if (protocol === version) return
    if (welcome && !replaced()) return breach()
    become('plain')
    self.protocol = protocol === none ? '' : protocol
    self.onopen?.({})
  }

  function onFailed(event: { error?: { code?: string } }): void {
    // "A server that was not reached has refused nothing": outside a page the system has a code for that.
    if (((asksWhy || !event.error?.code) && retries()) || prefix) return
    if (state === 'greeting') lose()
    self.onerror?.(event)
  }

  /**
   * PROTOCOL.md section 2: "A client whose first handshake fails before `open` SHOULD try once more without the entries 2
   * to 4". True: it does.
   */
  function retries(): boolean {
    const retry = takesOffers === undefined && again
    again = undefined
    if (retry) retry()
    return !!retry
  }

  function onClosed(event: Close): void {
    if (retries()) return
    // PROTOCOL.md section 8: the gateway's own Close "1008 `nothing acknowledged`" ends a connection and no session.
    const close = prefix && event.reason === 'nothing acknowledged' ? failed : event
    // A Close in place of `welcome` says nothing about the session; another one ends it. Deno has 0 for none.
    self.isOver = !!(prefix && close.code && close.code !== code.abnormalClosure)
    onLost(close)
  }

  function onMessage(event: { data: unknown }): void {
    const { data } = event
    if (state === 'plain') return self.onmessage?.(event)
    if (!prefix) return onGreeted(`${data}`)
    if (typeof data === 'string' && data.startsWith(prefix)) onTold(readControl(data))
    else {
      // Before the listeners: what one that throws has seen was received.
      delivered++
      self.moved = true
      self.onmessage?.(event)
      owedBytes += byteLength(data as Data)
      if (++owed >= ackMessages || owedBytes >= Math.min(ackBytes, welcome!.window / 2)) ack()
      else ackTimer ??= clock.setTimeout(ack, ackMs)
    }
    // A link on which something comes is slow, not dead.
    if (prefix) heard()
  }

  /** The first message of a connection: only `welcome` will do. */
  function onGreeted(text: string): void {
    const control = readControl(text)
    if (control?.type !== 'welcome' || (control.resumed && !welcome)) return breach()
    const { received, resumed, lost = 0, over = {} } = control
    // PROTOCOL.md section 11: what was acknowledged and is not covered may be missing.
    const missing = lost && Math.max(0, confirmed - received)
    confirmed -= missing
    if (welcome && !resumed) {
      why = over.why
      confirms(over.received ?? 0)
      if (!replaced()) return breach()
    }
    if (received < confirmed || !confirms(received)) return breach()
    // The same: what was given to a connection, and is sent again, may come twice.
    self.resumed = resumed && {
      awayMs: clock.now() - lostAt,
      lost: lost + missing,
      doubled: lost && given,
    }
    welcome = control
    prefix = text.slice(0, prefixLength)
    self.protocol = control.protocol
    become('attached')
    watch()
    // PROTOCOL.md section 4: "It MUST then send `ack` at once, before anything else".
    ack()
    given = ahead = waiting = 0
    self.keep(unconfirmed.splice(0))
    give()
    for (const type of pageEvents) page.addEventListener?.(type, onPage)
    self.onopen?.({})
  }

  /** A control message, or something with its nonce that is none. */
  function onTold(control: Control | undefined): void {
    if (!control) return breach()
    const { type, id, received } = control
    if (type === 'pong') stop()
    if (type === 'ack' && !confirms(received, given)) return breach()
    watch()
    if (type === 'ping') say({ type: 'pong', id })
    give()
  }

  /** So many messages of the session have arrived; fewer than it knows of says nothing. False: so many were not sent. */
  function confirms(received: number, sent = unconfirmed.length): boolean {
    const arrived = received - confirmed
    if (arrived > sent) return false
    if (arrived > 0) {
      for (const data of unconfirmed.splice(0, arrived)) ahead -= cost(data)
      given -= arrived
      confirmed = received
      reached()
      self.moved = true
    }
    return true
  }

  /** Sends a control message, where there is a connection that knows them. */
  function say(body: object): void {
    if (prefix) native.send(prefix + JSON.stringify(body))
  }

  function ack(): void {
    clock.clearTimeout(ackTimer)
    ackTimer = undefined
    owed = owedBytes = 0
    say({ type: 'ack', received: delivered })
  }

  function onPage({ type, persisted }: { type: string; persisted?: boolean }): void {
    if (type === 'pagehide') persisted || say({ type: 'bye' })
    else probe()
  }

  /** PROTOCOL.md section 3: "closes with 1002". */
  function breach(): void {
    detach(native)
    closeWith(native, code.protocolError)
    if (!welcome) {
      // The server may have selected what it does not know.
      takesOffers = undefined
      if (retries()) return
    }
    self.isOver = true
    onLost({ ...failed, code: code.protocolError })
  }

  return self
}
