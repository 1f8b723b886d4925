// The worker's end of what the fleet knows of sessions: it says which it has and what they have counted, and hears which of them
// others have. The supervisor has the connection to the store. Nothing waits for it but a session that begins, and that not for long.
import type { Logger } from 'pino'
import type { Clock, FleetOptions } from '../core/index.ts'
import { Seal, type SessionHolder } from '../fleet/index.ts'
import type { AbandonedSession, Listing, SessionDirectory, TokenSeries } from '../resume/index.ts'
import { recipePurpose, SessionAnnouncer } from './session-announcer.ts'
import { type AnswerTo, type Away, SessionAsks } from './session-asks.ts'
import { SessionEntries, type SessionEntry } from './session-entries.ts'
import { SessionRounds } from './session-rounds.ts'
import { SessionsToForget } from './sessions-to-forget.ts'
import type { FromWorker, SessionAnswer } from './worker-messages.ts'

/** What a session is sealed for that is given to another node. */
const givenPurpose = (id: string) => `given session ${id}`

export interface FleetSessionsDeps {
  fleet: Pick<FleetOptions, 'name' | 'secrets'>
  post: (message: FromWorker) => void
  clock: Clock
  log: Logger
}

export class FleetSessions implements SessionDirectory {
  readonly #log: Logger
  readonly #seal: Seal
  readonly #asks: SessionAsks
  readonly #entries = new SessionEntries()
  readonly #toForget = new SessionsToForget()
  readonly #announcer: SessionAnnouncer
  readonly #rounds: SessionRounds

  constructor({ fleet, post, clock, log }: FleetSessionsDeps) {
    const [entries, toForget] = [this.#entries, this.#toForget]
    this.#log = log
    this.#seal = new Seal(fleet.name, fleet.secrets)
    this.#asks = new SessionAsks({ post, clock })
    this.#announcer = new SessionAnnouncer({
      ...{ entries, toForget, asks: this.#asks, seal: this.#seal, clock, log },
      onTaken: (sessions) => this.taken(sessions),
    })
    this.#rounds = new SessionRounds({ entries, toForget, announcer: this.#announcer, clock, log })
  }

  async list(forMs: number, recipe: (series: TokenSeries) => string): Promise<Listing> {
    const entry = this.#entries.begin(forMs, recipe)
    if (!this.#asks.isAway) await this.#announcer.listed(entry)
    return this.#listingOf(entry)
  }

  async seek(
    id: string,
    forMs: number,
    without?: string,
    isUnsure = false,
  ): Promise<AbandonedSession | 'kept' | 'away' | undefined> {
    const answer = await this.find(id)
    // Nobody takes anything over without a store that answers.
    if (answer.what === 'away') return 'away'
    const { found } = answer
    if (!found) return undefined
    const { isOwn, goneInMs, silentMs, epoch, node, counters } = found
    // Of this node's sessions all workers have been asked, and may not all have answered.
    if (isOwn ? isUnsure : node !== without && goneInMs > 0) return 'kept'
    const recipe = this.#seal.open(recipePurpose(id), found.recipe)?.toString()
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
    const answer = await this.#asks.ask({ what: 'claim', id, holder, forMs })
    if (answer.what === 'away' || !answer.claimed.ok) return undefined
    const { epoch, counters } = answer.claimed
    const entry = this.#entries.adopt({ series, forMs, epoch, counters, recipe: () => recipe })
    return { counters, listing: this.#listingOf(entry) }
  }

  /** Whether the store is there, as far as that is known. */
  async isThere(): Promise<boolean> {
    return (await this.#asks.ask({ what: 'forget', sessions: [] })).what !== 'away'
  }

  /** The session that another node gives to this one, sealed; undefined: it is of no node of this fleet. */
  unseal(id: string, sealed: string): string | undefined {
    return this.#seal.open(givenPurpose(id), sealed)?.toString()
  }

  /** What a node is given: its epoch, and all of it, sealed. Undefined: it is not there any more. */
  given(id: string, session: string): { epoch: number; session: string } | undefined {
    const entry = this.#entries.get(id)
    if (!entry) return undefined
    entry.isGiven = true
    entry.refusedBy = undefined
    return { epoch: entry.epoch, session: this.#seal.seal(givenPurpose(id), Buffer.from(session)) }
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
      this.#entries.change(entry, 'all')
      void this.#announcer.send()
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
    entry.isGiven = true
    const result = await this.#claimBack(entry, node, refused)
    // Who stays the one that has it claims it again when it hears of that node.
    if (result === 'unknown' && refused) entry.refusedBy = node
    if (refused) entry.isGiven = false
    return result
  }

  async #claimBack(
    entry: SessionEntry,
    node: string,
    refused: boolean,
  ): Promise<'kept' | 'lost' | 'unknown'> {
    const { id } = entry
    let holder: SessionHolder = { epoch: entry.epoch, node }
    for (let tries = 0; tries < 3; tries++) {
      const claim = await this.#asks.ask({ what: 'claim', id, holder, forMs: entry.forMs })
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

  #isKept(entry: SessionEntry, epoch: number): 'kept' | 'lost' {
    // It has ended meanwhile: nobody goes on with it.
    if (!this.#entries.has(entry)) return 'lost'
    entry.epoch = epoch
    entry.isGiven = false
    entry.refusedBy = undefined
    this.#entries.change(entry, 'all')
    return 'kept'
  }

  #listingOf(entry: SessionEntry): Listing {
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
      leave: () => this.#entries.remove(entry),
    }
  }

  #end(entry: SessionEntry): void {
    if (this.#entries.remove(entry)) this.#toForget.add(entry)
  }

  /** Who keeps this session, as the store says. `away`: it does not answer. */
  async find(id: string): Promise<AnswerTo<'find'> | Away> {
    return this.#asks.ask({ what: 'find', id })
  }

  /** The store is there, perhaps anew: it hears everything. */
  announceAll(): void {
    this.#asks.isBack()
    this.#announcer.goOn()
    for (const entry of this.#entries.all()) this.#entries.change(entry, 'all')
    void this.#announcer.send()
  }

  /** This node was announced, and for that call so many milliseconds ago. */
  renewed(agoMs: number): void {
    this.#rounds.renewed(agoMs)
  }

  answer(ask: number, answer: SessionAnswer): void {
    this.#asks.answer(ask, answer)
  }

  /** Other nodes have sessions of this one, as of a later epoch. */
  taken(sessions: readonly { id: string; epoch: number }[]): void {
    let count = 0
    for (const { id, epoch } of sessions) {
      const entry = this.#entries.get(id)
      // Of one that is on its way it is heard from whom it was given to, who may have refused it after all.
      if (!entry || entry.epoch >= epoch || entry.isGiven) continue
      if (entry.refusedBy === undefined) {
        this.#entries.letGo(entry)
        count++
      } else void this.#keepAfter(entry, entry.refusedBy)
    }
    if (count > 0) this.#log.warn({ sessions: count }, 'other nodes have taken sessions over')
  }

  async #keepAfter(entry: SessionEntry, refusedBy: string): Promise<void> {
    const result = await this.keep(entry.id, refusedBy, true)
    if (result === 'lost' && this.#entries.has(entry)) this.#entries.letGo(entry)
  }

  stop(): void {
    this.#announcer.stop()
    this.#rounds.stop()
  }
}
