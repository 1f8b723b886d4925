// The other nodes of the fleet, for the workers: they dial them. And where this node is found itself.
import dns from 'node:dns/promises'
import { isDeepStrictEqual } from 'node:util'
import {
  type FleetMember,
  type FleetNode,
  type FleetOptions,
  GatewayError,
  type HostPort,
  isPrivateAddress,
} from '../core/index.ts'
import type { WorkerLink } from './worker-link.ts'

export class OtherNodes {
  readonly #workers: () => readonly WorkerLink[]
  #nodes: FleetNode[] | undefined

  constructor(workers: () => readonly WorkerLink[]) {
    this.#workers = workers
  }

  /** Tells the workers, if there is something to tell. */
  follow(members: readonly FleetMember[]): void {
    const nodes = members.flatMap(({ id, listen, self }) => {
      const at = self || listen === undefined ? undefined : readListen(listen)
      return at ? [{ id, listen: at }] : []
    })
    if (isDeepStrictEqual(nodes, this.#nodes)) return
    this.#nodes = nodes
    for (const worker of this.#workers()) this.tell(worker)
  }

  tell(worker: WorkerLink): void {
    if (this.#nodes) worker.send({ type: 'nodes', nodes: this.#nodes })
  }
}

/** As it is announced. */
export function readListen(listen: string): HostPort | undefined {
  const [, host, port] = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(listen) ?? []
  return host === undefined ? undefined : { host, port: Number(port) }
}

/**
 * Where this node listens for others.
 *
 * @throws {GatewayError} Its name leads to an address that is not private, and the fleet has no certificates.
 */
export async function relayAddress({ listen, tls }: FleetOptions): Promise<HostPort> {
  const { host } = listen!
  const { address } = await dns.lookup(host).catch(() => ({ address: undefined }))
  if (tls?.cert === undefined && address !== undefined && !isPrivateAddress(address))
    throw new GatewayError(
      'cannot_listen',
      'gateway',
      `fleet.listen: ${host} leads to ${address}, which is no private address; give fleet.tls`,
    )
  return listen!
}
