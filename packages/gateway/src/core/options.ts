// A configuration as the gateway takes it. What is said of listeners, routes and fleets is in the files that are named below.

import type { FleetOptions } from './fleet-options.ts'
import type { AcmeOptions, AdminOptions, ListenOptions } from './listen-options.ts'
import type { RouteOptions } from './route-options.ts'

export type * from './admission-options.ts'
export type * from './fleet-options.ts'
export type * from './hold-options.ts'
export type * from './listen-options.ts'
export type * from './route-options.ts'
export type * from './upstream-options.ts'

/** Limits of sockets that have not sent a whole request yet; they hold for each listener, in each worker. */
export interface PendingOptions {
  /**
   * How many there may be; then the oldest is closed.
   *
   * @default 16384
   */
  connections: number
  /**
   * How many of one address there may be. Trusted proxies speak for many and are not counted so.
   *
   * @default 8192
   */
  perAddress: number
  /**
   * Milliseconds from the accept to the end of the first request head, TLS and PROXY header included.
   *
   * @default 10000 (10s)
   */
  timeout: number
}

/** How the gateway lets go of connections. */
export interface DrainOptions {
  /**
   * Milliseconds over which the closes are spread evenly; 0 closes all at once. Less than `deadline`.
   *
   * @default 5000 (5s)
   */
  spread: number
  /**
   * Milliseconds from the start of the drain after which what is left is cut.
   *
   * @default 30000 (30s)
   */
  deadline: number
  /**
   * Milliseconds that a client is told to wait (`retry=` in the reason of its Close), from the least to the greatest.
   *
   * @default [1000, 5000] ([1s, 5s])
   */
  retry: [least: number, greatest: number]
}

/** What becomes of connections in a live upgrade. */
export interface UpgradeOptions {
  /**
   * Share of the connections that moves first, from 0 to 1, and at least one of each kind; when the new workers fail one of
   * them, the others stay where they are. 0: all move at once.
   *
   * @default 0.01 (1%)
   */
  canary: number
  /**
   * Milliseconds for which old workers stay once they have moved all that they had: when a new worker ends or has a fault before,
   * they have their place again. Nothing of that with `canary: 0`.
   *
   * @default 3000 (3s)
   */
  settle: number
  /**
   * Milliseconds for which an old worker carries what cannot move (TLS, HTTP/2, `wss:` upstreams) at most.
   *
   * @default 86400000 (24h)
   */
  carry: number
  /**
   * How many generations of workers may carry at a time; past that the connections of the oldest are told to come back. 0:
   * nothing is carried.
   *
   * @default 3
   */
  carriers: number
  /**
   * Bytes of memory that all carriers may use together; past that the same.
   *
   * @default 1073741824 (1GiB)
   */
  memory: number
}

/** Where a line is written for each connection at its end, and for each request that became none. */
export interface AccessLogOptions {
  /**
   * Standard output, or a file: an absolute path.
   *
   * @default off
   */
  access: 'stdout' | { file: string }
  /**
   * How a line is written: JSON, or Combined with more fields behind it.
   *
   * @default 'json'
   */
  format: 'json' | 'combined'
  /**
   * Names of parameters of queries whose values are left out, beside the usual ones (`token`, `access_token`, …); `false`:
   * queries are written as they come.
   *
   * @default []
   */
  mask: string[] | false
}

/** A whole configuration after validation: durations in milliseconds, sizes in bytes, every default filled in. */
export interface GatewayOptions {
  /**
   * Where clients connect, at least one address.
   *
   * @default 127.0.0.1:8080
   */
  listen: ListenOptions[]
  /**
   * Where the admin API and the metrics are; `false`: nowhere.
   *
   * @default 127.0.0.1:10120
   */
  admin: AdminOptions | false
  /**
   * How many processes carry the connections, from 1 to 256; `auto`: one for each core.
   *
   * @default 'auto'
   */
  workers: number | 'auto'
  /** Addresses or CIDR ranges whose forwarded headers are believed. Source: RFC 7239 8.1. */
  trustedProxies: string[]
  /**
   * Limits of sockets without a whole request. Absent when the supervisor is older than this code.
   *
   * @default the defaults of its members
   */
  pending?: PendingOptions
  /** How the gateway lets go of connections. */
  drain: DrainOptions
  /**
   * Certificates that are obtained by themselves, for listeners with `auto`.
   *
   * @default none
   */
  acme?: AcmeOptions
  /**
   * The access log. Absent when the supervisor is older than this code.
   *
   * @default none
   */
  accessLog?: AccessLogOptions
  /**
   * What becomes of connections in a live upgrade. Absent when the supervisor is older than this code.
   *
   * @default the defaults of its members
   */
  upgrade?: UpgradeOptions
  /**
   * Other gateways that this one shares a store with.
   *
   * @default none: this gateway is alone
   */
  fleet?: FleetOptions
  /** The routes, at least one; the first that matches a request serves it. */
  routes: RouteOptions[]
}
