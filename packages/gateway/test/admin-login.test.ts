import { eventually } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { startAdmin, type TestAdmin } from './test-admin.ts'

const json = { 'content-type': 'application/json' }

function login(admin: TestAdmin, token: string, headers: object = {}) {
  return admin.ask('POST', '/api/login', { ...json, ...headers }, JSON.stringify({ token }))
}

/** What the browser would send back. */
async function cookieOf(admin: TestAdmin, headers: object = {}): Promise<string> {
  const { headers: answered } = await login(admin, 'right', headers)
  return answered['set-cookie']![0]!.split(';')[0]!
}

const origin = (admin: TestAdmin) => ({ origin: `http://127.0.0.1:${admin.port}` })

test('the token opens a session that reads, changes, and ends with the log-out', async () => {
  await using admin = await startAdmin('right')
  const answer = await login(admin, 'right')
  expect(answer.status).toBe(200)
  expect(answer.headers['set-cookie']?.[0]).toMatch(
    /^holdfast_session_\d+=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
  )
  expect(answer.text).not.toContain('right')
  const cookie = answer.headers['set-cookie']![0]!.split(';')[0]!
  expect((await admin.ask('GET', '/api/state', { cookie })).status).toBe(200)
  expect((await admin.ask('POST', '/api/reload', { cookie, ...origin(admin) })).status).toBe(200)
  const out = await admin.ask('POST', '/api/logout', { cookie, ...origin(admin) })
  expect(out.headers['set-cookie']?.[0]).toContain('Max-Age=0')
  expect((await admin.ask('GET', '/api/state', { cookie })).status).toBe(401)
})

test('the page learns whether it has to log in', async () => {
  await using open = await startAdmin()
  expect((await open.ask('GET', '/api/session')).json).toEqual({ login: 'none' })
  await using admin = await startAdmin('right')
  expect((await admin.ask('GET', '/api/session')).json).toEqual({ login: 'needed' })
  const cookie = await cookieOf(admin)
  expect((await admin.ask('GET', '/api/session', { cookie })).json).toEqual({ login: 'done' })
})

test('behind TLS the cookie only goes over TLS', async () => {
  await using admin = await startAdmin('right')
  const { headers } = await login(admin, 'right', { host: 'localhost', origin: 'https://localhost' })
  expect(headers['set-cookie']?.[0]).toMatch(/; Secure$/)
})

test('wrong tokens are slowed down, and the right one is not', async () => {
  await using admin = await startAdmin('right')
  for (let i = 0; i < 5; i++) expect((await login(admin, `wrong${i}`)).status).toBe(401)
  const refused = await login(admin, 'wrong')
  expect(refused).toMatchObject({ status: 429, json: { error: { code: 'too_many_tries' } } })
  expect(refused.headers['retry-after']).toBe('5')
  expect(refused.headers['set-cookie']).toBeUndefined()
  expect((await login(admin, 'right')).status).toBe(200)
  admin.clock.tick(5000)
  expect((await login(admin, 'wrong')).status).toBe(401)
})

test('wrong bearers are slowed down with the log-ins; the right one and a session go on meanwhile', async () => {
  await using admin = await startAdmin('right')
  const cookie = await cookieOf(admin)
  for (let i = 0; i < 5; i++)
    expect((await admin.ask('GET', '/api/state', { authorization: `Bearer wrong${i}` })).status).toBe(401)
  const refused = await admin.ask('GET', '/api/state', { authorization: 'Bearer wrong' })
  expect(refused.status).toBe(429)
  expect((await login(admin, 'wrong')).status).toBe(429)
  expect((await admin.ask('GET', '/api/state', { cookie })).status).toBe(200)
  expect((await admin.ask('GET', '/api/state', { authorization: 'Bearer right' })).status).toBe(200)
  expect((await admin.ask('GET', '/metrics', { authorization: 'Bearer right' })).status).toBe(200)
  expect((await login(admin, 'right')).status).toBe(200)
})

test('a stranger learns nothing but the page and the log-in', async () => {
  await using admin = await startAdmin('right')
  const paths = ['/', '/api/state', '/api/frames', '/api/events', '/api/connections', '/metrics']
  for (const path of paths) expect((await admin.ask('GET', path)).status).toBe(401)
})

test('a session cannot be used by a page of another site or of another port', async () => {
  await using admin = await startAdmin('right')
  const cookie = await cookieOf(admin)
  for (const headers of [
    {},
    { origin: 'http://evil.example' },
    { origin: 'http://127.0.0.1:3000' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', ...origin(admin) },
    { host: 'evil.example', origin: 'http://evil.example' },
  ])
    expect((await admin.ask('POST', '/api/drain', { cookie, ...headers })).status).toBe(403)
  expect(admin.operations.asked).toEqual([])
})

test('a log-in from another site is refused before the token is looked at', async () => {
  await using admin = await startAdmin('right')
  for (let i = 0; i < 10; i++) {
    expect((await login(admin, 'wrong', { origin: 'http://evil.example' })).status).toBe(403)
    expect((await login(admin, 'wrong', { host: 'evil.example' })).status).toBe(403)
  }
  expect((await login(admin, 'right')).status).toBe(200)
})

test('off the loopback, a page under any name may log in and then use its session', async () => {
  await using admin = await startAdmin('right', { host: '0.0.0.0' })
  const host = 'gateway.internal:10120'
  expect((await admin.ask('GET', '/api/state', { host })).status).toBe(403)
  const cookie = await cookieOf(admin, { host, origin: `http://${host}` })
  expect((await admin.ask('GET', '/api/state', { host, cookie })).status).toBe(200)
  expect((await admin.ask('GET', '/api/state', { host: 'evil.example' })).status).toBe(403)
})

test.each(['{}', '{"token":""}', '{"token":1}', '{"token":"a","more":1}', '{', '[]'])(
  'a log-in with %s is a bad request',
  async (body) => {
    await using admin = await startAdmin('right')
    expect((await admin.ask('POST', '/api/login', json, body)).status).toBe(400)
  },
)

test('another token ends all sessions, and their streams with the next word', async () => {
  await using admin = await startAdmin('right')
  const cookie = await cookieOf(admin)
  const watcher = await admin.watch({ cookie })
  expect(watcher.response.statusCode).toBe(200)
  admin.server.reconfigure({ host: '127.0.0.1', port: 0, token: 'other' })
  expect((await admin.ask('GET', '/api/state', { cookie })).status).toBe(401)
  admin.clock.tick(15_000)
  await eventually('the end of the stream', () => watcher.ended())
})

test('a session ends after twelve hours', async () => {
  await using admin = await startAdmin('right')
  const cookie = await cookieOf(admin)
  admin.clock.tick(12 * 3_600_000)
  expect((await admin.ask('GET', '/api/state', { cookie })).status).toBe(401)
})
