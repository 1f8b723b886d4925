// The sessions of a route in this process, by the hashes of their tokens; those without a connection, longest first; and
// what is remembered of those that are over. Next: token.ts, session.ts.
import type { Clock, MonotonicMs, ResumeOptions } from '../core/index.ts'
import { AskedFor } from './asked-for.ts'
import type { Over } from './control-message.ts'
import { type Entry, entryWith } from './entry.ts'
import type { Session } from './session.ts'
import type { SessionEnd } from './session-state.ts'
import { hashOf, newToken, SessionTokens, type Token } from './token.ts'

interface Tombstone extends Over {
  until: MonotonicMs
}

/** What has happened to sessions of a route. */
export type SessionResult =
  | 'parked'
  | 'resumed'
  | 'expired'
  | 'evicted'
  | 'refused'
  | 'unknown'
  /** It was another node's, which is dead, and is this one's now; or the other way round. */
  | 'taken-over'
  | 'given-up'
  /** This node drains, and another one has it now; or could not have it. And what others gave this one. */
  | 'given'
  | 'not-given'
  | 'received'
  /** It is on another node: its client was joined to that, or that could not be reached. */
  | 'relayed'
  | 'unreachable'

/** Bytes that a session without a connection costs besides what is kept for it: sockets and their state. */
const costOfSession = 16 * 1024
/** Milliseconds in which an acknowledgement that is due may wait for a message to go with. */
const acknowledgedWithinMs = 25
/** A session that is over is remembered so many times `resume.for`. */
const rememberedFor = 10
/** Sessions that are over and remembered, at most. */
const mostRemembered = 65_536

export class Sessions {
  readonly #options: () => ResumeOptions | undefined
  readonly #clock: Clock
  readonly #hint: string
  readonly #byHash = new Map<string, Entry>()
  readonly #entries = new Map<Session, Entry>()
  /** Sessions without a connection, with what each costs. */
  readonly #parked = new Map<Session, number>()
  #parkedCost = 0
  readonly #tombstones = new Map<string, Tombstone>()
  /** Sessions whose clients are to be acknowledged something within `acknowledgedWithinMs`. */
  readonly #owing = new Set<Session>()
  /** Those of other nodes. */
  readonly askedFor = new AskedFor()
  readonly counts: Partial<Record<SessionResult, number>> = {}

  /** `hint` stands in front of tokens: who keeps the session. */
  constructor(options: () => ResumeOptions | undefined, clock: Clock, hint: string) {
    this.#options = options
    this.#clock = clock
    this.#hint = hint
  }

