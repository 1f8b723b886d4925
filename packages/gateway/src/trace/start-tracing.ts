// Traces of handshakes, when the environment asks for them.
import type { Logger } from 'pino'
import { noTracing, type Tracing } from './tracing.ts'

type Environment = Record<string, string | undefined>

/**
 * Whether the environment asks for traces: `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`
 * names a receiver. An empty variable is treated as absent.
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
  '@opentelemetry/core @opentelemetry/sdk-trace-node @opentelemetry/resources @opentelemetry/exporter-trace-otlp-http'
