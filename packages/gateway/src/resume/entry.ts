// What a session belongs to: whose it is, what opens it, and what its client has agreed. Next: sessions.ts.
import type { PackedRenewal } from '../auth/index.ts'
import type { HeaderList, UpgradeRequest } from '../http/index.ts'
import type { Listing } from './directory.ts'
import type { Session } from './session.ts'
import type { SessionTokens } from './token.ts'

/** What a session belongs to. */
export interface Entry {
  session: Session
  tokens: SessionTokens
  /** What its client was bound to; undefined where the route binds to nothing. */
  identity: string | undefined
  /** What the upstream and the client have agreed about extensions. */
  extensions: string | undefined
  protocol: string | undefined
  /** Where its client was last seen; empty: not here, so that it has no place under this gateway's limits yet. */
  address: string
  owner: SessionOwner
  /** Where others of a fleet find it. */
  listing?: Listing | undefined
}

/** Whose client has the session. */
export interface SessionOwner {
  /** Its client is back, from here. */
  onReturned(how: Return): void
}

/** How a client came back. */
export interface Return {
  address: string
  http: '1.1' | '2'
  /** The front that does TLS with it; undefined where none does. */
  front: number | undefined
  /** Milliseconds since it was last heard of. */
  awayMs: number
  /** Its place under the route's limits, in place of the one that it had. */
  admission: { release: () => void; readonly id?: number | undefined }
  /** What the authentication service has said of this handshake, in place of the first one. Absent: nobody was asked. */
  authorisation?: Authorisation
}

/** What the authentication service has said of a handshake. */
export interface Authorisation {
  /** Fields that only the service may set, and what it has set. */
  names: readonly string[]
  headers: HeaderList
  /** Present when it wants to be asked again. */
  renewal?: PackedRenewal<UpgradeRequest>
}

/** Written out: what is spread has, in V8, a description of its shape for itself, which is four times as large as it. */
export function entryWith(its: Omit<Entry, 'tokens'>, tokens: SessionTokens): Entry {
  const { session, identity, extensions, protocol, address, owner, listing } = its
  return { session, tokens, identity, extensions, protocol, address, owner, listing }
}
