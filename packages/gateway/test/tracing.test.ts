import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { routeOptions } from '@holdfast/testing'
import { pino } from 'pino'
import { afterEach, expect, test, vi } from 'vitest'
import { startTracing, wantsTracing } from '../src/trace/start-tracing.ts'
import { noTracing } from '../src/trace/tracing.ts'
import { clientRequest } from './dialling.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

const route = routeOptions({ name: 'chat', match: { path: '/ws/*' }, upstreams: ['ws://10.0.0.1:3000/base'] })
const upstream = {
  name: 'ws://10.0.0.1:3000/base',
  target: { tls: false, host: '10.0.0.1', port: 3000, path: '/base' },
}
const request = clientRequest({
  target: '/ws/room?token=secret',
  authority: 'chat.example.com:8080',
  headers: [
    ['User-Agent', 'test/1'],
    ['X-Forwarded-Proto', 'https'],
  ],
})

/** Traces of this process go to the receiver. */
async function tracingTo(receiver: { url: string }, env: Record<string, string> = {}) {
  for (const [name, value] of Object.entries({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...env })) {
    vi.stubEnv(name, value)
  }
  const log: { msg: string }[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => log.push(JSON.parse(line)) })
  return { tracing: await startTracing(process.env, logger), log }
}

afterEach(() => {
  vi.unstubAllEnvs()
})

const loaded = () =>
  Object.keys(createRequire(import.meta.url).cache).filter((file) => /opentelemetry/.test(file))

