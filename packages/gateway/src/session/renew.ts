// In: a connection that its authentication service lets in until a certain time. Out: it goes on, or is told. Next: renewal.ts.
import { authorised, type PackedRenewal, Renewal } from '../auth/index.ts'
import type { UpgradeRequest } from '../http/index.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import type { Connection } from './connections.ts'
import type { RouteState } from './route-state.ts'

/** Undefined where it wants to be asked no more. */
export function renewalOf(
  { opening: { held }, pipe }: Connection,
  auth: PackedRenewal<UpgradeRequest> | undefined,
  state: RouteState,
  { clock, random }: ConnectionDeps,
): Renewal<UpgradeRequest> | undefined {
  return (
    auth &&
    new Renewal({
      ...auth,
      ask: (request, signal) => state.auth.renew(request, signal),
      clock,
      random,
      onRenewed({ names, headers }) {
        // For the next upstream of a held connection.
        if (held) held.request.headers = authorised(held.request, names, headers).headers
      },
      onRefused: () => pipe.end({ what: 'authorization-ended' }),
      onUnknown: () => pipe.end({ what: 'authorization-unknown', retry: pipe.retry() }),
    })
  )
}
