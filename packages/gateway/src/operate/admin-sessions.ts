// Who has logged in to the operator's page. What the browser keeps is a random number, not the token.
import { createHash, randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../core/index.ts'

/** Milliseconds that a session lasts. */
const sessionMs = 12 * 60 * 60 * 1000
/** Sessions at the same time; one more ends the oldest. */
const maxSessions = 64

export class Sessions {
  readonly #clock: Clock
  /** When each expires, by a hash of its number, so that no look-up's time tells of a number. The oldest first. */
  readonly #live = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Opens a session; the result is its number, which nobody can guess. */
  open(): string {
    const id = randomBytes(32).toString('base64url')
    this.#live.set(hash(id), this.#clock.now() + sessionMs)
    if (this.#live.size > maxSessions) this.#live.delete(this.#live.keys().next().value!)
    return id
  }

  isOpen(id: string): boolean {
    const key = hash(id)
    const until = this.#live.get(key)
    if (until === undefined) return false
    if (this.#clock.now() < until) return true
    this.#live.delete(key)
    return false
  }

  close(id: string): void {
    this.#live.delete(hash(id))
  }

  /** Those that are open, by a hash of their number, and for how many milliseconds more. */
  get all(): [hash: string, leftMs: number][] {
    return [...this.#live].map(([key, until]) => [key, until - this.#clock.now()])
  }

  /** Goes on with those that another process has opened. */
  goOn(all: readonly [hash: string, leftMs: number][]): void {
    for (const [key, leftMs] of all) this.#live.set(key, this.#clock.now() + leftMs)
  }

  /** Ends all: another token counts. */
  clear(): void {
    this.#live.clear()
  }
}

function hash(id: string): string {
  return createHash('sha256').update(id).digest('base64')
}

/** Where a session's number travels. Cookies know no ports: gateways on one host must not overwrite each other's. */
export interface CookiePlace {
  /** The admin port, as the client sees it or not: it only tells gateways apart. */
  port: number
  /** Whether the page came by https, through a proxy with TLS. */
  secure: boolean
}

const cookieName = (port: number) => `holdfast_session_${port}`

/** The `Set-Cookie` that makes the browser keep a session; without one, that makes it forget. */
export function sessionCookie(id: string | undefined, { port, secure }: CookiePlace): string {
  const age = id === undefined ? 0 : sessionMs / 1000
  // No script can read it, no other site can have it sent.
  const attributes = `Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
  return `${cookieName(port)}=${id ?? ''}; ${attributes}`
}

/** The session's number in a request's cookies. */
export function sessionIn({ cookie = '' }: IncomingHttpHeaders, port: number): string | undefined {
  const start = `${cookieName(port)}=`
  const found = cookie.split(';').find((pair) => pair.trim().startsWith(start))
  return found?.trim().slice(start.length) || undefined
}
