// Traces of a whole gateway, from the client's request to what a collector receives.
import { closedPort, startHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { OtlpReceiver } from './otlp-receiver.ts'

const trace = '0af7651916cd43dd8448eb211c80319c'

test('a handshake through the gateway is in the trace of its client, and so is its upstream', async () => {
  await using receiver = await OtlpReceiver.start()
  await using upstream = await startUpstream()
  const refusing = `ws://127.0.0.1:${await closedPort()}`
  const routes = [
    { name: 'chat', match: { path: '/ws/*' }, upstreams: [refusing, upstream.url], balance: 'round-robin' },
    { name: 'gone', upstreams: [refusing], attempts: 1, wait: 'off', badGateway: 'close' },
  ]
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '50' }
  await using holdfast = await startHoldfast({ config: { workers: 1, routes }, env })
  const headers = { traceparent: `00-${trace}-b7ad6b7169203331-01` }
  await using client = wsClient(`${holdfast.url}/ws/room?token=secret`, { headers })
  await client.opened
  const [refused, dialled, handshake] = await receiver.count(3)
  expect(handshake).toMatchObject({
    name: 'GET /ws/*',
    traceId: trace,
    parentSpanId: 'b7ad6b7169203331',
    attributes: { 'holdfast.handshake.result': 'accepted', 'http.response.status_code': 101 },
  })
  expect(refused).toMatchObject({
    parentSpanId: handshake!.spanId,
    status: { message: 'connection refused' },
  })
  expect(dialled).toMatchObject({ parentSpanId: handshake!.spanId, traceId: trace })
  expect(upstream.connections[0]!.request.headers.traceparent).toBe(`00-${trace}-${dialled!.spanId}-01`)

  await using turnedAway = wsClient(`${holdfast.url}/other`)
  await turnedAway.closed
  const told = (await receiver.count(5)).at(-1)
  expect(told).toMatchObject({
    name: 'GET',
    status: { code: 2 },
    attributes: { 'holdfast.handshake.result': 'bad-gateway', 'holdfast.close.code': 1014 },
  })
})

test('a worker that ends sends what is left', async () => {
  await using receiver = await OtlpReceiver.start()
  await using upstream = await startUpstream()
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '60000' }
  const config = {
    workers: 1,
    drain: { spread: '50ms' },
    routes: [{ name: 'chat', upstreams: [upstream.url] }],
  }
  await using holdfast = await startHoldfast({ config, env })
  await using client = wsClient(holdfast.url)
  await client.opened
  expect(receiver.requests).toEqual([])
  holdfast.signal('SIGTERM')
  expect(await holdfast.exited).toMatchObject({ code: 0 })
  expect(receiver.spans).toHaveLength(2)
})
