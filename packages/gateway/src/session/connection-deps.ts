import type { Logger } from 'pino'
import type { AccessLog, Clock, DrainOptions, GatewayEvent } from '../core/index.ts'
import type { SessionDirectory } from '../resume/index.ts'
import type { Connections } from './connections.ts'
import type { LineTo } from './departing.ts'

/** What a connection needs of its gateway. */
export interface ConnectionDeps {
  connections: Connections
  /** A connection that another process has let in is here now; the result is called when it has ended. */
  entered?: (connection: { route: string; address: string; admission?: number }) => () => void
  /** What becomes of connections of a route, as it happens: one was accepted; one has ended, by code and by whom. */
  onOpened?: (route: string) => void
  onClosed?: (route: string, as: string) => void
  clock: Clock
  random: () => number
  log: Logger
  accessLog: AccessLog
  newId: () => string
  /** Makes sessions findable for the other gateways of a fleet. */
  directory?: SessionDirectory | undefined
  /** Reaches the worker that has the session of a connection of here, to give that to another gateway. */
  lineTo?: LineTo | undefined
  emit: (event: GatewayEvent) => void
  /** The delays that clients of a drained route or upstream are told; undefined when it is not drained. */
  draining: (route: string, upstream?: string) => DrainOptions['retry'] | undefined
}
