// A gateway as a node of its fleet: what others are told of it, and who hears in it what the fleet says.
import type { Logger } from 'pino'
import type { Clock, FleetOptions, GatewayOptions } from '../core/index.ts'
import { Fleet } from '../fleet/index.ts'
import type { Ledger } from '../handshake/index.ts'
import type { Phase } from '../operate/index.ts'
import type { Listening } from './listening.ts'
import type { OtherNodes } from './other-nodes.ts'
import { sessionMoves } from './session-moves.ts'
import type { TicketKeys } from './ticket-keys.ts'
import { workerInfo } from './worker-info.ts'
import type { WorkerPool } from './worker-pool.ts'

/** Those of a supervisor that it has to do with; they need not be there yet when it is made. */
export interface NodeParts {
  readonly version: string
  readonly options: GatewayOptions
  readonly phase: Phase
  readonly listening: Listening
  readonly pool: WorkerPool
  readonly ticketKeys: TicketKeys
  readonly log: Logger
  readonly clock: Clock
}

export interface NodeDeps {
  options: FleetOptions
  /** Of the supervisor whose place this one takes. */
  id: string | undefined
  /** What this gateway counts for itself. */
  local: Ledger
  nodes: OtherNodes
  random: () => number
}

export function fleetNode(parts: NodeParts, { options, id, local, nodes, random }: NodeDeps): Fleet {
  const describe = () => ({
    listen: parts.listening.relay,
    version: parts.version,
    phase: parts.phase,
    generation: parts.pool.generation,
    connections: parts.pool.workers.reduce((sum, worker) => sum + workerInfo(worker).connections, 0),
    moves: sessionMoves(parts.pool.snapshot()),
  })
  return new Fleet({
    options,
    id,
    onAnnounce: () => parts.pool.announceSessions(),
    onTaken: (sessions) => parts.pool.tellTaken(sessions),
    onRenewed: (agoMs) => parts.pool.tellRenewed(agoMs),
    routes: parts.options.routes,
    describe,
    onMembers: (members) => nodes.follow(members),
    local,
    onTicketKeys: (keys) => parts.ticketKeys.adopt(keys),
    log: parts.log,
    clock: parts.clock,
    random,
  })
}
