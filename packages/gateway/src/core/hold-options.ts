// What becomes of a client whose upstream goes, or whose own network breaks.

/** What a held connection's next upstream is told again; docs/replay.md is the guide to it. */
export type ReplayOptions =
  /** What fits the client's protocol, as far as it is recognised: the table in hold/replay/protocols.ts. */
  | { by: 'auto' }
  | { by: 'none' }
  /** The client's first so many messages. */
  | { by: 'first'; messages: number }
  /** A module that ships with the gateway, by the name of its protocol. */
  | { by: 'protocol'; name: string }
  /** The user's own module: an absolute path. */
  | { by: 'file'; path: string }

/** The client stays while its upstream restarts. */
export interface HoldOptions {
  /**
   * Milliseconds after which a client whose upstream has not come back is told 1012, to come back itself.
   *
   * @default 30000 (30s)
   */
  for: number
  /**
   * Close codes of the upstream after which the client is held; `lost`: the end of TCP without a Close too.
   *
   * @default [1012, 'lost']
   */
  on: (number | 'lost')[]
  /**
   * Whether a Close with 1000, with 1001, without a code or with a private one (3000 to 4999) counts as a restart when the
   * upstream is found to be stopping: within a second it refuses new connections, answers them 503 or ends them at once,
   * or it closes more than half of its connections. Until that is known, at most for that second, the client hears nothing of
   * the Close. Source: RFC 6455 7.4.
   *
   * @default true
   */
  stopping?: boolean
  /**
   * Whether the server keeps something for a connection. `auto`: it may, so that a client goes on only when its session
   * has been restored: by a replay module, or by the new upstream's word (`Holdfast-Restored: 1` in its 101); otherwise
   * it is told 1012. `none`: every message stands for itself, and a client always goes on.
   *
   * @default 'auto'
   */
  state: 'auto' | 'none'
  /**
   * Bytes of one client that are kept for the next upstream; then the client is not read any more.
   *
   * @default 262144 (256KiB)
   */
  buffer: number
  /**
   * What the next upstream is told again, for servers that know nothing of holds; `auto` is what fits the protocol, where
   * it is recognised.
   *
   * @default auto
   */
  replay: ReplayOptions
}

/** A client that comes back after its network broke goes on where it was: PROTOCOL.md, docs/resume.md. */
export interface ResumeOptions {
  /**
   * Milliseconds for which the session of a client without a connection is kept.
   *
   * @default 60000 (60s)
   */
  for: number
  /**
   * Bytes of one client's unacknowledged messages that are kept; then its upstream is not read any more.
   * `limits.messageBytes` must not be more.
   *
   * @default 1048576 (1MiB)
   */
  buffer: number
  /**
   * Bytes in all, in each worker, for the sessions of the route whose clients have no connection; past it those that wait
   * longest are given up. Each counts as 16 KiB besides what is kept for it.
   *
   * @default 268435456 (256MiB)
   */
  total: number
  /**
   * Milliseconds that a client may acknowledge nothing, though it was sent something. Then: 1008, and its session is
   * parked.
   *
   * @default 120000 (2m)
   */
  stall: number
  /**
   * A client comes back only with the same value of this cookie, or of this field of the request. Then: 3000.
   *
   * @default nothing is compared
   */
  bind?: { from: 'cookie' | 'header'; name: string }
}
