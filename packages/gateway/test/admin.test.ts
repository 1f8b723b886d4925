import { once } from 'node:events'
import type http from 'node:http'
import { eventually, fakeClock, rawSocket } from '@holdfast/testing'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { GatewayError } from '../src/core/errors.ts'
import { AdminServer } from '../src/operate/admin.ts'
import { maxWatchers } from '../src/operate/event-stream.ts'
import { startAdmin } from './test-admin.ts'

const event = (route: string) =>
  ({ type: 'close', at: 5, route, code: 1000, reason: 'a\nb', by: 'client', worker: 1 }) as const

test('the index lists the API', async () => {
  await using admin = await startAdmin()
  const { status, json } = await admin.ask('GET', '/')
  expect(status).toBe(200)
  expect(json.api).toContain('POST /api/connections/:id/close')
})

test('healthz and readyz answer, and readyz says why not', async () => {
  await using admin = await startAdmin('secret')
  expect((await admin.ask('GET', '/healthz', { host: 'pod' })).status).toBe(200)
  expect((await admin.ask('GET', '/readyz', { host: 'pod' })).status).toBe(200)
  admin.operations.detail = ["the fleet's store is away"]
  expect(await admin.ask('GET', '/readyz')).toMatchObject({
    status: 200,
    json: { status: 'ready', detail: ["the fleet's store is away"] },
  })
  admin.operations.reason = 'draining'
  expect(await admin.ask('GET', '/readyz')).toMatchObject({ status: 503, json: { reason: 'draining' } })
  expect((await admin.ask('GET', '/healthz')).status).toBe(200)
})

test('metrics come in the text format of Prometheus', async () => {
  await using admin = await startAdmin()
  const { headers, text } = await admin.ask('GET', '/metrics')
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(text).toContain('holdfast_worker_restarts_total 0')
})

test('connections pass their filter on', async () => {
  await using admin = await startAdmin()
  await admin.ask('GET', '/api/connections?route=chat&state=open&limit=5')
  await admin.ask('GET', '/api/connections')
  expect(admin.operations.asked).toEqual([{ route: 'chat', state: 'open', limit: 5 }, { limit: 100 }])
})

test.each(['limit=0', 'limit=x', 'limit=10001', 'state=odd', 'rout=chat'])(
  'connections refuse ?%s',
  async (query) => {
    await using admin = await startAdmin()
    const { status, json } = await admin.ask('GET', `/api/connections?${query}`)
    expect(status).toBe(400)
    expect(json.error).toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining(query.split('=')[0]!),
    })
  },
)

test('a drain answers when it is done, or at once when asked to', async () => {
  await using admin = await startAdmin()
  expect((await admin.ask('POST', '/api/drain')).json).toEqual({ closed: 3, moved: 0, cut: 1 })
  expect((await admin.post('/api/drain', { route: 'chat' })).json).toEqual({
    route: 'chat',
    closed: 3,
    moved: 0,
    cut: 1,
  })
  expect((await admin.post('/api/drain', { upstream: 'ws://a', wait: false })).status).toBe(202)
  expect(admin.operations.asked).toEqual([undefined, { route: 'chat' }, { upstream: 'ws://a' }])
})

test('a rebalance answers when it is over, or at once when asked to, and can be stopped', async () => {
  await using admin = await startAdmin()
  const usual = { rate: 50, tolerance: 0.05, timeout: 300_000 }
  expect((await admin.post('/api/rebalance', {})).json).toEqual(admin.operations.rebalanced)
  const some = await admin.post('/api/rebalance', { rate: 5, wait: false })
  expect(some).toMatchObject({ status: 202, json: { ...usual, rate: 5 } })
  expect(admin.operations.asked).toEqual([usual, { ...usual, rate: 5 }])
  for (const wrong of [{ rate: 0 }, { rate: 1001 }, { tolerance: 5 }, { timeout: 10 }, { rat: 5 }])
    expect((await admin.post('/api/rebalance', wrong)).status).toBe(400)
  expect((await admin.post('/api/rebalance/stop', {})).status).toBe(404)
  admin.operations.asked.push('stop')
  expect((await admin.post('/api/rebalance/stop', {})).json).toEqual(admin.operations.rebalanced)
})

test('a rebalance that cannot be now is 409, and says why', async () => {
  await using admin = await startAdmin()
  admin.operations.rebalance = () => {
    throw new GatewayError('no_fleet', 'gateway', 'this gateway is alone')
  }
  const answer = await admin.post('/api/rebalance', { wait: false })
  expect(answer).toMatchObject({
    status: 409,
    json: { error: { code: 'no_fleet', message: 'this gateway is alone' } },
  })
})

