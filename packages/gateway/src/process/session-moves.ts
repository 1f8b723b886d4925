import type { GatewaySnapshot, SessionMoves } from '../core/index.ts'

/** How many sessions changed nodes, over all routes. */
export function sessionMoves({ routes }: GatewaySnapshot): SessionMoves {
  const count = (event: string) =>
    routes.reduce((sum, { counters }) => sum + (counters.sessions?.[event] ?? 0), 0)
  return {
    takenOver: count('taken-over'),
    received: count('received'),
    given: count('given'),
    notGiven: count('not-given'),
  }
}
