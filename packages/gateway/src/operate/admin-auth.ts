// Authenticates requests to the admin port: the token, or the session of a page that has logged in with it.
import type { IncomingMessage } from 'node:http'
import { type Clock, unixPeer } from '../core/index.ts'
import { bearerOf, type Proof, sameToken } from './admin-guard.ts'
import { Sessions, sessionCookie, sessionIn } from './admin-sessions.ts'
import { Throttle } from './admin-throttle.ts'

export type LoginResult = { ok: true; cookie: string } | { ok: false; waitMs: number }

export class Authenticator {
  #token: string | undefined
  readonly #sessions: Sessions
  readonly #throttle: Throttle

  constructor(token: string | undefined, clock: Clock) {
    this.#token = token
    this.#sessions = new Sessions(clock)
    this.#throttle = new Throttle(clock)
  }

  /** Whether a token is required. */
  get locked(): boolean {
    return this.#token !== undefined
  }

  /** Takes over another token: sessions of the old one end. */
  reconfigure(token: string | undefined): void {
    if (token !== this.#token) this.#sessions.clear()
    this.#token = token
  }

  /** Who has logged in. */
  get sessions(): Pick<Sessions, 'all' | 'goOn'> {
    return this.#sessions
  }

  /** What the request proves. */
  proofOf(request: IncomingMessage): Proof {
    if (this.#token === undefined) return 'none'
    const session = sessionIn(request.headers, portOf(request))
    if (session !== undefined && this.#sessions.isOpen(session)) return 'session'
    const bearer = bearerOf(request.headers)
    if (bearer === undefined) return 'none'
    const waitMs = this.#check(bearer, addressOf(request))
    return waitMs === undefined ? 'token' : waitMs > 0 ? { wait: waitMs } : 'none'
  }

  /** Whether what the request proved is still so: the token may change, the session end. */
  stillAllows(request: IncomingMessage): boolean {
    if (this.#token === undefined) return true
    const session = sessionIn(request.headers, portOf(request))
    if (session !== undefined && this.#sessions.isOpen(session)) return true
    const bearer = bearerOf(request.headers)
    return bearer !== undefined && sameToken(bearer, this.#token)
  }

  /** Opens a session for whoever knows the token; `waitMs` is 0 when the token was merely wrong. */
  login(token: string, request: IncomingMessage): LoginResult {
    const waitMs = this.#check(token, addressOf(request))
    if (waitMs !== undefined) return { ok: false, waitMs }
    return { ok: true, cookie: sessionCookie(this.#sessions.open(), placeOf(request)) }
  }

  /** Ends the session of the request, if it has one; the result is the cookie that says so. */
  logout(request: IncomingMessage): string {
    const session = sessionIn(request.headers, portOf(request))
    if (session !== undefined) this.#sessions.close(session)
    return sessionCookie(undefined, placeOf(request))
  }

  /**
   * Undefined when the token is right, 0 when it is wrong, milliseconds to wait when there were too many wrong ones. The
   * right one is never throttled: else whoever sends wrong ones would lock out those who know it.
   */
  #check(token: string, address: string): number | undefined {
    if (this.#token === undefined || sameToken(token, this.#token)) return undefined
    const waitMs = this.#throttle.waitMs(address)
    if (waitMs === 0) this.#throttle.countWrong(address)
    return waitMs
  }
}

function addressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? unixPeer
}

function portOf({ socket }: IncomingMessage): number {
  return socket.localPort ?? 0
}

function placeOf(request: IncomingMessage) {
  // A browser names the origin of the page with every POST; nobody can lie about that to another's harm.
  return { port: portOf(request), secure: request.headers.origin?.startsWith('https:') === true }
}