test('a drain of what does not exist is 404', async () => {
  await using admin = await startAdmin()
  const { status, json } = await admin.post('/api/drain', { route: 'none' })
  expect(status).toBe(404)
  expect(json.error).toEqual({ code: 'not_found', message: "there is no route 'none'" })
})

test('a misspelt key never drains the whole gateway', async () => {
  await using admin = await startAdmin()
  expect((await admin.post('/api/drain', { rout: 'chat' })).status).toBe(400)
  expect(admin.operations.asked).toEqual([])
})

test('a reload says what has changed, or why nothing has', async () => {
  await using admin = await startAdmin()
  const changed = { changes: ['drain changed'], notes: [], drained: 2 }
  expect(await admin.ask('POST', '/api/reload')).toMatchObject({ status: 200, json: changed })
  admin.operations.reloadResult = { ok: false, problems: ['holdfast.yaml:3:5: wrong'] }
  expect(await admin.ask('POST', '/api/reload')).toMatchObject({
    status: 422,
    json: { error: { code: 'not_reloaded', problems: ['holdfast.yaml:3:5: wrong'] } },
  })
})

test('an upgrade that is not possible says why', async () => {
  await using admin = await startAdmin()
  expect(await admin.ask('POST', '/api/upgrade')).toMatchObject({
    status: 422,
    json: { error: { code: 'not_upgraded', message: 'not now' } },
  })
})

test('a connection is closed by its id', async () => {
  await using admin = await startAdmin()
  const close = { code: 4000, reason: 'bye' }
  expect((await admin.post('/api/connections/1-a/close', close)).json).toEqual({ closed: '1-a' })
  expect((await admin.post('/api/connections/1-b/close', { code: 1008 })).status).toBe(404)
  expect(admin.operations.asked).toEqual([
    ['1-a', 4000, 'bye'],
    ['1-b', 1008, ''],
  ])
})

test.each([{}, { code: 1005 }, { code: 999 }, { code: 1000.5 }, { code: 1000, reason: 'é'.repeat(62) }])(
  'a close with %j is refused',
  async (body) => {
    await using admin = await startAdmin()
    expect((await admin.post('/api/connections/1-a/close', body)).status).toBe(400)
    expect(admin.operations.asked).toEqual([])
  },
)

test.each([
  ['POST', '/api/state', 405, 'GET'],
  ['GET', '/api/drain', 405, 'POST'],
  ['PUT', '/healthz', 405, 'GET'],
  ['GET', '/api/connections/1-a/close', 405, 'POST'],
  ['GET', '/nothing', 404, undefined],
  ['GET', '/api/connections//close', 404, undefined],
  ['GET', '/api/connections/..%2f/close', 404, undefined],
])('%s %s is %i', async (method, path, status, allow) => {
  await using admin = await startAdmin()
  const answer = await admin.ask(method, path)
  expect(answer.status).toBe(status)
  expect(answer.headers.allow).toBe(allow)
  expect(answer.json.error?.code).toMatch(/^[a-z_]+$/)
})

test('HEAD answers like GET, without the body', async () => {
  await using admin = await startAdmin()
  expect(await admin.ask('HEAD', '/api/state')).toMatchObject({ status: 200, text: '' })
})

test.each<[string, http.OutgoingHttpHeaders, number]>([
  ['another Host', { host: 'evil.example' }, 403],
  ['another Origin', { origin: 'http://evil.example' }, 403],
  ['a cross-site form', { 'sec-fetch-site': 'cross-site' }, 403],
  ['a text body', { 'content-type': 'text/plain' }, 415],
])('a POST with %s does nothing', async (_, headers, status) => {
  await using admin = await startAdmin()
  const answer = await admin.ask('POST', '/api/drain', headers)
  expect(answer.status).toBe(status)
  expect(answer.json.error?.message).toBeTruthy()
  expect(admin.operations.asked).toEqual([])
})

test('with a token, only its bearer gets in', async () => {
  await using admin = await startAdmin('secret')
  const refused = await admin.ask('GET', '/api/state')
  expect(refused.status).toBe(401)
  expect(refused.headers['www-authenticate']).toMatch(/^Bearer/)
  expect((await admin.ask('GET', '/metrics', { authorization: 'Bearer wrong' })).status).toBe(401)
  expect((await admin.ask('GET', '/api/state', { authorization: 'Bearer secret' })).status).toBe(200)
  admin.server.reconfigure({ host: '127.0.0.1', port: 0, token: 'other' })
  expect((await admin.ask('GET', '/api/state', { authorization: 'Bearer secret' })).status).toBe(401)
})

test('a body of more than 64 KiB is refused', async () => {
  await using admin = await startAdmin()
  expect((await admin.post('/api/drain', { route: 'x'.repeat(64 * 1024) })).status).toBe(413)
  expect((await admin.ask('POST', '/api/drain', { 'content-type': 'application/json' }, '{')).status).toBe(
    400,
  )
  expect(admin.operations.asked).toEqual([])
})

