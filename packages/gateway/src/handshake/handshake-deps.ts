import type { LimitOptions, SessionElsewhere } from '../core/index.ts'
import type { ClientHandshake } from '../http/index.ts'
import type { ConnectionDeps } from '../session/index.ts'
import type { Tracing } from '../trace/index.ts'
import type { Admission } from './limits.ts'
import type { Refusing } from './refuse-in-band.ts'

/** Asks whether a client may come in under a route's limits. */
export type Admit = (route: string, limits: LimitOptions, address: string) => Admission | Promise<Admission>

/** What a handshake needs of its gateway. */
export interface HandshakeDeps extends ConnectionDeps {
  admit: Admit
  tracing: Tracing
  /** Looks for the session of this token in other processes and nodes, and lets the one that keeps it serve the client. */
  elsewhere?: ((handshake: ClientHandshake, token: string) => Promise<SessionElsewhere>) | undefined
  /** An upstream could not be dialled, because this process has too many open files. */
  onNoDescriptor?: () => void
  /** Clients that are being told in band that they get no connection. */
  refusals: Set<Refusing>
}
