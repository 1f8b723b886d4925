// The route of connections between two ends of the gateway's own, by which it tries another process. What happens on it counts
// nowhere: it is in no snapshot, no metric, no log and no drain.
import type { Duplex } from 'node:stream'
import { AccessLog, type Clock, type RouteOptions } from '../core/index.ts'
import { HoldEvents } from '../hold/index.ts'
import { UpstreamPool } from '../upstream/index.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import { type Connection, Connections } from './connections.ts'
import { openConnection } from './open-connection.ts'
import { RouteState } from './route-state.ts'

/** No configured route has this name. */
export const ownRouteName = ''

/** Milliseconds. */
const aWhile = 5000

const options: RouteOptions = {
  name: ownRouteName,
  match: {},
  upstreams: [],
  balance: { by: 'round-robin' },
  attempts: 1,
  timeouts: { connect: aWhile, handshake: aWhile, close: aWhile, response: aWhile, idle: aWhile },
  keepalive: false,
  rejections: 'pass',
  badGateway: 'auto',
  closeCodes: { badGateway: 1014, restart: 1012, tryAgain: 1013 },
  limits: {},
}

export class OwnRoute {
  readonly state: RouteState
  readonly deps: ConnectionDeps
  #ids = 0

  constructor(clock: Clock, random: () => number) {
    const log = silent as unknown as ConnectionDeps['log']
    const emit = () => {}
    const pool = new UpstreamPool(options, { clock, random, log })
    const holds = new HoldEvents({ route: ownRouteName, clock, log, emit })
    this.state = new RouteState(options, pool, holds, { clock, random })
    this.deps = {
      connections: new Connections(),
      clock,
      random,
      log,
      accessLog: new AccessLog(log),
      newId: () => `own-${++this.#ids}`,
      emit,
      draining: () => undefined,
    }
  }

  /** A connection between these two, as after a handshake without extensions. */
  open(client: Duplex, upstream: Duplex): Connection {
    const free = { releaseUpstream: () => {}, admission: { release: () => {} } }
    return openConnection({ address: '', http: '1.1', ...free }, { client, upstream }, this.state, this.deps)
  }

  /** Ends what is open. */
  stop(): void {
    for (const { pipe } of [...this.deps.connections]) pipe.cut()
  }
}

const silent = Object.fromEntries(
  ['fatal', 'error', 'warn', 'info', 'debug', 'trace'].map((level) => [level, () => {}]),
)