test('a fault of the gateway is 500 without a word about its inside', async () => {
  await using admin = await startAdmin()
  admin.operations.state = async () => {
    throw new Error('/secret/path')
  }
  const { status, text } = await admin.ask('GET', '/api/state')
  expect(status).toBe(500)
  expect(text).not.toContain('secret')
})

test('no answer may be kept or framed', async () => {
  await using admin = await startAdmin()
  expect((await admin.ask('GET', '/api/state')).headers).toMatchObject({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  })
})

test('a watcher gets events as they happen, and those it missed when it comes back', async () => {
  await using admin = await startAdmin()
  admin.operations.events.publish(event('before'))
  const watcher = await admin.watch()
  admin.operations.events.publish(event('during'))
  await eventually('the event', () => watcher.text().includes('\n\nid: 2'))
  expect(watcher.text()).toContain(`id: 2\nevent: close\ndata: ${JSON.stringify(event('during'))}\n\n`)
  expect(watcher.text()).not.toContain('before')
  watcher.close()
  admin.operations.events.publish(event('away'))
  const again = await admin.watch({ 'last-event-id': '1' })
  await eventually('what it missed', () => again.text().includes('"away"'))
  expect(again.text()).toContain('"during"')
  expect(again.text()).not.toContain('"before"')
})

test('a quiet stream has a heartbeat every 15 seconds', async () => {
  await using admin = await startAdmin()
  const watcher = await admin.watch()
  const beats = () => watcher.text().split(': still here\n\n').length - 1
  await eventually('the first beat', () => beats() === 1)
  admin.clock.tick(45_000)
  await eventually('three more', () => beats() === 4)
})

test('there is a limit to watchers, and leaving makes room', async () => {
  await using admin = await startAdmin()
  const watchers = await Promise.all(Array.from({ length: maxWatchers }, () => admin.watch()))
  expect((await admin.ask('GET', '/api/events')).status).toBe(503)
  watchers[0]!.close()
  await eventually('room', async () => {
    const watcher = await admin.watch()
    return watcher.response.statusCode === 200
  })
})

test('a watcher who does not read is cut, and what waited for it goes with it', async () => {
  await using admin = await startAdmin()
  const slow = await rawSocket(admin.server.url)
  slow.pause()
  slow.write(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${admin.port}\r\n\r\n`)
  const { events } = admin.operations
  const watcher = await admin.watch()
  await eventually('both streams beside the frames', () => events.watchers === 3)
  const large = { ...event('large'), reason: 'x'.repeat(64 * 1024) }
  await eventually('the end of one stream', () => {
    events.publish(large)
    return events.watchers === 2
  })
  expect(watcher.ended()).toBe(false)
  watcher.close()
  // What the system had taken still comes; nothing that the gateway kept follows, nor an end that it said.
  const ended = once(slow, 'close')
  let last = ''
  slow.on('error', () => {})
  slow.on('data', (chunk) => {
    last = String(chunk)
  })
  slow.resume()
  await ended
  expect(last).not.toMatch(/\r\n0\r\n\r\n$/)
})

test('closing ends the streams', async () => {
  const admin = await startAdmin()
  const watcher = await admin.watch()
  await admin[Symbol.asyncDispose]()
  await eventually('the end', () => watcher.ended())
})

test('an address that is taken is said so', async () => {
  await using admin = await startAdmin()
  const options = { host: '127.0.0.1', port: admin.port }
  const second = new AdminServer(options, {
    operations: admin.operations,
    log: pino({ level: 'silent' }),
    clock: fakeClock(),
  })
  await expect(second.listen()).rejects.toThrow(
    /the port is taken; stop the other program or choose another port/,
  )
})

test('who knows the token comes in however many strangers hold connections, and watchers stay', async () => {
  await using admin = await startAdmin('secret')
  const authorization = 'Bearer secret'
  const watcher = await admin.watch({ authorization })
  const strangers = await Promise.all(
    Array.from({ length: 300 }, () => rawSocket(`http://127.0.0.1:${admin.port}`)),
  )
  for (const socket of strangers) socket.on('error', () => {}).resume()
  for (const path of ['/api/state', '/metrics'])
    expect((await admin.ask('GET', path, { authorization })).status).toBe(200)
  // The oldest of them have given way.
  await eventually('the first is closed', () => strangers[0]!.closed)
  expect(strangers.filter(({ closed }) => !closed).length).toBeGreaterThan(200)
  admin.operations.events.publish(event('after'))
  await eventually('the watcher is told', () => watcher.text().includes('"after"'))
  watcher.close()
  for (const socket of strangers) socket.destroy()
})
