// Traces of handshakes, when the environment asks for them. What is here costs nothing when it does not.

import type { HandshakeResult, RouteOptions } from '../core/index.ts'
import type { UpgradeRequest } from '../http/index.ts'

/** Where spans come from: the SDK of OpenTelemetry, or {@link noTracing}. */
export interface Tracing {
  /** Begins the span of a handshake, inside the trace that the client's `traceparent` names. */
  handshake(request: UpgradeRequest, route: RouteOptions): HandshakeSpan
  /** Sends what is left, for at most `withinMs`. */
  end(withinMs: number): Promise<void>
}

/** From the client's request to its answer. */
export interface HandshakeSpan {
  /** Begins the span of one attempt to reach an upstream; `attempt` counts from 0. */
  dial(upstream: DialledUpstream, attempt: number): DialSpan
  /** Ends it, once; later calls do nothing. */
  end(result: HandshakeResult, answer?: HandshakeAnswer): void
}

/** What a client was told that got no connection: an HTTP status, or a close code after a 101. */
export type HandshakeAnswer = { status: number } | { closeCode: number }

/** One attempt to reach an upstream. */
export interface DialSpan {
  /** The client's request as the upstream shall get it: its `traceparent` names this attempt. */
  request(request: UpgradeRequest): UpgradeRequest
  /** Ends it; without a failure the upstream answered 101. */
  end(failure?: FailedDial): void
}

/** Why an attempt failed: what upstream/dial-failure.ts says of it. */
interface FailedDial {
  kind: string
  status?: number
  words?: string
}

/** What a span says of an upstream. */
export interface DialledUpstream {
  name: string
  target: { tls: boolean; host: string; port: number; path: string }
}

const noDial: DialSpan = { request: (request) => request, end: () => {} }
const noHandshake: HandshakeSpan = { dial: () => noDial, end: () => {} }

/** Traces nothing. */
export const noTracing: Tracing = { handshake: () => noHandshake, end: async () => {} }