test.each([
  ['no endpoint', {}],
  ['an empty endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }],
  ['the SDK disabled', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' }],
  ['no exporter', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_EXPORTER: 'none' }],
])('a worker with %s wants no traces, and nothing is loaded for them', (_, env) => {
  expect(wantsTracing(env)).toBe(false)
  expect(loaded()).toEqual([])
})

test('either endpoint is enough to want traces', () => {
  expect(wantsTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' })).toBe(true)
  expect(wantsTracing({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' })).toBe(true)
})

test('no tracing hands the request on as it is', () => {
  const dial = noTracing.handshake(request, route).dial(upstream, 0)
  expect(dial.request(request)).toBe(request)
})

test('a handshake is a server span with a client span for each dial, in the words of the conventions', async () => {
  await using receiver = await OtlpReceiver.start()
  const { tracing } = await tracingTo(receiver)
  const span = tracing.handshake(request, route)
  span.dial(upstream, 0).end({ kind: 'unreachable', words: 'connection refused' })
  span.dial(upstream, 1).end()
  span.end('accepted')
  await tracing.end(5000)
  expect(receiver.requests).toEqual(['POST /v1/traces'])
  const [refused, dialled, handshake] = receiver.spans
  expect(handshake).toMatchObject({
    name: 'GET /ws/*',
    kind: 2,
    status: { code: 0 },
    resource: { 'service.name': 'holdfast', 'service.instance.id': `${hostname()}-${process.pid}` },
  })
  expect(handshake!.attributes).toEqual({
    'http.request.method': 'GET',
    'http.route': '/ws/*',
    'http.response.status_code': 101,
    'url.scheme': 'https',
    'url.path': '/ws/room',
    'server.address': 'chat.example.com',
    'server.port': 8080,
    'client.address': '203.0.113.7',
    'network.protocol.name': 'http',
    'network.protocol.version': '1.1',
    'user_agent.original': 'test/1',
    'holdfast.route': 'chat',
    'holdfast.handshake.result': 'accepted',
  })
  for (const dial of [refused!, dialled!]) {
    expect(dial).toMatchObject({ name: 'GET', kind: 3, traceId: handshake!.traceId })
    expect(dial.parentSpanId).toBe(handshake!.spanId)
  }
  expect(refused).toMatchObject({
    status: { code: 2, message: 'connection refused' },
    attributes: { 'error.type': 'unreachable' },
  })
  expect(refused!.attributes).not.toHaveProperty(['http.response.status_code'])
  expect(dialled!.attributes).toEqual({
    'http.request.method': 'GET',
    'http.request.resend_count': 1,
    'http.response.status_code': 101,
    'url.full': 'ws://10.0.0.1:3000/base/ws/room',
    'server.address': '10.0.0.1',
    'server.port': 3000,
    'holdfast.upstream': 'ws://10.0.0.1:3000/base',
  })
  expect(JSON.stringify(receiver.spans)).not.toContain('secret')
})

test('a handshake goes on with the trace of its client and hands it to the upstream', async () => {
  await using receiver = await OtlpReceiver.start()
  const { tracing } = await tracingTo(receiver)
  const [trace, parent] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']
  const traced = clientRequest({
    headers: [
      ['TraceParent', `00-${trace}-${parent}-01`],
      ['tracestate', 'a=1'],
      ['Tracestate', 'b=2'],
      ['Cookie', 'sid=1'],
    ],
  })
  const span = tracing.handshake(traced, route)
  const dial = span.dial(upstream, 0)
  const { headers } = dial.request(traced)
  dial.end()
  span.end('accepted')
  await tracing.end(5000)
  const [dialled, handshake] = receiver.spans
  expect(handshake).toMatchObject({ traceId: trace, parentSpanId: parent, traceState: 'a=1,b=2' })
  expect(headers).toEqual([
    ['Cookie', 'sid=1'],
    ['traceparent', `00-${trace}-${dialled!.spanId}-01`],
    ['tracestate', 'a=1,b=2'],
  ])
})

test('a client that does not want to be recorded is not, and its upstream is told so', async () => {
  await using receiver = await OtlpReceiver.start()
  const { tracing } = await tracingTo(receiver)
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'
  const traced = clientRequest({ headers: [['traceparent', parent]] })
  const span = tracing.handshake(traced, route)
  const dial = span.dial(upstream, 0)
  expect(dial.request(traced).headers[0]![1]).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/)
  dial.end()
  span.end('accepted')
  await tracing.end(5000)
  expect(receiver.spans).toEqual([])
})

test.each([
  ['of version ff', ['ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']],
  ['with more than its version has', ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x']],
  ['of zeros', ['00-00000000000000000000000000000000-b7ad6b7169203331-01']],
  ['in capitals', ['00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01']],
  ['sent twice', Array(2).fill('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')],
])('a traceparent %s begins a trace of its own', async (_, parents) => {
  await using receiver = await OtlpReceiver.start()
  const { tracing } = await tracingTo(receiver)
  const headers = parents.map((value): [string, string] => ['traceparent', value])
  tracing.handshake(clientRequest({ headers }), route).end('accepted')
  await tracing.end(5000)
  expect(receiver.spans).toHaveLength(1)
  expect(receiver.spans[0]!.parentSpanId ?? '').toBe('')
  expect(receiver.spans[0]!.traceId).not.toMatch(/^0af7651916cd43dd8448eb211c80319c$|^0+$/)
})

test.each([
  ['bad-gateway', { closeCode: 1014 }, { 'http.response.status_code': 101, 'holdfast.close.code': 1014 }, 2],
  ['bad-gateway', { status: 502 }, { 'http.response.status_code': 502 }, 2],
  ['rejected', { status: 401 }, { 'http.response.status_code': 401 }, 0],
  ['abandoned', undefined, {}, 0],
] as const)('a handshake that ends %s, told %j, says so', async (result, told, attributes, status) => {
  await using receiver = await OtlpReceiver.start()
  const { tracing } = await tracingTo(receiver)
  tracing.handshake(request, route).end(result, told)
  await tracing.end(5000)
  const [span] = receiver.spans
  expect(span!.status.code).toBe(status)
  expect(span!.attributes).toMatchObject({ 'holdfast.handshake.result': result, ...attributes })
  expect(span!.attributes['error.type']).toBe(status === 2 ? result : undefined)
  if (result === 'abandoned') expect(span!.attributes).not.toHaveProperty(['http.response.status_code'])
})

test('OTEL_SERVICE_NAME names the service, and OTEL_TRACES_SAMPLER decides', async () => {
  await using receiver = await OtlpReceiver.start()
  const named = await tracingTo(receiver, { OTEL_SERVICE_NAME: 'edge', OTEL_RESOURCE_ATTRIBUTES: 'zone=a' })
  named.tracing.handshake(request, route).end('accepted')
  await named.tracing.end(5000)
  expect(receiver.spans[0]!.resource).toMatchObject({ 'service.name': 'edge', zone: 'a' })
  const off = await tracingTo(receiver, { OTEL_TRACES_SAMPLER: 'always_off' })
  off.tracing.handshake(request, route).end('accepted')
  await off.tracing.end(5000)
  expect(receiver.spans).toHaveLength(1)
})

test('the end waits for a receiver that does not answer no longer than it may', async () => {
  await using receiver = await OtlpReceiver.start({ answer: 'nothing' })
  // So long the exporter itself waits: longer than this test may take.
  const { tracing } = await tracingTo(receiver, { OTEL_EXPORTER_OTLP_TIMEOUT: '600000' })
  tracing.handshake(request, route).end('accepted')
  await tracing.end(200)
  expect(receiver.spans).toEqual([])
})

test('a receiver that refuses is said once, without a stack', async () => {
  await using receiver = await OtlpReceiver.start({ answer: 400 })
  const { tracing, log } = await tracingTo(receiver, { OTEL_BSP_SCHEDULE_DELAY: '10' })
  tracing.handshake(request, route).end('accepted')
  await expect.poll(() => log.length).toBe(1)
  tracing.handshake(request, route).end('accepted')
  await tracing.end(5000)
  expect(receiver.requests).toHaveLength(2)
  expect(log).toMatchObject([{ msg: 'traces cannot be sent' }])
  expect(JSON.stringify(log)).not.toContain('stack')
})

test('a port for gRPC is warned of', async () => {
  await using receiver = await OtlpReceiver.start()
  const { tracing, log } = await tracingTo(receiver, { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })
  await tracing.end(100)
  expect(log[0]!.msg).toMatch(/OTLP over HTTP, not grpc/)
})

test('without the packages a worker serves, and its log says what to install', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tracing-'))
  try {
    // The built files alone: nothing that they import from elsewhere can be found.
    cpSync(fileURLToPath(new URL('../dist', import.meta.url)), folder, { recursive: true })
    const program = `
      import { startTracing } from ${JSON.stringify(join(folder, 'trace/start-tracing.js'))}
      import { noTracing } from ${JSON.stringify(join(folder, 'trace/tracing.js'))}
      const log = { warn: (...words) => console.log(words.at(-1)) }
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
      console.log(await startTracing(env, log) === noTracing)`
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    })
    expect(output).toMatch(/^no traces: .*npm install @opentelemetry\/api .*\ntrue\n$/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
