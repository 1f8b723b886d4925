// In: a node has more than its share. Out: as many of its sessions as are asked for are with other gateways; those that cannot be given go on
// here. Which gateways is decided elsewhere. docs/decisions/0089.
import type { SessionGiver } from '../resume/index.ts'
import type { Connection, Connections } from './connections.ts'

/** Milliseconds for one session: a place for it, the Close of its upstream, and the store. */
const mostMs = 10_000

export interface GiveawayDeps {
  connections: Connections
  /** Absent: there are no other gateways. */
  giver: SessionGiver | undefined
  random: () => number
}

/** What has become of those that were to be given. */
export interface GivenSome {
  /** Ids of the nodes that have them now. */
  given: string[]
  notGiven: number
  /** There were fewer that could be given. */
  none: boolean
}

export class Giveaway {
  readonly #deps: GiveawayDeps
  #run: number | undefined
  /** They were to be given in this run, and stayed. */
  #stayed = new WeakSet<Connection>()

  constructor(deps: GiveawayDeps) {
    this.#deps = deps
  }

  /** Gives a session to each of these nodes. `run`: the same as long as one that could not be given is not to be tried again. */
  async give(run: number, to: readonly string[]): Promise<GivenSome> {
    if (run !== this.#run) this.#stayed = new WeakSet()
    this.#run = run
    const giving = this.#chosen(to)
    const results = await Promise.all(giving.map(({ its }) => its))
    const given = giving.flatMap(({ node }, n) => (results[n] ? [node] : []))
    return { given, notGiven: giving.length - given.length, none: giving.length < to.length }
  }

  /** One for each node, as far as there are enough, each on its way. */
  #chosen(to: readonly string[]): { node: string; its: Promise<boolean> }[] {
    const { connections, giver, random } = this.#deps
    const giving: { node: string; its: Promise<boolean> }[] = []
    if (!giver) return giving
    const candidates = [...connections].filter(
      (one) =>
        (one.session ?? one.opening.resumes) &&
        !one.drained &&
        !one.isBeingGiven &&
        !this.#stayed.has(one) &&
        one.pipe.state === 'open',
    )
    // Any: those who came first have nothing in common that the others do not have.
    while (giving.length < to.length && candidates.length > 0) {
      const at = Math.floor(random() * candidates.length)
      const connection = candidates[at]!
      candidates[at] = candidates.at(-1)!
      candidates.pop()
      const node = to[giving.length]!
      const its = connection.pipe.mayLeave({ unnoticed: true })
        ? connection.give({ giver, to: node, withinMs: timeFor(connection) })
        : undefined
      // One that is on its way is not chosen again, and one that stays has been tried.
      this.#stayed.add(connection)
      if (its) giving.push({ node, its })
    }
    return giving
  }
}

/** One that nobody takes needs what is left of `hold` to find an upstream here again. */
function timeFor({ opening: { held } }: Connection): number {
  return Math.min(mostMs, (held?.hold?.for ?? mostMs) / 2)
}
