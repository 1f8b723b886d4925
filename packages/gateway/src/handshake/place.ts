import type { Clock, MonotonicMs } from '../core/index.ts'
import type { UpgradeRequest } from '../http/index.ts'
import type { RouteState } from '../session/index.ts'
import type { Admission } from './limits.ts'
import { askerOf } from './turn-away.ts'

/**
 * Its place under the limits. For as long as the connection lasts this has of its handshake what is needed at the end, and no more. A
 * class, since a literal with an accessor costs each of them half a KiB.
 */
export class Place {
  readonly #admission: Extract<Admission, { ok: true }>
  readonly #client: Parameters<RouteState['clients']['lasted']>[0]
  readonly #clients: RouteState['clients']
  readonly #clock: Clock
  readonly #openedAt: MonotonicMs

  constructor(
    admission: Extract<Admission, { ok: true }>,
    request: UpgradeRequest,
    { clients }: RouteState,
    clock: Clock,
  ) {
    this.#admission = admission
    this.#client = { protocols: request.protocols, ...askerOf(request) }
    this.#clients = clients
    this.#clock = clock
    this.#openedAt = clock.now()
  }

  /** It may get its number later. */
  get id(): number | undefined {
    return this.#admission.id
  }

  release(): void {
    this.#admission.release()
    this.#clients.lasted(this.#client, this.#clock.now() - this.#openedAt)
  }
}
