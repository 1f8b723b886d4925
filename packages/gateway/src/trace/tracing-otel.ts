// The one file that loads OpenTelemetry; tracing.ts imports it when traces are wanted.
import { hostname } from 'node:os'
import {
  type Attributes,
  type Context,
  type DiagLogger,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type TextMapSetter,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import type { Logger } from 'pino'
import type { HandshakeResult, RouteOptions } from '../core/index.ts'
import { type HeaderList, type UpgradeRequest, values } from '../http/index.ts'
import type { DialledUpstream, DialSpan, HandshakeSpan, Tracing } from './tracing.ts'

/** Milliseconds between two lines of the log about a receiver that does not take traces. */
const warnEveryMs = 60_000

/**
 * Traces through the SDK. Its environment variables hold: endpoint, headers, sampler, resource. Spans that the
 * receiver does not take wait in a queue of 2,048; more are dropped.
 */
export function otelTracing(log: Logger): Tracing {
  const warn = warnings(log)
  diag.setLogger(warn, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  const resource = defaultResource()
    .merge(
      resourceFromAttributes({
        'service.name': 'holdfast',
        'service.instance.id': `${hostname()}-${process.pid}`,
      }),
    )
    .merge(detectResources({ detectors: [envDetector] }))
  const provider = new NodeTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  const tracer = provider.getTracer('holdfast')
  return {
    handshake: (request, route) => handshakeSpan(tracer, request, route),
    end: (withinMs) =>
      settle(
        provider.shutdown().catch(({ message }) => warn.error(message)),
        withinMs,
      ),
  }
}

/** The SDK tells of its troubles in a logger of its own, once per batch; the log has them now and then. */
function warnings(log: Logger): DiagLogger {
  let said = Number.NEGATIVE_INFINITY
  const warn = (message: string) => {
    if (performance.now() - said < warnEveryMs) return
    said = performance.now()
    log.warn({ message: shortly(message) }, 'traces cannot be sent')
  }
  const ignore = () => {}
  return { error: warn, warn: warn, info: ignore, debug: ignore, verbose: ignore }
}

/** The message of an error that the SDK wrote as JSON with its stack. */
function shortly(text: string): string {
  try {
    const { message, code } = JSON.parse(text) as { message?: string; code?: string }
    return message || code || text
  } catch {
    return text
  }
}

/** Names of attributes are those of the semantic conventions for HTTP spans; our own start with `holdfast.`. */
function handshakeSpan(tracer: Tracer, request: UpgradeRequest, route: RouteOptions): HandshakeSpan {
  const { method, path } = { method: request.httpVersion === '2' ? 'CONNECT' : 'GET', path: route.match.path }
  const span = tracer.startSpan(
    path ? `${method} ${path}` : method,
    { kind: SpanKind.SERVER, attributes: requestAttributes(request, method, route) },
    parentOf(request.headers),
  )
  const context = trace.setSpan(ROOT_CONTEXT, span)
  return {
    dial: (upstream, attempt) => dialSpan(tracer, context, { upstream, attempt, target: request.target }),
    end(result, answer) {
      if (!span.isRecording()) return span.end()
      span.setAttribute('holdfast.handshake.result', result)
      const status = answer && 'status' in answer ? answer.status : result === 'abandoned' ? undefined : 101
      if (status !== undefined) span.setAttribute('http.response.status_code', status)
      if (answer && 'closeCode' in answer) span.setAttribute('holdfast.close.code', answer.closeCode)
      if (failures.has(result)) fail(span, result)
      span.end()
    },
  }
}

/** Results that are no fault of the client's. */
const failures = new Set<HandshakeResult>(['bad-gateway', 'busy', 'fault'])

function fail(span: Span, type: string, message?: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR, message })
}

/** The query is left out: with WebSockets it is where tokens are. */
function requestAttributes(request: UpgradeRequest, method: string, route: RouteOptions): Attributes {
  const port = /:(\d+)$/.exec(request.authority)?.[1]
  return {
    'http.request.method': method,
    'http.route': route.match.path,
    'url.scheme': values(request.headers, 'x-forwarded-proto')[0],
    'url.path': pathOf(request.target),
    'server.address': request.host,
    'server.port': port === undefined ? undefined : Number(port),
    'client.address': request.address,
    'network.protocol.name': 'http',
    'network.protocol.version': request.httpVersion,
    'user_agent.original': values(request.headers, 'user-agent')[0],
    'holdfast.route': route.name,
  }
}

function dialSpan(
  tracer: Tracer,
  context: Context,
  { upstream, attempt, target }: { upstream: DialledUpstream; attempt: number; target: string },
): DialSpan {
  const { tls, host, port, path } = upstream.target
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const attributes: Attributes = {
    'http.request.method': 'GET',
    'http.request.resend_count': attempt > 0 ? attempt : undefined,
    'url.full': `${tls ? 'wss' : 'ws'}://${authority}${path}${pathOf(target)}`,
    'server.address': host,
    'server.port': port,
    'holdfast.upstream': upstream.name,
  }
  const span = tracer.startSpan('GET', { kind: SpanKind.CLIENT, attributes }, context)
  return {
    request: (request) => ({ ...request, headers: withTraceOf(span, request.headers) }),
    end(failure) {
      const status = failure ? 'status' in failure && failure.status : 101
      if (status) span.setAttribute('http.response.status_code', status)
      if (failure) fail(span, failure.kind, 'words' in failure ? failure.words : undefined)
      span.end()
    },
  }
}

function pathOf(target: string): string {
  return target.split('?', 1)[0]!
}

const propagator = new W3CTraceContextPropagator()

const fields: TextMapGetter<HeaderList> & TextMapSetter<HeaderList> = {
  keys: (headers) => headers.map(([name]) => name),
  get(headers, name) {
    const found = values(headers, name)
    // W3C Trace Context 3.3.1.4: "Multiple tracestate header fields MUST be handled as specified by RFC7230 Section 3.2.2
    // Field Order." Of two traceparents nobody can say which is the one.
    return name === 'tracestate' ? found.join(',') : found.length === 1 ? found[0] : undefined
  },
  set: (headers, name, value) => headers.push([name, value]),
}

/** The context that the client's headers name; the root when they name none. */
function parentOf(headers: HeaderList): Context {
  return propagator.extract(ROOT_CONTEXT, headers, fields)
}

function withTraceOf(span: Span, headers: HeaderList): HeaderList {
  const traced = headers.filter(([name]) => !/^trace(parent|state)$/i.test(name))
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), traced, fields)
  return traced
}

async function settle(work: Promise<void>, withinMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, withinMs)
  })
  await Promise.race([work, limit])
  clearTimeout(timer)
}
