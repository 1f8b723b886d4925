// Clients that had better not wait for as long as others. One table, with what was measured. Next: find-upstream.ts.
import type { UpgradeRequest } from '../http/index.ts'

type Signs = Pick<UpgradeRequest, 'target' | 'protocols'>

export interface BreakOffRule {
  /** How such a client is recognised, in words for the page. */
  sign: string
  /** Milliseconds that it waits at most, whatever the route says; 0: it is told at once. */
  waitsMs: number
  /** What was measured. */
  because: string
  applies: (signs: Signs) => boolean
}

export const breakOffRules: readonly BreakOffRule[] = [
  {
    sign: 'the subprotocol `graphql-ws`',
    waitsMs: 800,
    because:
      'subscriptions-transport-ws 0.11.0 breaks its first handshake off after 1,003 ms, which over `ws` 8 on Node is an error that nobody can catch and ends the program',
    applies: ({ protocols }) => protocols.includes('graphql-ws'),
  },
  {
    sign: 'a path that ends in `/faye`, `/bayeux` or `/cometd`',
    waitsMs: 0,
    because:
      'Faye 1.4.3 sends what was said meanwhile as soon as its WebSocket opens, seconds before the others have come back: 4 and 6 messages lost in two restarts, none where its handshakes are refused and it says them again later',
    applies: ({ target }) => /^[^?]*\/(?:faye|bayeux|cometd)\/?(?:\?|$)/.test(target),
  },
]

/** Milliseconds that this client waits at most; undefined: as long as the route says. */
export function breaksOffAfter(signs: Signs): number | undefined {
  return breakOffRules.find(({ applies }) => applies(signs))?.waitsMs
}
