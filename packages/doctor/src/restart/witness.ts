// The clients that watch a server stop, and the newcomers that knock meanwhile.
import type { Prober } from '../probe/prober.ts'
import type { Session } from '../probe/session.ts'

/** A client that sends all the time, one that is idle, and one that never answers a Close. */
export type ClientKind = 'talking' | 'quiet' | 'silent'

/** What a client gets to know of the end: a Close, without a code when it was empty; the end of TCP without one; nothing. */
export type ClientEnd =
  | { what: 'close'; code?: number; reason: string }
  | { what: 'end' }
  | { what: 'nothing' }

/** What one client saw. */
export interface ClientSaw {
  /** Which client it is. */
  client: ClientKind
  /** What it gets to know of the end. */
  sees: ClientEnd
  /** Milliseconds from the signal until it saw that; absent where it saw nothing. */
  afterMs?: number
  /** Milliseconds from the signal until its connection had ended; absent where it had not. */
  cutMs?: number
}

/** Milliseconds between two messages of the talking client. */
const talkEveryMs = 500

/** One client on an open WebSocket. */
export class Witness {
  readonly kind: ClientKind
  readonly #session: Session
  readonly #watching: Promise<void>
  #seen: { end: ClientEnd; at: number } | undefined
  #cutAt: number | undefined
  #talk: NodeJS.Timeout | undefined

  /** `message`: what the talking client sends; without one, Pings. */
  constructor(kind: ClientKind, session: Session, message: string | undefined, signal: AbortSignal) {
    this.kind = kind
    this.#session = session
    this.#watching = this.#watch(signal)
    if (kind !== 'talking') return
    const bytes = Buffer.from(message ?? '')
    const say = () => (message === undefined ? session.ping(bytes) : session.text(bytes))
    say()
    this.#talk = setInterval(say, talkEveryMs)
  }

  async #watch(signal: AbortSignal): Promise<void> {
    for (;;) {
      const event = await this.#session.next(signal)
      if (event === undefined) return
      if (event.is === 'message' || event.is === 'pong') continue
      clearInterval(this.#talk)
      const at = performance.now()
      if (event.is !== 'close') {
        this.#cutAt = at
        this.#seen ??= { end: { what: 'end' }, at }
        return
      }
      const { code, reason } = event
      this.#seen ??= { end: { what: 'close', reason, ...(code !== undefined && { code }) }, at }
    }
  }

  /** Whether it has seen an end. */
  get ended(): boolean {
    return this.#seen !== undefined
  }

  /** Resolves when its connection has ended, or the signal has fired. */
  get over(): Promise<void> {
    return this.#watching
  }

  /** What it saw, counted from `begin`, milliseconds of the monotonic clock. */
  saw(begin: number): ClientSaw {
    return {
      client: this.kind,
      sees: this.#seen?.end ?? { what: 'nothing' },
      ...(this.#seen && { afterMs: Math.max(0, this.#seen.at - begin) }),
      ...(this.#cutAt !== undefined && { cutMs: Math.max(0, this.#cutAt - begin) }),
    }
  }

  leave(): void {
    clearInterval(this.#talk)
    this.#session.destroy()
  }
}

/** What a newcomer meets: as in the table of measured servers. */
export type Met =
  | 'let-in'
  | 'let-in-ended'
  | 'let-in-closed'
  | 'refused'
  | 'accepted-ended'
  | 'accepted-silent'
  | `http-${number}`

/** Milliseconds that a newcomer waits for an answer, and then for being thrown out again. */
const answerMs = 3_000
const thrownOutMs = 250

/** Tries once to become a client. */
export async function knock(prober: Prober): Promise<Met> {
  const limited = prober.within(answerMs)
  const { answer, wire } = await limited.ask()
  if (answer.is === 'unreachable') return answer.code === 'late' ? 'accepted-silent' : 'refused'
  if (answer.is === 'silence') return 'accepted-silent'
  if (answer.is === 'cut' || answer.is === 'not-http') return 'accepted-ended'
  if (!wire) return `http-${answer.status}`
  const session = limited.sessionOf(wire, answer)
  try {
    const limit = prober.within(thrownOutMs)
    const met = await limit.limited(async (signal): Promise<Met> => {
      for (let event = await session.next(signal); event; event = await session.next(signal)) {
        if (event.is === 'close') return 'let-in-closed'
        if (event.is === 'lost' || event.is === 'broken') return 'let-in-ended'
      }
      return 'let-in'
    })
    return met
  } finally {
    session.destroy()
  }
}
