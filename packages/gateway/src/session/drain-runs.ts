// The drains of a gateway: which connections each concerns, what these are told, and how far it is. Next: drain.ts.
import type { Logger } from 'pino'
import type { Clock, DrainInfo, DrainOptions, DrainScope, GatewayEvent } from '../core/index.ts'
import type { SessionGiver } from '../resume/index.ts'
import type { Connection, Connections } from './connections.ts'
import { drain } from './drain.ts'
import type { Carried } from './opening.ts'

export interface DrainRunsDeps {
  connections: Connections
  options: () => DrainOptions
  clock: Clock
  random: () => number
  log: Logger
  emit: (event: GatewayEvent) => void
  /** Gives sessions to other gateways when all of this one is drained. Absent: there are none. */
  giver?: SessionGiver | undefined
}

/** Finished drains that are still shown. */
const maxShown = 10

export class DrainRuns {
  readonly #deps: DrainRunsDeps
  readonly #shown: DrainInfo[] = []

  constructor(deps: DrainRunsDeps) {
    this.#deps = deps
  }

  /** Those that are under way, and the last that are done. */
  get shown(): DrainInfo[] {
    return [...this.#shown]
  }

  /** The connections of a scope. A held one has no upstream any more: what becomes of its last one does not concern it. */
  of({ route: name, upstream: through, carrier }: DrainScope): Connection[] {
    return [...this.#deps.connections].filter(
      ({ route, upstream, pipe, carried }) =>
        (carrier === undefined || isOn(carrier, carried)) &&
        (name === undefined || route === name) &&
        (through === undefined || (upstream?.name === through && pipe.state !== 'held')),
    )
  }

  /** Begins a drain, if it concerns anybody; the result is how many. `id`: as for `Gateway.reload`. */
  start(scope: DrainScope, id: number | undefined, asked?: Connection[]): number {
    const { length } = asked ?? this.of(scope)
    if (length > 0) void this.run(scope, id, asked)
    return length
  }

  /** `asked`: those that are to go unless they find an upstream again; absent: all of the scope. */
  async run(scope: DrainScope, id: number | undefined, asked?: Connection[]): Promise<DrainInfo> {
    const { upstream, carrier } = scope
    const chosen = asked ?? this.of(scope)
    const { connections, clock, random, log, emit, giver } = this.#deps
    const all = scope.route === undefined && upstream === undefined && carrier === undefined
    let notGiven = 0
    const words = inWords(scope)
    const nobody = { closed: 0, moved: 0, cut: 0 }
    const shown = this.#show({ id, scope: words, total: chosen.length, ...nobody, done: false })
    log.info({ scope: words, connections: chosen.length }, 'drain started')
    const info = await drain(words, chosen, this.#deps.options(), {
      connections,
      clock,
      random,
      mustStillGo: ({ upstream: at, carried }) => {
        if (upstream !== undefined) return at?.name === upstream
        return carrier === undefined ? asked === undefined : isOn(carrier, carried)
      },
      close: (connection, retry, remainingMs) => {
        const { pipe, carried } = connection
        const then = clock.now()
        const onStays = () => {
          notGiven++
          pipe.end({ what: 'gateway-drains', retry }, closeTimeout(remainingMs - (clock.now() - then)))
        }
        // What nobody takes has half of the time left to be told.
        if (all && giver && connection.give({ giver, withinMs: remainingMs / 2, onStays })) return true
        const stays = carrier !== undefined && carried?.client !== carrier && carried?.front !== carrier
        // Its client has come back another way meanwhile.
        if (carrier !== undefined && !isOn(carrier, carried)) return false
        if (upstream !== undefined || stays) pipe.leaveUpstream(retry, closeTimeout(remainingMs))
        else pipe.end({ what: 'gateway-drains', retry }, closeTimeout(remainingMs))
        return true
      },
      onProgress: (progress) => {
        Object.assign(shown, progress)
        emit({ type: 'drain', at: clock.wall(), drain: { ...progress, id } })
      },
    })
    const { closed, moved, cut } = info
    log.info({ scope: words, closed, moved, cut, ...(all && giver && { notGiven }) }, 'drain finished')
    return info
  }

  #show(info: DrainInfo): DrainInfo {
    this.#shown.push(info)
    if (this.#shown.length > maxShown) this.#shown.shift()
    return info
  }
}

function isOn(carrier: number, carried: Carried | undefined): boolean {
  return Object.values(carried ?? {}).includes(carrier)
}

/** One that never answers is cut by the deadline, and counted, not by a time-out of its own. */
function closeTimeout(remainingMs: number): number {
  return remainingMs + 1000
}

function inWords({ route, upstream, carrier }: DrainScope): string {
  const parts = [
    route && `route ${route}`,
    upstream && `upstream ${upstream}`,
    carrier && `carrier ${carrier}`,
  ]
  return parts.filter(Boolean).join(', ') || 'gateway'
}
