// The worker's end of what the fleet knows of sessions: it says which it has and what they have counted, and hears which of them
// others have. The supervisor has the connection to the store. Nothing waits for it but a session that begins, and that not for long.
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { type Clock, type FleetOptions, type MonotonicMs, ThrottledLine } from '../core/index.ts'
import { type AnnouncedSession, Seal, type SessionHolder } from '../fleet/index.ts'
import {
  type AbandonedSession,
  type ListedSession,
  type Listing,
  type SessionDirectory,
  TokenSeries,
} from '../resume/index.ts'
import { SessionGroups } from './session-groups.ts'
import type { FromWorker, SessionAnswer, SessionAsk } from './worker-messages.ts'

/** Milliseconds that an answer may take: the store has 250 for each of two calls. */
const answerWithinMs = 600
/** Milliseconds that a session waits with its beginning until others can find it. */
const beginWithinMs = 300
/** Milliseconds between two looks at what has changed, and between two announcements of one session. */
const lookEveryMs = 250
const changedEveryMs = 1000
/** Milliseconds until sessions are announced again after no answer; doubled each time, at most to the second. */
const pauseMs = 50
const longestPauseMs = 5000
/** Milliseconds after which a group of sessions is announced again, so that the store keeps it. */
const keepEveryMs = 20_000
/**
 * Milliseconds after which a node that could not announce itself gives its parked sessions up: after ten seconds others may take them
 * over.
 */
export const giveUpAfterMs = 8000
/** Sessions of one announcement, and characters of it, about. */
const mostTogether = 250
const longestTogether = 512 * 1024
/** Sessions that are over and to be forgotten by the store, at most. */
const mostOver = 16_384
/** Bytes of a recipe, sealed; of a longer one others know only where the session is. */
export const longestRecipe = 4096

type What = SessionAsk['what']
type AnswerTo<W extends What> = Extract<SessionAnswer, { what: W }>
type Away = Extract<SessionAnswer, { what: 'away' }>

/** What a recipe is sealed for. */
const purposeOf = (id: string) => `session ${id}`
const purposeOfGiven = (id: string) => `given session ${id}`

interface Entry {
  id: string
  forMs: number
  epoch: number
  series: TokenSeries
  recipe: () => string
  session?: ListedSession
  /** What is to be announced of it: all, what it has counted, or only that it is there. */
  due?: 'all' | 'counters' | 'presence'
  /** What was last announced. */
  counters: string
  stamp?: number
  remembered?: string | undefined
  toldAt: MonotonicMs
  /** It is on its way to another node. */
  isGiven?: boolean
  /** Called when others can find it, or when that cannot be said. */
  onListed?: () => void
}

export interface FleetSessionsDeps {
  fleet: Pick<FleetOptions, 'name' | 'secrets'>
  post: (message: FromWorker) => void
  clock: Clock
  log: Logger
}

