// Traces of handshakes, when the environment asks for them. What is here costs nothing when it does not.
import type { Logger } from 'pino'
import type { DialFailure } from './dial-failure.ts'
import type { RouteOptions } from './options.ts'
import type { HandshakeResult } from './route-state.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

type Environment = Record<string, string | undefined>

/** Where spans come from: the SDK of OpenTelemetry, or {@link noTracing}. */
export interface Tracing {
  /** Begins the span of a handshake, inside the trace that the client's `traceparent` names. */
  handshake(request: UpgradeRequest, route: RouteOptions): HandshakeSpan
  /** Sends what is left, for at most so many milliseconds. */
  end(within: number): Promise<void>
}

/** From the client's request to its answer. */
export interface HandshakeSpan {
  /** Begins the span of one attempt to reach an upstream; `attempt` counts from 0. */
  dial(upstream: DialledUpstream, attempt: number): DialSpan
  /** Ends it, once; later calls do nothing. */
  end(result: HandshakeResult, told?: AnswerTold): void
}

/** What a client was told that got no connection: an HTTP status, or a close code after a 101. */
export type AnswerTold = { status: number } | { closeCode: number }

/** One attempt to reach an upstream. */
export interface DialSpan {
  /** The client's request as the upstream shall get it: its `traceparent` names this attempt. */
  request(request: UpgradeRequest): UpgradeRequest
  /** Ends it; without a failure the upstream answered 101. */
  end(failure?: DialFailure): void
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

/**
 * Whether the environment asks for traces: `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`
 * names a receiver. An empty variable is as good as none.
 */
export function wantsTracing(env: Environment): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return false
  return Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)
}

/**
 * Loads the packages of OpenTelemetry. Never rejects: without them the log says what to install, and the gateway
 * serves without traces.
 */
export async function startTracing(env: Environment, log: Logger): Promise<Tracing> {
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL
  if (protocol?.startsWith('grpc')) {
    log.warn(`traces go out as OTLP over HTTP, not ${protocol}; give the port for HTTP, most often 4318`)
  }
  try {
    const { otelTracing } = await import('./tracing-otel.ts')
    return otelTracing(log)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') log.warn(missing)
    else log.warn({ err: error }, 'no traces: the packages of OpenTelemetry do not work')
    return noTracing
  }
}

const missing =
  'no traces: OTEL_EXPORTER_OTLP_ENDPOINT is set, but the packages are not installed; npm install @opentelemetry/api ' +
  '@opentelemetry/sdk-trace-node @opentelemetry/resources @opentelemetry/exporter-trace-otlp-http'
