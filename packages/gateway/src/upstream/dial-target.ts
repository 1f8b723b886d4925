import type { RouteChanges, UpstreamTlsOptions } from '../core/index.ts'

/** Where an upstream is. */
export interface DialTarget {
  tls: boolean
  /** Address or name to connect to. */
  host: string
  port: number
  /** The host of its URL: the name that its certificate must bear, unless `secure` names another. */
  serverName: string
  /** Put before the request's target; '' for nothing. */
  path: string
  /** A socket of the file system to connect to, in place of `host` and `port`. */
  socketPath?: string
  secure?: UpstreamTlsOptions
  /** What its route changes in requests and answers. */
  changes?: RouteChanges
}