export class FleetSessions implements SessionDirectory {
  readonly #deps: FleetSessionsDeps
  readonly #seal: Seal
  readonly #groups = new SessionGroups()
  readonly #entries = new Map<string, Entry>()
  readonly #due = new Set<Entry>()
  /** Sessions that are over, and that the store still has. */
  #over: { id: string; epoch: number }[] = []
  /** Sessions that were given up, and stay in the store until then for whoever takes them over. */
  #givenUp: { id: string; epoch: number; until: MonotonicMs }[] = []
  readonly #waiting = new Map<number, (answer: SessionAnswer) => void>()
  #asks = 0
  #isSending = false
  /** Nothing is announced until then, after so many milliseconds without an answer. */
  #pausedUntil: MonotonicMs = Number.NEGATIVE_INFINITY
  #pauseMs = 0
  /** The store did not answer: nobody waits for it. */
  #isAway = false
  /** When this node last said that it is there. */
  #renewedAt: MonotonicMs = Number.NEGATIVE_INFINITY
  #timer: unknown
  /** A client can cause it at will. */
  readonly #tooLong = new ThrottledLine((times, last) =>
    this.#deps.log.warn(
      { ...(last as object), times },
      'a session has too much to be taken over by another node: long cookies or fields, or what is replayed',
    ),
  )
  #stopped = false

  constructor(deps: FleetSessionsDeps) {
    this.#deps = deps
    this.#seal = new Seal(deps.fleet.name, deps.fleet.secrets)
    this.#look()
  }

  async list(forMs: number, recipe: (series: TokenSeries) => string): Promise<Listing> {
    const id = this.#groups.next(forMs)
    const series = new TokenSeries(id, randomBytes(32))
    const make = () => recipe(series)
    const entry: Entry = { id, forMs, epoch: 0, series, recipe: make, counters: '', toldAt: 0 }
    this.#entries.set(id, entry)
    this.#change(entry, 'all')
    if (!this.#isAway) await this.#listed(entry)
    return this.#listingOf(entry)
  }

  async seek(
    id: string,
    forMs: number,
    without?: string,
    isUnsure = false,
  ): Promise<AbandonedSession | 'kept' | undefined> {
    const answer = await this.find(id)
    // Nobody takes anything over without a store that answers.
    if (answer.what === 'away' || !answer.found) return undefined
    const { found } = answer
    const { isOwn, goneInMs, silentMs, epoch, node, counters } = found
    // Of this node's sessions all workers have been asked, and may not all have answered.
    if (isOwn ? isUnsure : node !== without && goneInMs > 0) return 'kept'
    const recipe = this.#seal.open(purposeOf(id), found.recipe)?.toString()
    if (recipe === undefined) return undefined
    const take = (series: TokenSeries) => this.#take(series, { epoch, node }, forMs, recipe)
    return { recipe, silentMs, counters, isOwn, take }
  }

  async #take(
    series: TokenSeries,
    holder: SessionHolder,
    forMs: number,
    recipe: string,
  ): ReturnType<AbandonedSession['take']> {
    const { id } = series
    const answer = await this.#ask({ what: 'claim', id, holder, forMs })
    if (answer.what === 'away' || !answer.claimed.ok) return undefined
    const { epoch, counters } = answer.claimed
    const before = this.#entries.get(id)
    if (before) this.#letGo(before)
    const entry: Entry = { id, forMs, epoch, series, recipe: () => recipe, counters, toldAt: 0 }
    this.#entries.set(id, entry)
    this.#groups.adopt(id, forMs)
    return { counters, listing: this.#listingOf(entry) }
  }

  /** Whether the store is there, as far as that is known. */
  async isThere(): Promise<boolean> {
    return (await this.#ask({ what: 'forget', sessions: [] })).what !== 'away'
  }

  /** The session that another node gives to this one, sealed; undefined: it is of no node of this fleet. */
  unseal(id: string, sealed: string): string | undefined {
    return this.#seal.open(purposeOfGiven(id), sealed)?.toString()
  }

  /** What a node is given: its epoch, and all of it, sealed. Undefined: it is not there any more. */
  given(id: string, session: string): { epoch: number; session: string } | undefined {
    const entry = this.#entries.get(id)
    if (!entry) return undefined
    entry.isGiven = true
    return { epoch: entry.epoch, session: this.#seal.seal(purposeOfGiven(id), Buffer.from(session)) }
  }

  /** Takes a session over that its node gives away. Undefined: it has not got it, or nobody knows. */
  async adopt(series: TokenSeries, holder: SessionHolder, forMs: number): Promise<Listing | undefined> {
    const taken = await this.#take(series, holder, forMs, '')
    const entry = taken && this.#entries.get(series.id)
    if (!entry) return undefined
    const { listing } = taken
    const begun: Listing['begun'] = (session) => {
      listing.begun(session)
      // What the store has is as old as the last word of the node before.
      this.#change(entry, 'all')
      void this.#send()
    }
    return { ...listing, begun }
  }

  /**
   * Sees to it that a session which was offered to that node is this one's, whatever that node still does. `refused`: it has said that it
   * does not go on with it. `lost`: it has it.
   */
  async keep(id: string, node: string, refused: boolean): Promise<'kept' | 'lost' | 'unknown'> {
    const entry = this.#entries.get(id)
    if (!entry) return 'lost'
    let holder: SessionHolder = { epoch: entry.epoch, node }
    for (let tries = 0; tries < 3; tries++) {
      const claim = await this.#ask({ what: 'claim', id, holder, forMs: entry.forMs })
      if (claim.what === 'away') return 'unknown'
      if (claim.claimed.ok) return this.#isKept(entry, claim.claimed.epoch)
      const answer = await this.find(id)
      if (answer.what === 'away') return 'unknown'
      const { found } = answer
      // An earlier claim was answered too late.
      if (found?.isOwn) return this.#isKept(entry, found.epoch)
      // It has ended what it took, or the store has forgotten all: nobody has it.
      if (!found && refused) return this.#isKept(entry, entry.epoch + 1)
      if (!refused || found?.node !== node) return 'lost'
      holder = found
    }
    return 'unknown'
  }

  #isKept(entry: Entry, epoch: number): 'kept' {
    entry.epoch = epoch
    entry.isGiven = false
    this.#change(entry, 'all')
    return 'kept'
  }

  #listingOf(entry: Entry): Listing {
    return {
      series: entry.series,
      // A claim of this node's own raises it.
      get epoch() {
        return entry.epoch
      },
      begun: (session) => {
        entry.session = session
        entry.recipe = () => session.recipe()
      },
      end: () => this.#end(entry),
      leave: () => this.#remove(entry),
    }
  }

  #listed(entry: Entry): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.clock.setTimeout(resolve, beginWithinMs)
      entry.onListed = () => {
        this.#deps.clock.clearTimeout(timer)
        resolve()
      }
      queueMicrotask(() => void this.#send())
    })
  }

  #end(entry: Entry): void {
    if (!this.#remove(entry)) return
    // Of more the store forgets by itself, in time.
    if (this.#over.length < mostOver) this.#over.push({ id: entry.id, epoch: entry.epoch })
  }

  /** False: it is not there, and perhaps a later one of the same session is. */
  #remove(entry: Entry): boolean {
    if (this.#entries.get(entry.id) !== entry) return false
    this.#entries.delete(entry.id)
    this.#due.delete(entry)
    this.#groups.release(entry.id)
    return true
  }

  /** Who keeps this session, as the store says. `away`: it does not answer. */
  async find(id: string): Promise<AnswerTo<'find'> | Away> {
    return this.#ask({ what: 'find', id })
  }

  /** The store is there, perhaps anew: it hears everything. */
  announceAll(): void {
    this.#isAway = false
    this.#goOn()
    for (const entry of this.#entries.values()) this.#change(entry, 'all')
    void this.#send()
  }

  renewed(agoMs: number): void {
    this.#renewedAt = this.#deps.clock.now() - agoMs
  }

  stop(): void {
    this.#stopped = true
    this.#deps.clock.clearTimeout(this.#timer)
  }

  answer(ask: number, answer: SessionAnswer): void {
    this.#waiting.get(ask)?.(answer)
  }

  #ask<W extends What>(about: Extract<SessionAsk, { what: W }>): Promise<AnswerTo<W> | Away> {
    const { clock, post } = this.#deps
    const ask = ++this.#asks
    return new Promise((resolve) => {
      const settle = (answer: SessionAnswer) => {
        clock.clearTimeout(timer)
        this.#waiting.delete(ask)
        this.#isAway = answer.what === 'away'
        resolve(answer as AnswerTo<W>)
      }
      const timer = clock.setTimeout(() => settle({ what: 'away' }), answerWithinMs)
      this.#waiting.set(ask, settle)
      post({ type: 'session-ask', ask, about })
    })
  }

  #change(entry: Entry, due: NonNullable<Entry['due']>): void {
    if (entry.due !== 'all') entry.due = due
    this.#due.add(entry)
  }

  /** Announces what is due, one call at a time. */
  async #send(): Promise<void> {
    if (this.#isSending || this.#stopped) return
    if (this.#isPaused) {
      for (const entry of this.#due) entry.onListed?.()
      return
    }
    this.#isSending = true
    while (this.#due.size > 0 && !this.#stopped) {
      const some = this.#some()
      const answer = await this.#ask({ what: 'announce', forMs: some.forMs, sessions: some.sessions })
      if (answer.what === 'away') {
        this.#pause()
        for (const entry of some.entries) this.#undone(entry)
        for (const entry of this.#due) entry.onListed?.()
        break
      }
      this.#goOn()
      for (const entry of some.entries) entry.onListed?.()
      this.taken(answer.taken)
    }
    while (this.#over.length > 0 && !this.#isPaused && !this.#stopped) {
      const sessions = this.#over.splice(0, mostTogether)
      const answer = await this.#ask({ what: 'forget', sessions })
      if (answer.what !== 'away') this.#goOn()
      else {
        this.#pause()
        this.#over.push(...sessions)
      }
    }
    this.#isSending = false
  }

  get #isPaused(): boolean {
    return this.#deps.clock.now() < this.#pausedUntil
  }

  #pause(): void {
    this.#pauseMs = Math.min(longestPauseMs, Math.max(pauseMs, 2 * this.#pauseMs))
    this.#pausedUntil = this.#deps.clock.now() + this.#pauseMs
  }

  #goOn(): void {
    this.#pauseMs = 0
    this.#pausedUntil = Number.NEGATIVE_INFINITY
  }

  /** Some of what is due, of sessions that are kept equally long. */
  #some(): { forMs: number; entries: Entry[]; sessions: AnnouncedSession[] } {
    const [first] = this.#due
    const { forMs } = first!
    const entries: Entry[] = []
    const sessions: AnnouncedSession[] = []
    let length = 0
    for (const entry of this.#due) {
      if (entry.forMs !== forMs) continue
      if (entries.length >= mostTogether || length >= longestTogether) break
      const session = this.#written(entry)
      length += (session.recipe?.length ?? 0) + (session.counters?.length ?? 0)
      entries.push(entry)
      sessions.push(session)
      this.#due.delete(entry)
    }
    return { forMs, entries, sessions }
  }

  #written(entry: Entry): AnnouncedSession {
    const { id, epoch, due, session } = entry
    delete entry.due
    entry.toldAt = this.#deps.clock.now()
    const counters = session?.counters()
    if (counters !== undefined) entry.counters = counters
    entry.remembered = session?.remembered()
    const recipe = due === 'all' ? this.#sealed(entry) : undefined
    return {
      ...{ id, epoch },
      ...(recipe !== undefined && { recipe }),
      ...(due !== 'presence' && counters !== undefined && { counters }),
    }
  }

  #sealed({ id, recipe }: Entry): string | undefined {
    const sealed = this.#seal.seal(purposeOf(id), Buffer.from(recipe()))
    if (sealed.length <= longestRecipe) return sealed
    this.#tooLong.happened({ bytes: sealed.length, most: longestRecipe })
    return undefined
  }

  #undone(entry: Entry): void {
    if (this.#entries.get(entry.id) !== entry) return
    // What was heard of it nobody knows: the store may be another one when it is back.
    this.#change(entry, 'all')
    entry.onListed?.()
  }

  /** Other nodes have sessions of this one, as of a later epoch. */
  taken(sessions: readonly { id: string; epoch: number }[]): void {
    let count = 0
    for (const { id, epoch } of sessions) {
      const entry = this.#entries.get(id)
      // Of one that is on its way it is heard from whom it was given to, who may have refused it after all.
      if (!entry || entry.epoch >= epoch || entry.isGiven) continue
      this.#letGo(entry)
      count++
    }
    if (count > 0) this.#deps.log.warn({ sessions: count }, 'other nodes have taken sessions over')
  }

  #letGo(entry: Entry): void {
    this.#remove(entry)
    entry.session?.takenOver()
  }

  #look(): void {
    const { clock } = this.#deps
    if (this.#stopped) return
    this.#timer = clock.setTimeout(() => this.#look(), lookEveryMs)
    const now = clock.now()
    for (const entry of this.#entries.values()) {
      const { session } = entry
      if (now - entry.toldAt < changedEveryMs || !session) continue
      // Most have nothing to do, and there may be a hundred thousand.
      const stamp = session.stamp()
      if (stamp === entry.stamp) continue
      entry.stamp = stamp
      if (session.counters() === entry.counters) continue
      this.#change(entry, session.remembered() === entry.remembered ? 'counters' : 'all')
    }
    for (const id of this.#groups.unheard(now, keepEveryMs)) {
      const entry = this.#entries.get(id)
      if (entry) this.#change(entry, 'presence')
    }
    this.#giveUp(now)
    const isTime = ({ until }: { until: MonotonicMs }) => until <= now
    if (this.#givenUp.some(isTime)) {
      this.#over.push(...this.#givenUp.filter(isTime))
      this.#givenUp = this.#givenUp.filter((one) => !isTime(one))
    }
    void this.#send()
  }

  /** Nobody may have two upstreams for long: what others may have taken over, and whose client is not here, is given up. */
  #giveUp(now: MonotonicMs): void {
    const silentMs = now - this.#renewedAt
    if (silentMs < giveUpAfterMs || silentMs === Number.POSITIVE_INFINITY) return
    let count = 0
    for (const entry of [...this.#entries.values()]) {
      const { session } = entry
      if (!session) continue
      const { parkedAt } = session
      // A client that has a connection here may have left it, and be with another node: one that is there answers.
      if (parkedAt === undefined ? session.checkClient(now) : now - parkedAt < giveUpAfterMs) continue
      this.#letGo(entry)
      const { id, epoch, forMs } = entry
      if (this.#givenUp.length < mostOver) this.#givenUp.push({ id, epoch, until: now + forMs })
      count++
    }
    if (count > 0)
      this.#deps.log.warn(
        { sessions: count, silentMs: Math.round(silentMs) },
        'sessions without a client are given up: this node could not announce itself, and others may have them',
      )
  }
}
