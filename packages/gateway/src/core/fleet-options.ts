// Several gateways that share a store.
import type { HostPort } from './listen-options.ts'

/** The Redis or Valkey that the nodes of a fleet share. */
export interface FleetStoreOptions {
  /** One server, a set of Sentinels that name the primary, or a Redis Cluster. */
  kind: 'single' | 'sentinel' | 'cluster'
  /** The server, the Sentinels, or some nodes of the cluster: at least one. */
  nodes: HostPort[]
  /** Whether it is spoken to by TLS. */
  tls: boolean
  /**
   * Its user (ACL of Redis).
   *
   * @default 'default'
   */
  username?: string
  /**
   * The password of that user. It is not said to Sentinels.
   *
   * @default none
   */
  password?: string
  /**
   * Number of the database; a cluster has only 0.
   *
   * @default 0
   */
  database?: number
  /**
   * With Sentinels: the name that they know the primary by.
   *
   * @default none
   */
  primary?: string
}

/** Several gateways that share a store. */
export interface FleetOptions {
  /** Names the fleet: gateways with the same name in the same store are its nodes. */
  name: string
  /** What they share. */
  store: FleetStoreOptions
  /**
   * Where this gateway listens for the other nodes: a client that comes back to any of them finds its session.
   *
   * @default none: sessions of here are found by clients that come back here
   */
  listen?: HostPort
  /** What is secret in the store is encrypted with keys from the first; what any of them opens is read. */
  secrets: string[]
  /**
   * How the store is spoken to by TLS, and the nodes to each other where there is a certificate: PEM texts.
   *
   * @default the authorities of the runtime, and no certificate
   */
  tls?: {
    /**
     * The authorities of which one must have signed the certificate of the store, and those of the nodes.
     *
     * @default those of the runtime
     */
    ca?: string
    /**
     * The certificate that the gateway shows them, then its chain.
     *
     * @default none
     */
    cert?: string
    /**
     * The private key of that certificate, not encrypted.
     *
     * @default none
     */
    key?: string
  }
  /**
   * Milliseconds that a node that drains waits at most for its turn, while another one sheds its connections.
   *
   * @default 60000 (1m)
   */
  drainWait: number
}
