// What another configuration changes in a supervisor itself, and what a reload needs of it for that.
import type { Logger } from 'pino'
import { type AcmeManager, type AcmeWish, challengesOf } from '../acme/index.ts'
import type { Clock, GatewayOptions } from '../core/index.ts'
import type { Fleet } from '../fleet/index.ts'
import type { Ledger } from '../handshake/index.ts'
import type { EventFeed, Phase } from '../operate/index.ts'
import type { AdminPort } from './admin-port.ts'
import type { CarryDirectory } from './carry-directory.ts'
import type { Drains } from './drains.ts'
import type { Fronts } from './fronts.ts'
import type { Listening } from './listening.ts'
import { Reload, type ReloadDeps } from './reload.ts'
import type { RemovedRoutes } from './removed-routes.ts'
import type { WorkerPool } from './worker-pool.ts'

/** Those of a supervisor that a configuration is for. */
export interface ConfiguredParts {
  /** Those of now. */
  options: GatewayOptions
  readonly phase: Phase
  readonly acme: AcmeManager
  readonly admin: AdminPort
  readonly carryDirectory: CarryDirectory
  readonly drains: Drains
  readonly events: EventFeed
  readonly fleet: Fleet | undefined
  readonly fronts: Fronts | undefined
  readonly listening: Listening
  readonly pool: WorkerPool
  readonly removed: RemovedRoutes
  readonly log: Logger
  readonly clock: Clock
}

/** `ledger`: what this gateway counts for itself. */
export function newReload(parts: ConfiguredParts, load: ReloadDeps['load'], ledger: Ledger): Reload {
  const { acme, admin, drains, events, fronts, listening, pool, log, clock } = parts
  return new Reload({
    phase: () => parts.phase,
    load,
    options: () => parts.options,
    beforeReload: (options) => acme.configure(acmeWish(options)),
    replaceOptions: (options) => replaceOptions(parts, options, ledger),
    whyNoFronts: ({ listen }) =>
      fronts && listen.some(({ front }) => front) ? whyNoFolder(parts) : undefined,
    openAdmin: (options) => admin.open(options),
    replaceAdmin: (options, opened) => admin.replace(options, opened),
    stillDrained: () => drains.words,
    pool,
    listening,
    onReloaded: (changes, drained) => {
      void fronts?.settle()
      events.forgetHealth()
      events.publish({ type: 'reload', at: clock.wall(), changes, drained })
    },
    log,
    clock,
  })
}

export function acmeWish({ acme, listen }: GatewayOptions): AcmeWish | undefined {
  return acme && { options: acme, challenges: challengesOf(acme, listen) }
}

async function replaceOptions(
  parts: ConfiguredParts,
  options: GatewayOptions,
  ledger: Ledger,
): Promise<void> {
  const names = (of: GatewayOptions) => of.routes.map(({ name }) => name)
  parts.removed.reloaded(names(parts.options), names(options))
  const { fleet: _, ...others } = options
  const { fleet } = parts.options
  // Another fleet takes effect at the next start.
  parts.options = { ...others, ...(fleet && { fleet }) }
  parts.drains.parts.reloaded(options)
  if (parts.fleet) parts.fleet.ledger.configure(options.routes)
  else ledger.keep(names(options))
  await parts.fronts?.reload().catch((err) => parts.log.error({ err }, 'fronts have not reloaded'))
}

/** Why fronts could have no folder for their sockets, in words; undefined when they can. */
function whyNoFolder({ carryDirectory }: ConfiguredParts): string | undefined {
  try {
    carryDirectory.open()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