  /** How many there are with a connection and without one, and bytes kept for the latter. */
  get size(): { connected: number; parked: number; parkedBytes: number } {
    let parkedBytes = 0
    for (const session of this.#parked.keys()) parkedBytes += session.bytes
    return { connected: this.#entries.size - this.#parked.size, parked: this.#parked.size, parkedBytes }
  }

  /** How many have lost their upstream, and a client that is still to be told. */
  get owedEnds(): number {
    let owed = 0
    for (const { state } of this.#entries.keys()) if (state === 'owing' || state === 'telling') owed++
    return owed
  }

  get isUsed(): boolean {
    return this.#entries.size > 0
  }

  count(result: SessionResult): void {
    this.counts[result] = (this.counts[result] ?? 0) + 1
  }

  /** A session begins. The result is the token that its client comes back with. */
  add(entry: Omit<Entry, 'tokens'>): Token {
    const series = entry.listing?.series
    const token = series?.next(this.#hint) ?? newToken(this.#hint)
    this.enter(entryWith(entry, new SessionTokens(token.hash, undefined, series)))
    return token
  }

  enter(entry: Entry): void {
    this.#entries.set(entry.session, entry)
    for (const hash of entry.tokens.hashes) this.#byHash.set(hash, entry)
  }

  entryOf(session: Session): Entry | undefined {
    return this.#entries.get(session)
  }

  /** What a token opens; or how its session ended. It is looked at and nothing changes. */
  find(token: string): { entry: Entry; hash: string } | { over: Over } {
    const hash = hashOf(token)
    const entry = this.#byHash.get(hash)
    // A client that has closed has had its last word.
    if (entry && entry.session.state !== 'closing') return { entry, hash }
    if (entry) return { over: { why: 'closed', received: entry.session.received } }
    const tombstone = this.#tombstones.get(hash)
    if (!tombstone || tombstone.until <= this.#clock.now()) return { over: { why: 'unknown' } }
    const { until, ...over } = tombstone
    return { over }
  }

  /** The client is back with the token of this hash. The result is its next token. */
  exchange({ tokens, session }: Entry, hash: string): string {
    return this.#change(session, () => tokens.exchange(hash, this.#hint).token)
  }

  /** The client has used the connection that it came back with. */
  used(session: Session): void {
    const entry = this.#entries.get(session)
    if (entry && entry.tokens.hashes.length > 1) this.#change(session, () => entry.tokens.confirm())
  }

  #change<T>(session: Session, change: () => T): T {
    const entry = this.#entries.get(session)!
    const before = entry.tokens.hashes
    const result = change()
    const after = entry.tokens.hashes
    for (const hash of before) if (!after.includes(hash)) this.#byHash.delete(hash)
    for (const hash of after) this.#byHash.set(hash, entry)
    return result
  }

  /** A session owes its client an acknowledgement. */
  owesAck(session: Session): void {
    if (this.#owing.size === 0) this.#clock.setTimeout(() => this.#sayAcks(), acknowledgedWithinMs)
    this.#owing.add(session)
  }

  #sayAcks(): void {
    const owing = [...this.#owing]
    this.#owing.clear()
    for (const session of owing) session.sayAck()
  }

  /** A session's client has gone, and may come back. */
  parked(session: Session): void {
    if (!this.#entries.has(session)) return
    this.#unpark(session)
    this.count('parked')
    this.#weigh(session)
  }

  /** What is kept for a client that is away has grown. */
  grown(session: Session): void {
    if (this.#parked.has(session)) this.#weigh(session)
  }

  #weigh(session: Session): void {
    const cost = costOfSession + session.cost
    this.#parkedCost += cost - (this.#parked.get(session) ?? 0)
    this.#parked.set(session, cost)
    const most = this.#options()?.total ?? 0
    for (const longest of [...this.#longestParked(this.#parkedCost - most)]) longest.giveUp('evicted')
  }

  /** Those that have been away longest, as many as cost so much. */
  *#longestParked(cost: number): Iterable<Session> {
    for (const [session, its] of this.#parked) {
      if (cost <= 0) return
      cost -= its
      yield session
    }
  }

  /** One that another gateway has given away, and whose client is still to come. */
  adopt(entry: Entry): void {
    this.enter(entry)
    this.count('received')
    this.#weigh(entry.session)
  }

  /** Whether a session may come that costs so many bytes while its client is away, and gives up nobody. */
  hasRoomFor(bytes: number): boolean {
    return this.#parkedCost + costOfSession + bytes <= (this.#options()?.total ?? 0)
  }

  /** It has a connection again. */
  unparked(session: Session): void {
    this.#unpark(session)
    this.count('resumed')
  }

  #unpark(session: Session): void {
    this.#parkedCost -= this.#parked.get(session) ?? 0
    this.#parked.delete(session)
  }

  /** Only this gateway knows how it ended: no other one shall go on with it. Its client finds it by the hint in its token. */
  ending(session: Session): void {
    this.#entries.get(session)?.listing?.end()
  }

  /** It is over, and remembered. */
  over(session: Session, why: Exclude<SessionEnd, 'elsewhere'>): void {
    const entry = this.take(session)
    if (!entry) return
    if (why === 'expired' || why === 'evicted') this.count(why)
    const forMs = this.#options()?.for ?? 0
    const tombstone = { why, received: session.received, until: this.#clock.now() + rememberedFor * forMs }
    for (const hash of entry.tokens.hashes) this.#tombstones.set(hash, tombstone)
    for (const hash of this.#tombstones.keys()) {
      if (this.#tombstones.size <= mostRemembered) break
      this.#tombstones.delete(hash)
    }
  }

  /** Takes a session out, and remembers nothing of it. */
  take(session: Session): Entry | undefined {
    const entry = this.#entries.get(session)
    if (!entry) return undefined
    this.#unpark(session)
    this.#entries.delete(session)
    // After a takeover the same tokens may open another one by now.
    for (const hash of entry.tokens.hashes) if (this.#byHash.get(hash) === entry) this.#byHash.delete(hash)
    entry.listing?.end()
    return entry
  }

  /** Called at every sweep of the keepalive. */
  tick(now: MonotonicMs): void {
    if (this.#entries.size === 0 && this.#tombstones.size === 0) return
    for (const session of this.#entries.keys()) session.tick(now)
    const forMs = this.#options()?.for ?? 0
    for (const session of [...this.#parked.keys()])
      if (now - (session.parkedAt ?? now) >= forMs) session.giveUp('expired')
    for (const [hash, { until }] of this.#tombstones) {
      if (until > now) break
      this.#tombstones.delete(hash)
    }
  }

  /** Its process ends. */
  discard(): void {
    for (const session of [...this.#entries.keys()]) session.discard()
    this.#entries.clear()
    this.#byHash.clear()
    this.#parked.clear()
    this.#parkedCost = 0
  }
}
