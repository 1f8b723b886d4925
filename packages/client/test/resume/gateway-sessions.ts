// The gateway's side of PROTOCOL.md, as small as can be, over whatever carries messages: what the client is tested against
// without a gateway. Everything that was received is told to `application`.
import { randomBytes } from 'node:crypto'

export type Message = string | Uint8Array

/** A connection as the gateway's side sees it. */
export interface Carrier {
  send(message: Message): void
  close(code?: number, reason?: string): void
}

/** One session, for a test to look at and to send with. */
export interface TestSession {
  readonly id: number
  /** Messages of the client, in order. */
  readonly received: Message[]
  /** Control messages of the client: of all connections, in order. */
  readonly controls: { type: string; received?: number; id?: number }[]
  /** How many connections it had. */
  connections: number
  /** Why it is over; undefined while it is not. */
  over: string | undefined
  /** Sends a message of the upstream. */
  send(message: Message): void
  /** Closes it, as the upstream does. */
  close(code: number, reason?: string): void
  /** Closes its connection, and not the session. */
  park(code: number, reason: string): void
  /** Ends it without a word, as when `for` is over. */
  expire(why?: string): void
}

interface Live extends TestSession {
  readonly tokens: Set<string>
  /** Tokens that the first `ack` on the present connection uses up. */
  retiring: string[]
  readonly kept: Message[]
  confirmed: number
  sent: number
  carrier: Carrier | undefined
  closing: { code: number; reason?: string } | undefined
}

export interface GatewayOptions {
  /** What the upstream selects of the application's subprotocols. Default: the first. */
  select?: (protocols: string[]) => string
  window?: number
  forMs?: number
  /** Called for each new session. */
  onSession?: (session: TestSession) => void
  /** Called for each message of a client. Default: echoes it. */
  onMessage?: (session: TestSession, message: Message) => void
  /** A Close in place of `welcome`. */
  refuse?: () => { code: number; reason?: string } | undefined
  /** Says `pong`, and acknowledges. Default true. */
  answers?: () => boolean
  /** Added to `welcome`. */
  extra?: (session: TestSession) => object
}

export function gatewaySessions(options: GatewayOptions = {}) {
  const { window = 2 ** 20, forMs = 60_000, select = (protocols) => protocols[0] ?? '' } = options
  const sessions: Live[] = []
  const tokens = new Map<string, Live>()

  function begin(): Live {
    const session: Live = {
      id: sessions.length,
      received: [],
      controls: [],
      connections: 0,
      over: undefined,
      tokens: new Set(),
      retiring: [],
      kept: [],
      confirmed: 0,
      sent: 0,
      carrier: undefined,
      closing: undefined,
      send(message) {
        session.kept.push(message)
        session.sent++
        session.carrier?.send(message)
      },
      close(code, reason) {
        session.closing = { code, reason }
        session.carrier?.close(code, reason)
        if (session.carrier) session.over = 'closed'
      },
      park(code, reason) {
        session.carrier?.close(code, reason)
        session.carrier = undefined
      },
      expire(why = 'expired') {
        session.over = why
        session.carrier = undefined
      },
    }
    sessions.push(session)
    return session
  }

  /** A handshake with these offers was answered with `holdfast.v1`. */
  function connect(offers: string[], carrier: Carrier) {
    const refused = options.refuse?.()
    if (refused) {
      carrier.close(refused.code, refused.reason)
      return { session: undefined, message() {}, end() {} }
    }
    const entry = offers.find((offer) => offer.startsWith('holdfast.v1.'))
    const [, token = '', count = ''] = /^holdfast\.v1\.([\w-]{1,128})\.(0|[1-9]\d*)$/.exec(entry ?? '') ?? []
    const old = entry ? tokens.get(token) : undefined
    let over: object | undefined
    if (entry && !old) over = { why: 'unknown' }
    else if (old?.over) over = { why: old.over, received: old.received.length }
    const isReturn = old !== undefined && !old.over
    if (isReturn && Number(count) > old.sent) {
      old.over = 'counters'
      carrier.close(1002)
      return { session: undefined, message() {}, end() {} }
    }
    const session = isReturn ? old : begin()
    session.carrier?.close(1008, 'session taken over')
    session.carrier = carrier
    session.connections++
    const nonce = randomBytes(12).toString('base64url')
    const prefix = `\0${nonce}`
    const fresh = randomBytes(32).toString('base64url')
    session.retiring = [...session.tokens]
    session.tokens.add(fresh)
    tokens.set(fresh, session)
    const say = (body: object) => carrier.send(prefix + JSON.stringify(body))
    say({
      type: 'welcome',
      token: fresh,
      protocol: select(offers.filter((offer) => !offer.startsWith('holdfast.'))),
      received: session.received.length,
      resumed: isReturn,
      window,
      for: forMs,
      over,
      ...options.extra?.(session),
    })
    if (isReturn) {
      confirm(session, Number(count))
      for (const message of session.kept) carrier.send(message)
      if (session.closing) session.close(session.closing.code, session.closing.reason)
    } else options.onSession?.(session)
    let isFirst = true
    return {
      session,
      message(message: Message): void {
        if (session.carrier !== carrier) return
        const isControl = typeof message === 'string' && message.startsWith(prefix)
        // Section 4: "It MUST then send `ack` at once, before anything else".
        if (isFirst && !isControl) throw new Error('the first message of the client is no ack')
        isFirst = false
        if (isControl) {
          if (message.length > 128) throw new Error('a control message of more than 128 bytes')
          const control = JSON.parse(message.slice(prefix.length))
          session.controls.push(control)
          if (control.type === 'ack') {
            for (const retired of session.retiring) {
              session.tokens.delete(retired)
              tokens.delete(retired)
            }
            session.retiring = []
            if (!confirm(session, control.received))
              throw new Error(`ack of ${control.received}, which was not sent`)
          } else if (control.type === 'ping' && options.answers?.() !== false)
            say({ type: 'pong', id: control.id })
          else if (control.type === 'bye') session.over = 'closed'
          return
        }
        session.received.push(message)
        if (options.answers?.() !== false) say({ type: 'ack', received: session.received.length })
        if (options.onMessage) options.onMessage(session, message)
        else session.send(message)
      },
      /** The client has closed with this code; undefined: TCP has ended without a Close. */
      end(code?: number): void {
        if (session.carrier !== carrier) return
        session.carrier = undefined
        if (code !== undefined && code !== 1001 && code !== 1006) session.over ??= 'closed'
      },
    }
  }

  return { sessions: sessions as readonly TestSession[], connect }
}

function confirm(session: Live, received: number): boolean {
  if (received > session.sent) return false
  session.kept.splice(0, Math.max(0, received - session.confirmed))
  session.confirmed = Math.max(session.confirmed, received)
  return true
}
