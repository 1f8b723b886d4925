// A connection's session, as the other nodes of its fleet are told of it.
import type { Clock } from '../core/index.ts'
import type { ListedSession, Listing, Session } from '../resume/index.ts'
import type { Connection } from './connections.ts'
import { baseOf } from './given-session.ts'
import { mostKeptBy, Rate, writeCounters } from './session-counters.ts'
import { writeRecipe } from './session-recipe.ts'

export class ListedConnection implements ListedSession {
  readonly #connection: Connection
  readonly #session: Session
  readonly #its: { listing: Listing; identity?: string | undefined }
  readonly #clock: Clock
  readonly #received: Rate
  readonly #taken: Rate
  /** What was last known of it: a live upgrade takes the connection to another process. */
  #confirmed = 0
  #remembered: string | undefined

  constructor(
    connection: Connection,
    session: Session,
    its: { listing: Listing; identity?: string | undefined },
    clock: Clock,
  ) {
    this.#connection = connection
    this.#session = session
    this.#its = its
    this.#clock = clock
    this.#received = new Rate(clock.now())
    this.#taken = new Rate(clock.now())
  }

  counters(): string {
    const { received, taken } = this.#session
    const now = this.#clock.now()
    this.#confirmed = this.#connection.pipe?.confirmed ?? this.#confirmed
    return writeCounters({
      received,
      confirmed: Math.min(received, baseOf(this.#connection.opening.resume) + this.#confirmed),
      taken,
      token: this.#its.listing.series.number,
      reattached: this.#connection.reattached,
      receivedRate: this.#received.look(received, now),
      takenRate: this.#taken.look(taken, now),
      mostKept: mostKeptBy(this.#session.window),
      untold: this.#session.untold?.lost ?? 0,
      epoch: this.#its.listing.epoch,
    })
  }

  stamp(): number {
    // How fast it goes may have changed without a message.
    if (this.#received.perSecond + this.#taken.perSecond > 0) return Number.NaN
    const { received, taken } = this.#session
    const { reattached, pipe } = this.#connection
    return received + taken + reattached + this.#its.listing.series.number + (pipe?.confirmed ?? 0)
  }

  recipe(): string {
    return recipeOf(this.#connection, this.#its, this.remembered())
  }

  remembered(): string | undefined {
    const now = this.#connection.pipe?.remembered
    if (now !== undefined) this.#remembered = JSON.stringify(now)
    return this.#remembered
  }

  get parkedAt(): number | undefined {
    return this.#session.parkedAt
  }

  checkClient(now: number): boolean {
    return this.#session.checkClient(now)
  }

  takenOver(): void {
    this.#session.takenOver()
  }
}

function recipeOf(
  { route, opening: { protocol, extensions, held, answers } }: Pick<Connection, 'route' | 'opening'>,
  { listing, identity }: { listing: Listing; identity?: string | undefined },
  replay: string | undefined,
): string {
  return writeRecipe({
    route,
    key: listing.series.key,
    ...(identity !== undefined && { identity }),
    ...(protocol !== undefined && { protocol }),
    ...(extensions !== undefined && { extensions }),
    ...(held && {
      held: { session: held.session, request: held.request, ...(answers !== undefined && { answers }) },
    }),
    ...(replay !== undefined && { replay }),
  })
}
