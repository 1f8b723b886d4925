// What the processes of a gateway use, and the sockets that became no connection. Plain data.
import type { UnixMs } from './clock.ts'

/** What one worker process uses. */
export interface ProcessInfo {
  /** Bytes of memory. */
  memory: number
  /** Seconds of processor time since its start. */
  processor: number
  /** Milliseconds: the 99th percentile of the event loop's delay since the last report. */
  delay: number
  /** How many lines of the log it dropped since its start. */
  logLinesDropped: number
  /** How many lines of the access log. Absent from workers of earlier code. */
  accessLinesDropped?: number
  /** Absent from workers of earlier code. */
  sockets?: SocketCounts
  /** How many connections of other workers it carries; absent from workers of earlier code. */
  carried?: number
}

/** A process that does TLS for listeners with `front`. */
export interface FrontInfo {
  /** Number of the front, counted from 1 over the life of the supervisor. */
  id: number
  /** Process id. */
  pid: number
  /** leaving: another has its place, and it has clients left. */
  state: 'starting' | 'ready' | 'leaving' | 'gone'
  /** Number of the round that started it. */
  generation: number
  /** Version of the code that it runs. */
  version: string
  /** Version of Node that it runs; absent until it is ready. */
  node?: string | undefined
  /** Unix milliseconds of its start. */
  startedAt: UnixMs
  /** How many connections come through it, by its last report. */
  connections: number
  /** Bytes of memory, by its last report. */
  memory: number
}

/** A worker that an upgrade has replaced, and that keeps what cannot move: it joins it to connections of newer workers. */
export interface CarrierInfo {
  /** Number of the worker. */
  id: number
  /** Process id. */
  pid: number
  /** Number of the round that started it. */
  generation: number
  /** Version of the code that it runs. */
  version: string
  /** Version of Node that it runs; absent when it has not said so. */
  node?: string
  /** Unix milliseconds since when it carries. */
  since: UnixMs
  /** How many connections it carries, by its last report. */
  connections: number
  /** Bytes of memory, by its last report. */
  memory: number
  /** Whether its connections are told to come back: it is over a limit of `upgrade`. */
  draining: boolean
}

/** Why a socket was closed before anything was said on it, or a dial could not be made. */
export type SocketRefusal =
  /** More sockets without a request than `pending` allows. */
  | 'pending'
  /** The limit of open files: a client, or a dial to an upstream. */
  | 'descriptors'
  | 'dial-descriptors'
  | TlsRefusal
  | RelayRefusal

/** Why a TLS handshake of a client did not succeed. */
export type TlsRefusal =
  /** The client has shown no certificate, or none that an authority of the configuration has signed. */
  | 'tls-client-certificate'
  /** The client does not take the gateway's certificate. */
  | 'tls-certificate'
  /** No version, cipher, group or application protocol in common. */
  | 'tls-version'
  /** Plain HTTP, or anything else that is not TLS. */
  | 'tls-plain'
  /** It was not done in time. */
  | 'tls-timeout'
  /** The client has left in the middle, or said nothing. */
  | 'tls-closed'
  | 'tls-other'

/** Why a connection to the port for other nodes of the fleet was refused. */
export type RelayRefusal =
  /** It has not said in time who it is and what it wants, or has left before. */
  | 'relay-late'
  /** More were there that had not said so. */
  | 'relay-full'
  /** No TLS, or no certificate that the authority of the fleet has signed, where the fleet has certificates. */
  | 'relay-tls'
  /** It does not speak as a node of a fleet, or has left. */
  | 'relay-stranger'
  /** It speaks only versions that this node does not. */
  | 'relay-version'
  /** It is a node of another fleet. */
  | 'relay-fleet'
  /** It has another secret, or none. */
  | 'relay-secret'
  /** It repeats what it has heard on another connection. */
  | 'relay-replayed'
  /** It looks for another node at this address. */
  | 'relay-node'

/** Sockets that became no connection. */
export interface SocketCounts {
  /** How many are open now, without a whole request yet. */
  pending: number
  /** How many were closed, by why, since the start. */
  refused: Record<SocketRefusal, number>
  /** The limit of open files was met a moment ago. */
  short: boolean
}
